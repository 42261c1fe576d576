"""Instances: what really runs, as objects that nobody but the emulator writes, and the alarm when two of one name run."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.lab.witness import NAME_LENGTH_MAX, instance_name
from minikube_lite.machinery.instances import Instance
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import EVENTS, INSTANCES, PODS, STATEFUL_SETS

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(clock="stepped", serve_dns=False, seed=4)

SPEC = {"containers": [{"name": "main", "image": "quiet"}, {"name": "side", "image": "quiet"}]}

LABELS = {"app": "web"}
SET = {
    "metadata": {"name": "web"},
    "spec": {
        "serviceName": "web",
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": SPEC},
    },
}


@pytest.fixture
def web(cluster: RunningCluster) -> RunningCluster:
    """A cluster with a StatefulSet of one pod."""
    cluster.create(STATEFUL_SETS, "default", SET)
    cluster.settle()
    return cluster


def alarms(cluster: RunningCluster) -> list[tuple[str, str, str]]:
    return [
        (event["type"], event["reason"], event["involvedObject"]["kind"])
        for event in cluster.list(EVENTS)
        if event["source"]["component"] == "minikube-lite"
    ]


def alone(obj: Any) -> str:
    condition = find_condition(obj, "AtMostOne")
    assert condition is not None
    return str(condition["status"])


def test_they_come_and_go_with_what_runs(cluster: RunningCluster) -> None:
    cluster.create(PODS, "default", {"metadata": {"name": "one"}, "spec": SPEC})
    cluster.settle()
    pod = cluster.get(PODS, "default", "one")
    [instance] = cluster.list(INSTANCES)
    status = instance["status"]
    assert instance["metadata"]["name"] == f"default.one.{pod['metadata']['uid'][:8]}"
    assert (status["pod"], status["uid"], status["ip"]) == ("one", pod["metadata"]["uid"], pod["status"]["podIP"])
    told = {one["name"]: one["containerID"] for one in pod["status"]["containerStatuses"]}
    assert {one["name"]: one["id"] for one in status["containers"]} == told
    assert "conditions" not in status, "names of pods of one's own mean nothing"
    cluster.delete(PODS, "default", "one")
    cluster.settle()
    assert cluster.list(INSTANCES) == []


def test_a_pod_that_a_set_adopts_is_watched_from_then_on(cluster: RunningCluster) -> None:
    cluster.create(PODS, "default", {"metadata": {"name": "web-0", "labels": LABELS}, "spec": SPEC})
    [before] = cluster.list(INSTANCES)
    cluster.create(STATEFUL_SETS, "default", SET)
    [after] = cluster.list(INSTANCES)
    assert (before["status"].get("owner"), after["status"]["owner"]) == (None, "StatefulSet/web")
    assert alone(after) == "True"
    cluster.delete(STATEFUL_SETS, "default", "web", {"propagationPolicy": "Orphan"})
    [orphan] = cluster.list(INSTANCES)
    assert alone(orphan) == "True", "whoever was of a set still has its name"


def test_two_of_one_name(web: RunningCluster) -> None:
    pod = web.get(PODS, "default", "web-0")
    node = pod["spec"]["nodeName"]
    assert [alone(one) for one in web.list(INSTANCES)] == ["True"]
    web.cut(node)
    web.advance(400)
    assert ([alone(one) for one in web.list(INSTANCES)], alarms(web)) == (["True"], [])
    web.delete(PODS, "default", "web-0", {"gracePeriodSeconds": 0})
    web.settle()
    assert [alone(one) for one in web.list(INSTANCES)] == ["False", "False"]
    two = [("Warning", "MoreThanOneInstance", kind) for kind in ("Pod", "StatefulSet")]
    assert alarms(web) == two
    web.heal(node)
    web.settle()
    assert [alone(one) for one in web.list(INSTANCES)] == ["True"]
    assert sorted(alarms(web)) == sorted([*two, *(("Normal", "OneInstance", kind) for kind in ("Pod", "StatefulSet"))])


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_nobody_else_writes_them(web: RunningCluster, method: str) -> None:
    [instance] = web.list(INSTANCES)
    path = "/apis/lab.minikube-lite.io/v1alpha1/instances"
    url = web.server + path + (f"/{instance['metadata']['name']}" if method == "DELETE" else "")
    request = urllib.request.Request(url, b"{}", {"Content-Type": "application/json"}, method=method)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert json.load(caught.value)["reason"] == "MethodNotAllowed"


def test_a_table_of_them(web: RunningCluster) -> None:
    request = urllib.request.Request(
        f"{web.server}/apis/lab.minikube-lite.io/v1alpha1/instances",
        headers={"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"},
    )
    with urllib.request.urlopen(request) as answer:
        table = json.load(answer)
    headings = [column["name"] for column in table["columnDefinitions"] if not column["priority"]]
    assert headings == ["Name", "Namespace", "Pod", "Node", "At Most One", "Age"]
    assert table["rows"][0]["cells"][1:3] == ["default", "web-0"]
    assert table["rows"][0]["cells"][4] == "True"


def test_names_fit() -> None:
    long = Instance("node-1", "n" * 63, "p" * 253, "0123456789", "main", "id", "", 0.0)
    assert len(instance_name(long)) == NAME_LENGTH_MAX
    assert instance_name(long).endswith("p.01234567")
