"""Endpoints that were made by hand are mirrored to slices."""

from __future__ import annotations

from typing import Any

from minikube_lite.controllers.endpointslicemirroring import EndpointSliceMirroringController
from minikube_lite.machinery.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICES

SERVICE = {"metadata": {"name": "db"}, "spec": {"ports": [{"port": 5432}]}}


def endpoints(*ips: str, **metadata: Any) -> dict[str, Any]:
    subsets = [{"addresses": [{"ip": ip} for ip in ips], "ports": [{"port": 5432}]}] if ips else []
    return {"metadata": {"name": "db", **metadata}, "subsets": subsets}


async def found(world: Any) -> dict[str, list[str]]:
    return {
        obj["addressType"]: [ip for endpoint in obj["endpoints"] for ip in endpoint["addresses"]]
        for obj in await world.items(ENDPOINT_SLICES)
    }


async def test_one_slice_for_each_family_follows(world):
    await world.start(EndpointSliceMirroringController)
    await world.create(SERVICES, SERVICE)
    await world.create(ENDPOINTS, endpoints("192.0.2.1", "2001:db8::1", labels={"a": "b"}))
    await world.settle()
    assert await found(world) == {"IPv4": ["192.0.2.1"], "IPv6": ["2001:db8::1"]}
    obj = (await world.items(ENDPOINT_SLICES))[0]
    assert obj["metadata"]["labels"] == {
        "a": "b",
        "kubernetes.io/service-name": "db",
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    }
    assert obj["ports"] == [{"name": "", "port": 5432, "protocol": "TCP"}]
    assert obj["endpoints"][0]["conditions"] == {"ready": True}
    await world.change(ENDPOINTS, "db", lambda obj: obj.update(subsets=endpoints("192.0.2.9")["subsets"]))
    await world.settle()
    assert await found(world) == {"IPv4": ["192.0.2.9"]}
    before = world.store.revision
    await world.change(ENDPOINTS, "db", lambda obj: obj["metadata"].update(finalizers=["x.org/y"]))
    await world.settle()
    assert world.store.revision == before + 1


async def test_not_those_of_services_with_a_selector_nor_without_service(world):
    await world.start(EndpointSliceMirroringController)
    await world.create(ENDPOINTS, endpoints("192.0.2.1"))
    await world.settle()
    assert await found(world) == {}
    await world.create(SERVICES, SERVICE)
    await world.settle()
    assert await found(world) == {"IPv4": ["192.0.2.1"]}
    await world.change(SERVICES, "db", lambda obj: obj["spec"].update(selector={"app": "db"}))
    await world.settle()
    assert await found(world) == {}


async def test_not_those_that_say_so(world):
    await world.start(EndpointSliceMirroringController)
    await world.create(SERVICES, SERVICE)
    label = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    await world.create(ENDPOINTS, endpoints("192.0.2.1", labels=label))
    await world.settle()
    assert await found(world) == {}


async def test_slices_go_with_the_endpoints(world):
    await world.start(EndpointSliceMirroringController)
    await world.create(SERVICES, SERVICE)
    await world.create(ENDPOINTS, endpoints("192.0.2.1"))
    await world.settle()
    await world.client.delete(ENDPOINTS, "default", "db")
    await world.settle()
    assert await found(world) == {}
