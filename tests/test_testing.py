"""The fixtures that other projects use: a fresh cluster for each test, several at once, options by marker."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import CONFIG_MAPS, NODES, PODS
from minikube_lite.testing import LoopThread

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

CONFIG_MAP = {"metadata": {"name": "a"}, "data": {"k": "v"}}
POD = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "example/app"}]}}


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_its_own_cluster(cluster: RunningCluster, turn: int) -> None:
    cluster.create(CONFIG_MAPS, "default", dict(CONFIG_MAP))
    names = [obj["metadata"]["name"] for obj in cluster.list(CONFIG_MAPS, "default")]
    assert names == ["a", "kube-root-ca.crt"]


def test_it_has_three_nodes_and_answers(cluster: RunningCluster) -> None:
    assert len(cluster.list(NODES)) == 3
    with urllib.request.urlopen(f"{cluster.server}/readyz") as answer:
        assert answer.status == 200
    assert cluster.dns.startswith("127.0.0.1:")
    assert cluster.server in cluster.kubeconfig.read_text()


@pytest.mark.minikube_lite(nodes=1, clock="stepped", seed=7)
def test_options_by_marker(cluster: RunningCluster) -> None:
    assert [node["metadata"]["name"] for node in cluster.list(NODES)] == ["node-1"]
    options = cluster.cluster.options
    assert (options.clock, options.seed) == ("stepped", 7)


@pytest.mark.minikube_lite(clock="stepped")
def test_time_is_moved_by_hand(cluster: RunningCluster) -> None:
    now = cluster.cluster.clock.now()
    cluster.settle()
    assert cluster.cluster.clock.now() == now
    cluster.advance("1h30m")
    assert cluster.cluster.clock.now() == now + 5400
    cluster.advance(0.5)
    assert cluster.cluster.clock.now() == now + 5400.5


def test_two_clusters_know_nothing_of_each_other(make_cluster: Callable[..., RunningCluster]) -> None:
    one, other = make_cluster(nodes=1), make_cluster(nodes=2)
    assert one.server != other.server
    assert one.directory != other.directory
    one.create(CONFIG_MAPS, "default", dict(CONFIG_MAP))
    assert (len(one.list(NODES)), len(other.list(NODES))) == (1, 2)
    with pytest.raises(ApiError) as refused:
        other.get(CONFIG_MAPS, "default", "a")
    assert (refused.value.code, refused.value.reason) == (404, "NotFound")


def test_a_pod_runs_while_the_test_blocks(cluster: RunningCluster) -> None:
    """Settling waits for the pod, in real time too."""
    cluster.create(PODS, "default", dict(POD))
    cluster.settle()
    with urllib.request.urlopen(f"{cluster.server}/api/v1/namespaces/default/pods/p") as answer:
        pod = json.load(answer)
    assert pod["status"]["phase"] == "Running"
    patched = cluster.patch(PODS, "default", "p", {"metadata": {"labels": {"a": "b"}}})
    assert patched["metadata"]["labels"] == {"a": "b"}
    cluster.delete(PODS, "default", "p", {"gracePeriodSeconds": 0})
    cluster.settle()
    assert cluster.list(PODS, "default") == []


def test_its_directory_goes_with_it(make_cluster: Callable[..., RunningCluster]) -> None:
    from minikube_lite.testing import RunningCluster

    loop = LoopThread()
    with RunningCluster(loop, nodes=0) as cluster:
        directory = cluster.kubeconfig.parent
        assert directory.is_dir()
    assert not directory.exists()
    loop.close()


@pytest.mark.minikube_lite(nodes=0, serve_api=False, serve_dns=False)
def test_without_doors(cluster: RunningCluster) -> None:
    assert (cluster.server, cluster.dns) == ("", "")
    cluster.create(CONFIG_MAPS, "default", dict(CONFIG_MAP))
