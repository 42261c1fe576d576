"""Nodes that are lost in a whole cluster: one, most, all, for ever, called off, deleted, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import DEPLOYMENTS, NODES, PODS, STATEFUL_SETS

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(clock="stepped", seed=5, serve_api=False, serve_dns=False, detect_mutation=True)

LOST_SECONDS = 70
EVICTED_SECONDS = 400
OUT_OF_SERVICE = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}


def workload(cluster: RunningCluster, resource: Any, replicas: int = 3) -> None:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "quiet"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    if resource is STATEFUL_SETS:
        spec["serviceName"] = "web"
    cluster.create(resource, "default", {"metadata": {"name": "web"}, "spec": spec})
    cluster.settle()


def pods_by_node(cluster: RunningCluster) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pod in cluster.list(PODS, "default"):
        state = "deleting" if "deletionTimestamp" in pod["metadata"] else pod["status"]["phase"]
        found.setdefault(pod["spec"].get("nodeName", ""), []).append(state)
    return found


def no_execute(cluster: RunningCluster) -> list[str]:
    return [
        node["metadata"]["name"]
        for node in cluster.list(NODES)
        if any(taint["effect"] == "NoExecute" for taint in node["spec"].get("taints") or ())
    ]


def ready(cluster: RunningCluster) -> list[str]:
    conditions = (find_condition(node, "Ready") for node in cluster.list(NODES))
    return [str(condition["status"]) for condition in conditions if condition]


def test_a_deployment_is_replaced_and_what_was_lost_waits(cluster: RunningCluster) -> None:
    workload(cluster, DEPLOYMENTS)
    cluster.cut("node-2")
    cluster.advance(EVICTED_SECONDS)
    found = pods_by_node(cluster)
    assert found.pop("node-2") == ["deleting"]
    assert sorted(state for states in found.values() for state in states) == ["Running"] * 3
    cluster.heal("node-2")
    cluster.settle()
    assert "node-2" not in pods_by_node(cluster)
    assert ready(cluster) == ["True"] * 3


def test_where_all_are_lost_nothing_is_evicted(cluster: RunningCluster) -> None:
    workload(cluster, STATEFUL_SETS)
    with cluster.fault(node={"name": "*", "type": "Cut"}):
        cluster.advance(2 * EVICTED_SECONDS)
        assert (ready(cluster), no_execute(cluster)) == (["Unknown"] * 3, [])
        assert pods_by_node(cluster) == {f"node-{number}": ["Running"] for number in (1, 2, 3)}
    cluster.settle()
    assert ready(cluster) == ["True"] * 3


@pytest.mark.minikube_lite(nodes=5, clock="stepped", seed=5, serve_api=False, serve_dns=False)
def test_where_most_of_a_small_zone_are_lost_nothing_is_evicted(cluster: RunningCluster) -> None:
    workload(cluster, STATEFUL_SETS, 5)
    for number in (1, 2, 3):
        cluster.cut(f"node-{number}")
    cluster.advance(LOST_SECONDS)
    tainted = no_execute(cluster)
    assert len(tainted) <= 1, "at the first look at least one is lost before the others"
    cluster.advance(EVICTED_SECONDS)
    assert no_execute(cluster) == tainted
    for number in (1, 2, 3):
        cluster.heal(f"node-{number}")
    cluster.settle()
    cluster.advance(10)
    assert (ready(cluster), no_execute(cluster)) == (["True"] * 5, [])


def test_a_node_that_is_called_off_gives_up_its_pods(cluster: RunningCluster) -> None:
    workload(cluster, STATEFUL_SETS)
    cluster.cut("node-2")
    cluster.advance(LOST_SECONDS)
    cluster.patch(
        NODES, "", "node-2", {"spec": {"taints": [*cluster.get(NODES, "", "node-2")["spec"]["taints"], OUT_OF_SERVICE]}}
    )
    cluster.advance(25)
    found = pods_by_node(cluster)
    assert ("node-2" in found, sorted(state for states in found.values() for state in states)) == (
        False, ["Running"] * 3,
    )  # fmt: skip


def test_a_node_that_is_deleted_loses_its_pods_after_a_while(cluster: RunningCluster) -> None:
    workload(cluster, STATEFUL_SETS)
    cluster.cut("node-2")
    cluster.advance(LOST_SECONDS)
    cluster.delete(NODES, "", "node-2")
    cluster.advance(30)
    assert pods_by_node(cluster)["node-2"] == ["Running"]
    cluster.advance(60)
    found = pods_by_node(cluster)
    assert ("node-2" in found, sorted(state for states in found.values() for state in states)) == (
        False, ["Running"] * 3,
    )  # fmt: skip


@pytest.mark.minikube_lite(
    clock="stepped", seed=5, serve_api=False, serve_dns=False, pod_eviction_timeout="1m",
    default_not_ready_toleration_seconds=7,
)  # fmt: skip
def test_the_eviction_timeout_is_the_tolerations_of_new_pods(cluster: RunningCluster) -> None:
    workload(cluster, STATEFUL_SETS, 1)
    [pod] = cluster.list(PODS, "default")
    seconds = {one["key"]: one["tolerationSeconds"] for one in pod["spec"]["tolerations"]}
    assert seconds == {"node.kubernetes.io/not-ready": 7, "node.kubernetes.io/unreachable": 60}
    cluster.cut(pod["spec"]["nodeName"])
    cluster.advance(LOST_SECONDS + 70)
    assert pods_by_node(cluster) == {pod["spec"]["nodeName"]: ["deleting"]}


@pytest.mark.minikube_lite(clock="stepped", seed=5, serve_api=False, serve_dns=False, lost_pod_status="Unknown")
def test_a_lost_pod_says_so_until_its_kubelet_is_back(cluster: RunningCluster) -> None:
    workload(cluster, STATEFUL_SETS, 1)
    [pod] = cluster.list(PODS, "default")
    cluster.cut(pod["spec"]["nodeName"])
    cluster.advance(LOST_SECONDS)
    [lost] = cluster.list(PODS, "default")
    assert (lost["status"]["reason"], lost["status"]["phase"]) == ("NodeLost", "Running")
    cluster.heal(pod["spec"]["nodeName"])
    cluster.settle()
    [back] = cluster.list(PODS, "default")
    assert ("reason" in back["status"], "message" in back["status"]) == (False, False)
