"""The controllers of Services' endpoints in a control plane: slices and Endpoints always come to say what the pods say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikube_lite.controllers.endpoints import EndpointsController
from minikube_lite.controllers.endpoints.subsets import desired_subsets
from minikube_lite.controllers.endpointslice import EndpointSliceController
from minikube_lite.controllers.endpointslice.desired import desired_groups
from minikube_lite.machinery.resources import ENDPOINT_SLICES, ENDPOINTS, NODES, PODS, SERVICES

SERVICE = {
    "metadata": {"name": "web", "labels": {"tier": "front"}},
    "spec": {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}]},
}
BOTH = (EndpointSliceController, EndpointsController)


async def slice_of(world: Any) -> Any:
    (obj,) = await world.items(ENDPOINT_SLICES)
    return obj


async def shown(world: Any) -> dict[str, tuple[bool, bool, bool]]:
    return {
        endpoint["targetRef"]["name"]: tuple(
            endpoint["conditions"][part] for part in ("ready", "serving", "terminating")
        )
        for obj in await world.items(ENDPOINT_SLICES)
        for endpoint in obj["endpoints"] or ()
    }


async def check_settled(world: Any) -> None:
    """Slices and Endpoints equal what the pure functions say."""
    pods = sorted(await world.items(PODS), key=lambda pod: pod["metadata"]["name"])
    pods = [pod for pod in pods if (pod["metadata"].get("labels") or {}).get("app") == "web"]
    zones = {node["metadata"]["name"]: "" for node in await world.items(NODES)}
    for service in await world.items(SERVICES):
        wanted = [item for group in desired_groups(service, pods, zones).values() for item in group.endpoints]
        found = [item for obj in await world.items(ENDPOINT_SLICES) for item in obj["endpoints"] or ()]
        order = lambda item: item["targetRef"]["name"]  # noqa: E731
        assert sorted(found, key=order) == sorted(wanted, key=order)
        endpoints = await world.get(ENDPOINTS, service["metadata"]["name"])
        assert (endpoints.get("subsets") or []) == desired_subsets(service, pods)


async def test_a_pod_comes_gets_ready_terminates_and_goes(world):
    await world.start(*BOTH)
    await world.add_node("node-1")
    await world.create(SERVICES, SERVICE)
    await world.settle()
    placeholder = await slice_of(world)
    assert placeholder["endpoints"] is None
    await world.run_pod("web-0", "10.244.0.5", ready=False, labels={"app": "web"})
    await world.settle()
    assert await shown(world) == {"web-0": (False, False, False)}
    assert (await world.get(ENDPOINTS, "web"))["subsets"][0]["notReadyAddresses"][0]["ip"] == "10.244.0.5"
    await world.report_pod("web-0", "10.244.0.5")
    await world.settle()
    assert await shown(world) == {"web-0": (True, True, False)}
    await world.client.delete(PODS, "default", "web-0")
    await world.settle()
    assert await shown(world) == {"web-0": (False, True, True)}
    assert not (await world.get(ENDPOINTS, "web")).get("subsets")
    await world.client.delete(PODS, "default", "web-0", {"gracePeriodSeconds": 0})
    await world.settle()
    assert await shown(world) == {}
    assert (await slice_of(world))["metadata"]["name"] == placeholder["metadata"]["name"]


async def test_nothing_is_written_without_a_change(world):
    await world.start(*BOTH)
    await world.add_node("node-1")
    await world.create(SERVICES, SERVICE)
    await world.run_pod("web-0", "10.244.0.5", labels={"app": "web"})
    await world.settle()
    before = world.store.revision
    await world.change(PODS, "web-0", lambda pod: pod["metadata"].update(annotations={"a": "b"}))
    await world.settle()
    assert world.store.revision == before + 1


async def test_the_annotation_tells_when_the_change_happened(world):
    await world.start(*BOTH)
    await world.add_node("node-1")
    await world.create(SERVICES, SERVICE)
    await world.settle()
    await world.advance(60)
    await world.run_pod("web-0", "10.244.0.5", labels={"app": "web"})
    await world.settle()
    key = "endpoints.kubernetes.io/last-change-trigger-time"
    assert (await slice_of(world))["metadata"]["annotations"][key] == "2026-01-01T00:01:00Z"
    assert (await world.get(ENDPOINTS, "web"))["metadata"]["annotations"][key] == "2026-01-01T00:01:00Z"


async def test_what_somebody_else_did_to_a_slice_is_undone(world):
    await world.start(*BOTH)
    await world.add_node("node-1")
    await world.create(SERVICES, SERVICE)
    await world.run_pod("web-0", "10.244.0.5", labels={"app": "web"})
    await world.settle()
    name = (await slice_of(world))["metadata"]["name"]
    await world.change(ENDPOINT_SLICES, name, lambda obj: obj.update(endpoints=[]))
    await world.settle()
    assert await shown(world) == {"web-0": (True, True, False)}
    await world.client.delete(ENDPOINT_SLICES, "default", name)
    await world.client.delete(ENDPOINTS, "default", "web")
    await world.settle()
    await check_settled(world)


async def test_a_node_that_comes_late_or_moves_to_a_zone(world):
    await world.start(*BOTH)
    await world.create(SERVICES, SERVICE)
    await world.run_pod("web-0", "10.244.0.5", labels={"app": "web"})
    await world.settle()
    assert await shown(world) == {}
    await world.add_node("node-1")
    await world.settle()
    assert await shown(world) == {"web-0": (True, True, False)}
    zone = {"topology.kubernetes.io/zone": "west"}
    await world.change(NODES, "node-1", lambda node: node["metadata"]["labels"].update(zone), namespace="")
    await world.settle()
    assert (await slice_of(world))["endpoints"][0]["zone"] == "west"


@pytest.mark.parametrize("spec", [{"type": "ExternalName", "externalName": "x.org"}, {"ports": [{"port": 80}]}])
async def test_services_that_find_no_pods_themselves_get_nothing(world, spec):
    await world.start(*BOTH)
    await world.create(SERVICES, {"metadata": {"name": "web"}, "spec": spec})
    await world.settle()
    assert await world.items(ENDPOINT_SLICES) == await world.items(ENDPOINTS) == []


async def test_endpoints_go_with_their_service(world):
    await world.start(*BOTH)
    await world.create(SERVICES, SERVICE)
    await world.settle()
    await world.client.delete(SERVICES, "default", "web")
    await world.settle()
    assert await world.get(ENDPOINTS, "web") is None


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["run", "ready", "unready", "end", "delete", "label", "scale"]), st.integers(0, 3)),
    max_size=14,
)


async def operate(world: Any, operation: str, number: int) -> None:
    name, ip = f"web-{number}", f"10.244.0.{number + 5}"
    exists = await world.get(PODS, name) is not None
    if operation == "run" and not exists:
        await world.run_pod(name, ip, labels={"app": "web"})
    elif operation == "scale":
        for other in range(4):
            await operate(world, "run", other)
    elif exists and operation in ("ready", "unready"):
        await world.report_pod(name, ip, ready=operation == "ready")
    elif exists and operation == "end":
        await world.report_pod(name, ip, phase="Succeeded", ready=False)
    elif exists and operation == "delete":
        grace = 0 if "deletionTimestamp" in (await world.get(PODS, name))["metadata"] else 30
        await world.client.delete(PODS, "default", name, {"gracePeriodSeconds": grace})
    elif exists and operation == "label":
        labels = {"app": "web", "x": "y"} if number % 2 else {"app": "other"}
        await world.change(PODS, name, lambda pod: pod["metadata"].update(labels=labels))


@settings(max_examples=25)
@given(steps=OPERATIONS, nth=st.integers(0, 6), lost=st.booleans(), pauses=st.integers(1, 3))
def test_endpoints_come_to_say_what_the_pods_say(run_world, steps, nth, lost, pauses):
    async def scenario(world: Any) -> None:
        await world.start(*BOTH)
        world.failures.nth, world.failures.takes_effect = nth, lost
        await world.add_node("node-1")
        await world.create(SERVICES, SERVICE)
        for position, (operation, number) in enumerate(steps):
            await operate(world, operation, number)
            if position % pauses == 0:
                await world.settle()
        await world.settle()
        await check_settled(world)

    run_world(scenario)
