"""Nodes come, are lost, return and go; the distances in time are upstream's."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.nodelifecycle import NodeLifecycleController
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import LEASES, NODES, PODS

TAINT_SECONDS = 0.1
"""How long after a look at all nodes their NoExecute taints come."""
UNREACHABLE, NOT_READY = "node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"


async def renew(world: Any, name: str) -> None:
    """A heartbeat of a node's kubelet."""
    spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": world.clock.micro_timestamp()}
    if await world.get(LEASES, name, "kube-node-lease") is None:
        await world.create(LEASES, {"metadata": {"name": name}, "spec": spec}, "kube-node-lease")
    else:
        await world.change(LEASES, name, lambda obj: obj.update(spec=spec), namespace="kube-node-lease")


async def pass_time(world: Any, seconds: int, *alive: str) -> None:
    """Time passes in which these nodes are heard of."""
    for _ in range(seconds // 5):
        for name in alive:
            await renew(world, name)
        await world.advance(5)
    await world.advance(TAINT_SECONDS)


async def taints(world: Any, name: str) -> list[str]:
    node = await world.get(NODES, name, "")
    return sorted(f"{taint['key'].rpartition('/')[2]}:{taint['effect']}" for taint in node["spec"].get("taints") or ())


async def pod_condition(world: Any, name: str, condition_type: str) -> Any:
    return find_condition(await world.get(PODS, name), condition_type)


async def ready(world: Any, name: str) -> Any:
    return find_condition(await world.get(NODES, name, ""), "Ready")


async def three_nodes(world: Any) -> None:
    await world.start(NodeLifecycleController)
    for number in (1, 2, 3):
        await world.add_node(f"node-{number}")
    await world.settle()


async def test_a_node_is_registered_and_loses_the_taint_of_its_birth(world):
    await world.start(NodeLifecycleController)
    await world.create(NODES, {"metadata": {"name": "node-1", "labels": {"kubernetes.io/os": "linux"}}}, "")
    await world.settle()
    assert await taints(world, "node-1") == []
    assert (await world.get(NODES, "node-1", ""))["metadata"]["labels"]["beta.kubernetes.io/os"] == "linux"
    text = "Node node-1 event: Registered Node node-1 in Controller"
    assert await world.reported() == [("Normal", "RegisteredNode", text)]
    await world.client.delete(NODES, "", "node-1")
    await pass_time(world, 5)
    assert (await world.reported())[1:] == [
        ("Normal", "RemovingNode", "Node node-1 event: Removing Node node-1 from Controller")
    ]


async def test_a_node_that_is_cordoned_is_tainted(world):
    await three_nodes(world)
    await world.change(NODES, "node-1", lambda node: node["spec"].update(unschedulable=True), namespace="")
    await world.settle()
    assert await taints(world, "node-1") == ["unschedulable:NoSchedule"]
    await world.change(NODES, "node-1", lambda node: node["spec"].pop("unschedulable"), namespace="")
    await world.settle()
    assert await taints(world, "node-1") == []


async def test_nothing_is_written_while_all_is_well(world):
    await three_nodes(world)
    names = ("node-1", "node-2", "node-3")
    await pass_time(world, 10, *names)
    before = world.store.revision
    await pass_time(world, 600, *names)
    assert world.store.revision == before + 120 * 3


async def test_a_node_that_is_lost_and_returns(world):
    await three_nodes(world)
    names = ("node-1", "node-2", "node-3")
    await pass_time(world, 20, *names)
    await world.run_pod("kubia-0", "10.244.0.5")
    await pass_time(world, 50, *names[1:])
    assert (await ready(world, "node-1"))["status"] == "True"
    await pass_time(world, 5, *names[1:])
    condition = await ready(world, "node-1")
    assert (condition["status"], condition["reason"]) == ("Unknown", "NodeStatusUnknown")
    assert await taints(world, "node-1") == ["unreachable:NoExecute", "unreachable:NoSchedule"]
    assert (await pod_condition(world, "kubia-0", "Ready"))["status"] == "False"
    assert (await world.reported())[3:] == [
        ("Normal", "NodeNotReady", "Node node-1 status is now: NodeNotReady"),
        ("Warning", "NodeNotReady", "Node is not ready"),
    ]
    await world.run_pod("late", "10.244.0.6")
    await world.settle()
    assert (await pod_condition(world, "late", "Ready"))["status"] == "False"
    await report_ready(world, "node-1")
    await world.settle()
    assert await taints(world, "node-1") == ["unreachable:NoExecute"]
    await pass_time(world, 5, *names)
    assert await taints(world, "node-1") == []


async def report_ready(world: Any, name: str, status: str = "True") -> None:
    def report(node: Any) -> None:
        now = world.clock.timestamp()
        reason = "KubeletReady" if status == "True" else "KubeletNotReady"
        times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
        others = [item for item in node["status"]["conditions"] if item["type"] != "Ready"]
        node["status"]["conditions"] = [*others, {"type": "Ready", "status": status, "reason": reason, **times}]

    await world.change(NODES, name, report, namespace="", subresource="status")


async def test_taints_are_swapped_with_the_condition(world):
    await three_nodes(world)
    names = ("node-1", "node-2", "node-3")
    await pass_time(world, 10, *names)
    await report_ready(world, "node-1", "False")
    await pass_time(world, 5, *names)
    assert await taints(world, "node-1") == ["not-ready:NoExecute", "not-ready:NoSchedule"]
    await pass_time(world, 60, *names[1:])
    assert await taints(world, "node-1") == ["unreachable:NoExecute", "unreachable:NoSchedule"]


async def test_two_lost_nodes_of_three_are_tainted_ten_seconds_apart(world):
    await three_nodes(world)
    await pass_time(world, 10, "node-1", "node-2", "node-3")
    await pass_time(world, 55, "node-3")
    assert [(await ready(world, name))["status"] for name in ("node-1", "node-2")] == ["Unknown", "Unknown"]
    assert "unreachable:NoExecute" in await taints(world, "node-1")
    assert "unreachable:NoExecute" not in await taints(world, "node-2")
    await pass_time(world, 10, "node-3")
    assert "unreachable:NoExecute" in await taints(world, "node-2")


@pytest.mark.parametrize("nodes", [1, 3])
async def test_where_all_nodes_are_lost_no_pod_has_to_leave(world, nodes):
    await world.start(NodeLifecycleController)
    names = [f"node-{number + 1}" for number in range(nodes)]
    for name in names:
        await world.add_node(name)
    await pass_time(world, 10, *names)
    await pass_time(world, 300)
    for name in names:
        assert (await ready(world, name))["status"] == "Unknown"
        assert await taints(world, name) == ["unreachable:NoSchedule"]


async def test_a_kubelet_that_never_reports_has_a_minute(world):
    await world.start(NodeLifecycleController)
    await world.create(NODES, {"metadata": {"name": "node-1"}}, "")
    await pass_time(world, 60)
    assert await ready(world, "node-1") is None
    await pass_time(world, 5)
    assert (await ready(world, "node-1"))["reason"] == "NodeStatusNeverUpdated"


async def test_options_set_the_period_and_the_grace(make_world):
    world = make_world(node_monitor_period=1.0, node_monitor_grace_period=10.0)
    await world.start(NodeLifecycleController)
    await world.add_node("node-1")
    await world.add_node("node-2")
    await world.advance(2)
    await world.advance(10)
    assert (await ready(world, "node-1"))["status"] == "Unknown"


@pytest.mark.parametrize("nth", range(1, 8))
@pytest.mark.parametrize("lost", [False, True])
async def test_a_write_that_fails_is_made_again(world, nth, lost):
    await three_nodes(world)
    await pass_time(world, 10, "node-1", "node-2", "node-3")
    await world.run_pod("kubia-0", "10.244.0.5")
    world.failures.nth, world.failures.takes_effect, world.failures.count = nth, lost, 0
    await pass_time(world, 70, "node-2", "node-3")
    assert await taints(world, "node-1") == ["unreachable:NoExecute", "unreachable:NoSchedule"]
    assert (await pod_condition(world, "kubia-0", "Ready"))["status"] == "False"
    assert (await world.reported(reason="NodeNotReady"))[0][2] == "Node node-1 status is now: NodeNotReady"
