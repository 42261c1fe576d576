"""The scheduler in a control plane: it binds, waits, looks again, and never gives the same room twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikube_lite.controllers.scheduler import Scheduler
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import (
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    SERVICES,
    STORAGE_CLASSES,
)
from minikube_lite.machinery.volumes import BIND_COMPLETED, SELECTED_NODE


async def pod_condition(world: Any, name: str, condition_type: str) -> Any:
    return find_condition(await world.get(PODS, name), condition_type)


async def node_of(world: Any, name: str) -> str:
    return (await world.get(PODS, name))["spec"].get("nodeName", "")


async def test_a_pod_is_bound_and_the_event_says_so(world, new_pod):
    await world.start(Scheduler)
    await world.add_node("node-1")
    await world.create(PODS, new_pod("kubia-0"))
    await world.settle()
    pod = await world.get(PODS, "kubia-0")
    assert pod["spec"]["nodeName"] == "node-1"
    assert (await pod_condition(world, "kubia-0", "PodScheduled"))["status"] == "True"
    assert await world.reported() == [("Normal", "Scheduled", "Successfully assigned default/kubia-0 to node-1")]


async def test_why_a_pod_has_no_node_is_said_once_and_it_gets_one_when_it_can(world, new_pod):
    await world.start(Scheduler)
    await world.add_node("node-1", unschedulable=True)
    await world.create(PODS, new_pod("a"))
    await world.settle()
    text = (
        "0/1 nodes are available: 1 node(s) were unschedulable. no new claims to deallocate, preemption: "
        "0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )
    condition = await pod_condition(world, "a", "PodScheduled")
    assert (condition["status"], condition["reason"], condition["message"]) == ("False", "Unschedulable", text)
    assert await world.reported() == [("Warning", "FailedScheduling", text)]
    before = world.store.revision
    await world.change(PODS, "a", lambda pod: pod["metadata"].update(annotations={"x": "y"}))
    await world.settle()
    assert world.store.revision == before + 1
    await world.change(NODES, "node-1", lambda node: node["spec"].pop("unschedulable"), namespace="")
    await world.settle()
    assert await node_of(world, "a") == "node-1"


@pytest.mark.parametrize(
    "fields",
    [{"schedulerName": "other"}, {"schedulingGates": [{"name": "x.org/wait"}]}],
    ids=["of another scheduler", "gated"],
)
async def test_pods_that_are_not_to_be_scheduled(world, new_pod, fields):
    await world.start(Scheduler)
    await world.add_node("node-1")
    await world.create(PODS, new_pod("a", **fields))
    await world.settle()
    assert await node_of(world, "a") == ""
    if "schedulingGates" in fields:
        await world.change(PODS, "a", lambda pod: pod["spec"].pop("schedulingGates"))
        await world.settle()
        assert await node_of(world, "a") == "node-1"


@pytest.mark.parametrize("happens", ["deleted", "ended"])
async def test_room_that_gets_free_is_given_away_at_once(world, new_pod, happens):
    await world.start(Scheduler)
    await world.add_node("node-1")
    for name in "ab":
        await world.create(PODS, new_pod(name, requests={"cpu": "3"}))
        await world.settle()
    assert [await node_of(world, name) for name in "ab"] == ["node-1", ""]
    if happens == "deleted":
        await world.client.delete(PODS, "default", "a", {"gracePeriodSeconds": 0})
    else:
        await world.report_pod("a", "10.244.0.5", phase="Succeeded", ready=False)
    await world.settle()
    assert await node_of(world, "b") == "node-1"


async def test_pods_of_a_service_are_spread(world, new_pod):
    await world.start(Scheduler)
    await world.create(
        SERVICES, {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    )
    for name in ("node-1", "node-2", "node-3"):
        await world.add_node(name)
    for number in range(6):
        await world.create(PODS, new_pod(f"web-{number}", labels={"app": "web"}))
    await world.settle()
    nodes = [await node_of(world, f"web-{number}") for number in range(6)]
    assert sorted(nodes) == ["node-1", "node-1", "node-2", "node-2", "node-3", "node-3"]


def claim(storage_class: str | None) -> Any:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": "data"}, "spec": {**spec, "storageClassName": storage_class}}


def with_claim(new_pod: Any) -> Any:
    return new_pod("a", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])


async def bind_claim(world: Any, volume: str) -> None:
    def bound(obj: Any) -> None:
        obj["spec"]["volumeName"] = volume
        obj["metadata"].setdefault("annotations", {})[BIND_COMPLETED] = "yes"

    await world.change(PERSISTENT_VOLUME_CLAIMS, "data", bound)


async def test_a_pod_waits_for_its_claim(world, new_pod):
    await world.start(Scheduler)
    await world.add_node("node-1")
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim(""))
    await world.create(PODS, with_claim(new_pod))
    await world.settle()
    text = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    assert await world.reported() == [("Warning", "FailedScheduling", text)]
    await world.create(PERSISTENT_VOLUMES, volume("pv"), "")
    await bind_claim(world, "pv")
    await world.settle()
    assert await node_of(world, "a") == "node-1"


def volume(name: str, storage_class: str = "", **spec: Any) -> Any:
    own = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": storage_class}
    return {"metadata": {"name": name}, "spec": {**own, "hostPath": {"path": "/x"}, **spec}}


async def test_a_claim_that_waits_gets_its_node_and_the_pod_follows_once_it_is_bound(world, new_pod):
    await world.start(Scheduler)
    await world.add_node("node-1")
    later = {"metadata": {"name": "later"}, "provisioner": "x.org/y", "volumeBindingMode": "WaitForFirstConsumer"}
    await world.create(STORAGE_CLASSES, later, "")
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("later"))
    await world.create(PODS, with_claim(new_pod))
    await world.settle()
    found = await world.get(PERSISTENT_VOLUME_CLAIMS, "data")
    assert found["metadata"]["annotations"][SELECTED_NODE] == "node-1"
    assert await node_of(world, "a") == ""
    await world.create(PERSISTENT_VOLUMES, volume("pv", "later"), "")
    await bind_claim(world, "pv")
    await world.settle()
    assert await node_of(world, "a") == "node-1"


async def test_a_free_volume_is_reserved_for_a_claim_that_waits(world, new_pod):
    await world.start(Scheduler)
    await world.add_node("node-1")
    await world.add_node("node-2")
    provisioner = "kubernetes.io/no-provisioner"
    later = {"metadata": {"name": "later"}, "provisioner": provisioner, "volumeBindingMode": "WaitForFirstConsumer"}
    await world.create(STORAGE_CLASSES, later, "")
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-2"]}]}
    await world.create(
        PERSISTENT_VOLUMES, volume("pv", "later", nodeAffinity={"required": {"nodeSelectorTerms": [term]}}), ""
    )
    await world.change(
        PERSISTENT_VOLUMES,
        "pv",
        lambda obj: obj.update(status={"phase": "Available"}),
        namespace="",
        subresource="status",
    )
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("later"))
    await world.create(PODS, with_claim(new_pod))
    await world.settle()
    assert (await world.get(PERSISTENT_VOLUMES, "pv", ""))["spec"]["claimRef"]["name"] == "data"
    assert await node_of(world, "a") == ""
    await bind_claim(world, "pv")
    await world.settle()
    assert await node_of(world, "a") == "node-2"


async def test_a_node_that_the_provisioner_refuses_is_given_up(world, new_pod):
    await world.start(Scheduler)
    await world.add_node("node-1")
    later = {"metadata": {"name": "later"}, "provisioner": "x.org/y", "volumeBindingMode": "WaitForFirstConsumer"}
    await world.create(STORAGE_CLASSES, later, "")
    await world.create(PERSISTENT_VOLUME_CLAIMS, claim("later"))
    await world.create(PODS, with_claim(new_pod))
    await world.settle()
    await world.add_node("node-2")
    await world.change(NODES, "node-1", lambda node: node["spec"].update(unschedulable=True), namespace="")
    await world.change(PERSISTENT_VOLUME_CLAIMS, "data", lambda obj: obj["metadata"]["annotations"].pop(SELECTED_NODE))
    await world.settle()
    found = await world.get(PERSISTENT_VOLUME_CLAIMS, "data")
    assert found["metadata"]["annotations"][SELECTED_NODE] == "node-2"


async def test_the_same_seed_gives_the_same_nodes(make_world, new_pod):
    chosen = []
    for _ in range(2):
        world = make_world()
        await world.start(Scheduler)
        for name in ("node-1", "node-2", "node-3"):
            await world.add_node(name)
        for number in range(9):
            await world.create(PODS, new_pod(f"a-{number}"))
        await world.settle()
        chosen.append([await node_of(world, f"a-{number}") for number in range(9)])
    assert chosen[0] == chosen[1]


async def check_room(world: Any, *, settled: bool) -> None:
    """No node has more than it offers; and none that has room is left empty."""
    used: dict[str, int] = {}
    waiting = []
    for pod in await world.items(PODS):
        cpu = int(pod["spec"]["containers"][0]["resources"]["requests"]["cpu"])
        node = pod["spec"].get("nodeName")
        if node:
            used[node] = used.get(node, 0) + cpu
        else:
            waiting.append(cpu)
    assert all(cpu <= 4 for cpu in used.values())
    if settled and waiting:
        assert all(used.get(node["metadata"]["name"], 0) + min(waiting) > 4 for node in await world.items(NODES))


STEPS = st.lists(st.tuples(st.sampled_from(["create", "delete", "settle", "node"]), st.integers(1, 4)), max_size=25)


@settings(max_examples=40)
@given(steps=STEPS, nth=st.integers(0, 8), lost=st.booleans())
def test_no_node_is_ever_overcommitted(run_world, new_pod, steps, nth, lost):
    async def scenario(world: Any) -> None:
        await world.start(Scheduler)
        world.failures.nth, world.failures.takes_effect = nth, lost
        await world.add_node("node-1")
        names: list[str] = []
        for position, (step, number) in enumerate(steps):
            if step == "create":
                names.append(f"pod-{position}")
                await world.create(PODS, new_pod(names[-1], requests={"cpu": str(number)}))
            elif step == "delete" and names:
                name = names.pop(number % len(names))
                await world.client.delete(PODS, "default", name, {"gracePeriodSeconds": 0})
            elif step == "node":
                await world.add_node(f"node-{position + 2}")
            elif step == "settle":
                await world.settle()
            await check_room(world, settled=False)
        await world.settle()
        await check_room(world, settled=True)

    run_world(scenario)
