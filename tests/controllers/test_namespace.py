"""Namespaces that are being deleted: what goes first, what is said meanwhile, and when they are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikube_lite.controllers.namespace import NamespaceController, Remaining, conditions_of, deletable_resources
from minikube_lite.machinery.resources import (
    CONFIG_MAPS,
    EVENTS,
    NAMESPACES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    GroupVersionResource,
)
from minikube_lite.schema.resources import load_resources
from minikube_lite.store import Object

NAMESPACE: Object = {"metadata": {"name": "team"}}
ACCOUNT: Object = {"metadata": {"name": "default"}}


async def start(world: Any) -> None:
    """A namespace with things in it."""
    await world.start(NamespaceController)
    await world.create(NAMESPACES, NAMESPACE, "")
    await world.create(SERVICE_ACCOUNTS, ACCOUNT, "team")
    await world.create(CONFIG_MAPS, {"metadata": {"name": "settings"}}, "team")


async def test_goes_with_all_that_is_in_it(world: Any) -> None:
    await start(world)
    await world.create(CONFIG_MAPS, {"metadata": {"name": "kept"}})
    await world.client.delete(NAMESPACES, "", "team")
    await world.settle()
    assert await world.get(NAMESPACES, "team", "") is None
    assert await world.items(CONFIG_MAPS, "team") == []
    assert await world.items(SERVICE_ACCOUNTS, "team") == []
    assert [obj["metadata"]["name"] for obj in await world.items(CONFIG_MAPS, "default")] == ["kept"]
    assert (await world.get(NAMESPACES, "default", ""))["status"] == {"phase": "Active"}


async def test_pods_go_first(world: Any, new_pod: Callable[..., Object]) -> None:
    await start(world)
    await world.create(PODS, new_pod("busy", nodeName="node-1"), "team")
    await world.create(PODS, new_pod("idle"), "team")
    await world.client.delete(NAMESPACES, "", "team")
    await world.settle()
    (pod,) = await world.items(PODS, "team")
    assert pod["metadata"]["name"] == "busy"
    assert pod["metadata"]["deletionGracePeriodSeconds"] == 30
    assert len(await world.items(CONFIG_MAPS, "team")) == 1
    namespace = await world.get(NAMESPACES, "team", "")
    assert namespace["status"]["phase"] == "Terminating"
    assert {item["status"] for item in namespace["status"]["conditions"]} == {"False"}
    await world.client.delete(PODS, "team", "busy", {"gracePeriodSeconds": 0})
    await world.settle()
    assert await world.get(NAMESPACES, "team", "") is None


async def test_waits_for_finalizers_and_says_so(world: Any) -> None:
    await start(world)
    await world.create(SECRETS, {"metadata": {"name": "held", "finalizers": ["example.com/wait"]}}, "team")
    await world.client.delete(NAMESPACES, "", "team")
    await world.settle()
    namespace = await world.get(NAMESPACES, "team", "")
    told = {
        item["type"]: (item["status"], item["reason"], item["message"]) for item in namespace["status"]["conditions"]
    }
    assert told["NamespaceContentRemaining"] == (
        "True",
        "SomeResourcesRemain",
        "Some resources are remaining: secrets. has 1 resource instances",
    )
    assert told["NamespaceFinalizersRemaining"] == (
        "True",
        "SomeFinalizersRemain",
        "Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances",
    )
    assert told["NamespaceDeletionContentFailure"][0] == "False"
    await world.client.patch(SECRETS, "team", "held", {"metadata": {"finalizers": None}})
    await world.advance(8)
    assert await world.get(NAMESPACES, "team", "") is None


async def test_other_finalizers_keep_an_empty_namespace(world: Any) -> None:
    await world.start(NamespaceController)
    await world.create(NAMESPACES, {**NAMESPACE, "spec": {"finalizers": ["example.com/mine"]}}, "")
    await world.client.delete(NAMESPACES, "", "team")
    await world.settle()
    namespace = await world.get(NAMESPACES, "team", "")
    assert namespace["spec"]["finalizers"] == ["example.com/mine"]
    assert namespace["status"]["phase"] == "Terminating"


async def test_any_write_may_fail(make_world: Callable[..., Any]) -> None:
    for nth in range(1, 20):
        world = make_world()
        await start(world)
        world.failures.nth = world.failures.count + nth
        await world.client.delete(NAMESPACES, "", "team")
        await world.settle()
        assert await world.get(NAMESPACES, "team", "") is None, nth
        assert await world.items(CONFIG_MAPS, "team") == []
        if world.failures.count < world.failures.nth:
            return
    raise AssertionError("more writes than expected")


def test_every_namespaced_resource_once() -> None:
    found = [resource for resource, _ in deletable_resources(load_resources())]
    keys = [resource.key for resource in found]
    assert len(keys) == len(set(keys))
    assert {PODS, CONFIG_MAPS, EVENTS, GroupVersionResource("apps", "v1", "statefulsets")} <= set(found)
    assert not {"namespaces", "nodes", "persistentvolumes", "bindings"} & set(keys)


def test_conditions_keep_their_time() -> None:
    first = conditions_of(Remaining(), (), "T1")
    assert [item["status"] for item in first] == ["False"] * 5
    assert conditions_of(Remaining(), first, "T2") == first
    troubled = conditions_of(Remaining(errors=["no"]), first, "T2")
    changed = [item for item in troubled if item["lastTransitionTime"] == "T2"]
    assert [item["message"] for item in changed] == ["Failed to delete all resource types, 1 remaining: no"]
