"""Nodes that reboot, are slow, or run out of something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import EVENTS, NODES, PODS

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(clock="stepped", nodes=2, serve_api=False, serve_dns=False)

CPU = {"resources": {"requests": {"cpu": "100m"}}}


def run(cluster: RunningCluster, name: str, node: str = "node-1", **spec: Any) -> None:
    containers = spec.pop("containers", None) or [{"name": "main", "image": "quiet"}]
    body = {"containers": containers, "nodeName": node, **spec}
    cluster.create(PODS, "default", {"metadata": {"name": name}, "spec": body})
    cluster.settle()


def status(cluster: RunningCluster, name: str) -> Any:
    cluster.settle()
    return cluster.get(PODS, "default", name)["status"]


def condition(cluster: RunningCluster, name: str, node: str = "node-1") -> str:
    cluster.settle()
    found = find_condition(cluster.get(NODES, "", node), name)
    assert found is not None
    return str(found["status"])


def told(cluster: RunningCluster, about: str) -> list[tuple[str, str]]:
    cluster.settle()
    events = sorted(cluster.list(EVENTS, "default"), key=lambda event: int(event["metadata"]["resourceVersion"]))
    return [(event["reason"], event["message"]) for event in events if event["involvedObject"]["name"] == about]


def taints(cluster: RunningCluster) -> set[str]:
    return {taint["key"] for taint in cluster.get(NODES, "", "node-1")["spec"].get("taints") or ()}


def phases(cluster: RunningCluster) -> dict[str, str]:
    cluster.settle()
    return {pod["metadata"]["name"]: pod["status"]["phase"] for pod in cluster.list(PODS, "default")}


def test_memory_pressure_evicts_best_effort_pods_first(cluster: RunningCluster) -> None:
    run(cluster, "burstable", containers=[{"name": "main", "image": "quiet", **CPU}])
    run(cluster, "old")
    cluster.advance(5)
    run(cluster, "young")
    with cluster.fault(node={"name": "node-1", "type": "MemoryPressure"}):
        assert condition(cluster, "MemoryPressure") == "True"
        assert "node.kubernetes.io/memory-pressure" in taints(cluster)
        assert phases(cluster) == {"burstable": "Running", "old": "Running", "young": "Failed"}
        evicted = status(cluster, "young")
        assert evicted["reason"] == "Evicted"
        assert evicted["message"].startswith("The node was low on resource: memory. Threshold quantity: 100Mi")
        disrupted = find_condition({"status": evicted}, "DisruptionTarget")
        assert disrupted is not None
        assert (disrupted["status"], disrupted["reason"]) == ("True", "TerminationByKubelet")
        assert ("Evicted", evicted["message"]) in told(cluster, "young")
        run(cluster, "late")
        refused = status(cluster, "late")
        assert (refused["phase"], refused["reason"]) == ("Failed", "Evicted")
        assert refused["message"] == "Pod was rejected: The node had condition: [MemoryPressure]. "
        cluster.advance(10)
        assert phases(cluster)["old"] == "Failed"
        assert phases(cluster)["burstable"] == "Running"
        cluster.advance(10)
        assert phases(cluster)["burstable"] == "Failed"
    events = told(cluster, "node-1")
    assert ("EvictionThresholdMet", "Attempting to reclaim memory") in events
    assert ("NodeHasInsufficientMemory", "Node node-1 status is now: NodeHasInsufficientMemory") in events
    cluster.advance(290)
    assert condition(cluster, "MemoryPressure") == "True"
    cluster.advance(20)
    assert condition(cluster, "MemoryPressure") == "False"
    assert taints(cluster) == set()
    assert told(cluster, "node-1")[-1][0] == "NodeHasSufficientMemory"
    run(cluster, "after")
    assert phases(cluster)["after"] == "Running"


@pytest.mark.parametrize(
    ("pressure", "resource", "taint"),
    [("DiskPressure", "ephemeral-storage", "disk-pressure"), ("PIDPressure", "pids", "pid-pressure")],
)
def test_other_pressures_refuse_everybody(cluster: RunningCluster, pressure: str, resource: str, taint: str) -> None:
    run(cluster, "there", containers=[{"name": "main", "image": "quiet", **CPU}])
    with cluster.fault(node={"name": "node-1", "type": pressure}):
        assert status(cluster, "there")["message"].startswith(f"The node was low on resource: {resource}.")
        run(cluster, "late", containers=[{"name": "main", "image": "quiet", **CPU}])
        assert status(cluster, "late")["message"].endswith(f"The node had condition: [{pressure}]. ")
        assert taints(cluster) == {f"node.kubernetes.io/{taint}"}


def test_a_reboot(cluster: RunningCluster) -> None:
    volumes = [{"name": "disk", "emptyDir": {}}, {"name": "memory", "emptyDir": {"medium": "Memory"}}]
    mounts = [{"name": name, "mountPath": f"/{name}"} for name in ("disk", "memory")]
    write = "for one in disk memory; do echo x >> /$one/runs; wc -l < /$one/runs >> /dev/termination-log; done"
    run(
        cluster,
        "web",
        volumes=volumes,
        initContainers=[{"name": "init", "image": "busybox", "command": ["sh", "-c", write], "volumeMounts": mounts}],
    )
    run(cluster, "once", restartPolicy="Never")
    before, node = status(cluster, "web"), cluster.get(NODES, "", "node-1")
    assert before["phase"] == "Running"
    with cluster.fault(node={"name": "node-1", "type": "Reboot", "delaySeconds": 60}):
        cluster.advance(55)
        assert condition(cluster, "Ready") == "Unknown"
        cluster.advance(10)
        after = status(cluster, "web")
    assert condition(cluster, "Ready") == "True"
    assert cluster.get(NODES, "", "node-1")["status"]["nodeInfo"]["bootID"] != node["status"]["nodeInfo"]["bootID"]
    assert any(reason == "Rebooted" for reason, _ in told(cluster, "node-1"))
    [main], [init] = after["containerStatuses"], after["initContainerStatuses"]
    assert (main["restartCount"], main["ready"], init["restartCount"]) == (1, True, 1)
    ended = main["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (255, "Unknown")
    assert init["state"]["terminated"]["message"].split() == ["2", "1"]  # what lay in memory is lost
    assert after["podIP"]
    once = status(cluster, "once")
    assert (once["phase"], once["containerStatuses"][0]["state"]["terminated"]["exitCode"]) == ("Failed", 255)


def test_a_slow_node(cluster: RunningCluster) -> None:
    with cluster.fault(node={"name": "node-1", "type": "Slow", "delaySeconds": 20}):
        run(cluster, "slow")
        run(cluster, "quick", "node-2")
        assert phases(cluster) == {"slow": "Pending", "quick": "Running"}
        cluster.advance(39)
        assert phases(cluster)["slow"] == "Pending"
        cluster.advance(1)
        assert phases(cluster)["slow"] == "Running"
    run(cluster, "again")
    assert phases(cluster)["again"] == "Running"
