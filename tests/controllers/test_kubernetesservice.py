"""The Service by which pods find the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minikube_lite.controllers.endpoints import EndpointsController
from minikube_lite.controllers.endpointslice import EndpointSliceController
from minikube_lite.controllers.kubernetesservice import KubernetesService, api_service_objects
from minikube_lite.machinery.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICES

CONTROLLERS = (KubernetesService, EndpointsController, EndpointSliceController)
PARTS = {SERVICES: "spec", ENDPOINTS: "subsets", ENDPOINT_SLICES: "endpoints"}


async def started(world: Any) -> dict[Any, Any]:
    await world.start(*CONTROLLERS)
    for resource, obj in api_service_objects(world.options).items():
        await world.create(resource, obj, "default")
    await world.settle()
    return await shown(world)


async def shown(world: Any) -> dict[Any, Any]:
    found = {resource: await world.get(resource, "kubernetes", "default") for resource in PARTS}
    return {resource: obj and obj[PARTS[resource]] for resource, obj in found.items()}


@pytest.mark.parametrize("resource", PARTS)
async def test_what_is_deleted_comes_back_as_it_was(world: Any, resource: Any) -> None:
    before = await started(world)
    await world.client.delete(resource, "default", "kubernetes")
    await world.settle()
    after = await shown(world)
    assert after == before


async def test_endpoints_that_were_changed_are_set_right(world: Any) -> None:
    before = await started(world)
    wrong = {"subsets": [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 1}]}]}
    await world.client.patch(ENDPOINTS, "default", "kubernetes", wrong)
    await world.client.patch(ENDPOINT_SLICES, "default", "kubernetes", {"endpoints": []})
    await world.settle()
    assert await shown(world) == before


async def test_nothing_is_written_where_all_is_right(world: Any) -> None:
    await started(world)
    revision = world.store.revision
    await world.client.patch(SERVICES, "default", "kubernetes", {"metadata": {"labels": {"a": "b"}}})
    await world.settle()
    assert world.store.revision == revision + 1


async def test_any_write_may_fail(make_world: Callable[..., Any]) -> None:
    for nth in range(1, 5):
        world = make_world()
        before = await started(world)
        world.failures.nth = nth
        for resource in PARTS:
            await world.client.delete(resource, "default", "kubernetes")
        await world.settle()
        await world.advance(60)
        assert await shown(world) == before
