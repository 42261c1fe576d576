"""The account and the ConfigMap that every namespace has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikube_lite.controllers.rootcacertpublisher import CONFIG_MAP_NAME, DESCRIPTION, RootCACertPublisher
from minikube_lite.controllers.serviceaccount import ServiceAccountsController
from minikube_lite.machinery.resources import CONFIG_MAPS, NAMESPACES, PODS, SERVICE_ACCOUNTS
from minikube_lite.store import Object


async def test_new_namespaces_get_both(world: Any) -> None:
    await world.start(ServiceAccountsController, RootCACertPublisher)
    await world.create(NAMESPACES, {"metadata": {"name": "team"}}, "")
    await world.settle()
    assert await world.get(SERVICE_ACCOUNTS, "default", "team") is not None
    config_map = await world.get(CONFIG_MAPS, CONFIG_MAP_NAME, "team")
    assert config_map["data"] == {"ca.crt": "the authority's certificate"}
    assert config_map["metadata"]["annotations"] == {"kubernetes.io/description": DESCRIPTION}


async def test_both_come_back(world: Any) -> None:
    await world.start(ServiceAccountsController, RootCACertPublisher)
    await world.client.delete(SERVICE_ACCOUNTS, "default", "default")
    await world.client.delete(CONFIG_MAPS, "default", CONFIG_MAP_NAME)
    await world.settle()
    assert await world.get(SERVICE_ACCOUNTS, "default") is not None
    await world.client.patch(CONFIG_MAPS, "default", CONFIG_MAP_NAME, {"data": {"ca.crt": "wrong", "more": "x"}})
    await world.settle()
    config_map = await world.get(CONFIG_MAPS, CONFIG_MAP_NAME)
    assert config_map["data"] == {"ca.crt": "the authority's certificate"}


async def test_nothing_is_made_in_a_namespace_that_goes(world: Any) -> None:
    await world.start(ServiceAccountsController, RootCACertPublisher)
    await world.create(NAMESPACES, {"metadata": {"name": "team"}}, "")
    await world.settle()
    await world.client.delete(NAMESPACES, "", "team")
    await world.client.delete(SERVICE_ACCOUNTS, "team", "default")
    await world.client.delete(CONFIG_MAPS, "team", CONFIG_MAP_NAME)
    await world.settle()
    assert await world.items(SERVICE_ACCOUNTS, "team") == []
    assert await world.items(CONFIG_MAPS, "team") == []


async def test_a_pod_may_follow_its_namespace_at_once(world: Any, new_pod: Callable[..., Object]) -> None:
    await world.start(ServiceAccountsController)
    await world.create(NAMESPACES, {"metadata": {"name": "team"}}, "")
    pod = await world.create(PODS, new_pod("first"), "team")
    assert pod["spec"]["serviceAccountName"] == "default"


async def test_any_write_may_fail(make_world: Callable[..., Any]) -> None:
    for nth in range(1, 5):
        world = make_world()
        world.failures.nth = nth
        await world.start(ServiceAccountsController, RootCACertPublisher)
        await world.create(NAMESPACES, {"metadata": {"name": "team"}}, "")
        await world.settle()
        assert await world.get(SERVICE_ACCOUNTS, "default", "team") is not None
        assert await world.get(CONFIG_MAPS, CONFIG_MAP_NAME, "team") is not None
