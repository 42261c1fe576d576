"""Objects go with their owners, before them, or stay without them."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.garbagecollector import GarbageCollector
from minikube_lite.machinery.resources import (
    CONFIG_MAPS,
    EVENTS,
    LEASES,
    NODES,
    PODS,
    PRIORITY_CLASSES,
    SECRETS,
    STATEFUL_SETS,
    GroupVersionResource,
)
from minikube_lite.machinery.rest_mapping import resource_of


def reference(owner: Any, kind: str = "ConfigMap", api_version: str = "v1", *, block: bool = True) -> dict[str, Any]:
    metadata = owner["metadata"]
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": metadata["name"],
        "uid": metadata["uid"],
        "blockOwnerDeletion": block,
    }


async def chain(world: Any) -> None:
    """a owns b, b owns c; the last is a Secret."""
    a = await world.create(CONFIG_MAPS, {"metadata": {"name": "a"}})
    b = await world.create(CONFIG_MAPS, {"metadata": {"name": "b", "ownerReferences": [reference(a)]}})
    await world.create(SECRETS, {"metadata": {"name": "c", "ownerReferences": [reference(b)]}})
    await world.settle()


async def names(world: Any) -> list[str]:
    found = [*await world.items(CONFIG_MAPS, "default"), *await world.items(SECRETS, "default")]
    return [obj["metadata"]["name"] for obj in found]


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
async def test_all_go_with_the_first(world, policy):
    await world.start(GarbageCollector)
    await chain(world)
    assert await names(world) == ["a", "b", "c"]
    await world.client.delete(CONFIG_MAPS, "default", "a", {"propagationPolicy": policy})
    await world.settle()
    assert await names(world) == []


async def test_in_the_foreground_the_owner_goes_last(world):
    await world.start(GarbageCollector)
    await chain(world)
    await world.change(SECRETS, "c", lambda obj: obj["metadata"].update(finalizers=["x.org/hold"]))
    await world.client.delete(CONFIG_MAPS, "default", "a", {"propagationPolicy": "Foreground"})
    await world.settle()
    assert await names(world) == ["a", "b", "c"]
    assert "deletionTimestamp" in (await world.get(SECRETS, "c"))["metadata"]
    await world.change(SECRETS, "c", lambda obj: obj["metadata"].update(finalizers=[]))
    await world.settle()
    assert await names(world) == []


async def test_dependents_that_do_not_block_are_not_waited_for(world):
    await world.start(GarbageCollector)
    a = await world.create(CONFIG_MAPS, {"metadata": {"name": "a"}})
    metadata = {"name": "b", "finalizers": ["x.org/hold"], "ownerReferences": [reference(a, block=False)]}
    await world.create(CONFIG_MAPS, {"metadata": metadata})
    await world.client.delete(CONFIG_MAPS, "default", "a", {"propagationPolicy": "Foreground"})
    await world.settle()
    assert await names(world) == ["b"]


async def test_orphans_live_on_without_their_owner(world):
    await world.start(GarbageCollector)
    await chain(world)
    await world.client.delete(CONFIG_MAPS, "default", "a", {"propagationPolicy": "Orphan"})
    await world.settle()
    assert await names(world) == ["b", "c"]
    assert "ownerReferences" not in (await world.get(CONFIG_MAPS, "b"))["metadata"]


async def test_an_item_of_two_owners_goes_with_the_last(world):
    await world.start(GarbageCollector)
    owners = [await world.create(CONFIG_MAPS, {"metadata": {"name": name}}) for name in "ab"]
    references = [reference(owner) for owner in owners]
    await world.create(CONFIG_MAPS, {"metadata": {"name": "item", "ownerReferences": references}})
    await world.client.delete(CONFIG_MAPS, "default", "a")
    await world.settle()
    assert (await world.get(CONFIG_MAPS, "item"))["metadata"]["ownerReferences"] == references[1:]
    await world.client.delete(CONFIG_MAPS, "default", "b")
    await world.settle()
    assert await names(world) == []


async def test_a_new_owner_of_the_same_name_is_another_one(world):
    await world.start(GarbageCollector)
    await chain(world)
    await world.client.delete(CONFIG_MAPS, "default", "a", {"propagationPolicy": "Background"})
    await world.create(CONFIG_MAPS, {"metadata": {"name": "a"}})
    await world.settle()
    assert await names(world) == ["a"]


async def test_an_item_that_is_born_without_its_owner_goes(world):
    await world.start(GarbageCollector)
    gone = {"metadata": {"name": "gone", "uid": "no-such-uid"}}
    await world.create(CONFIG_MAPS, {"metadata": {"name": "item", "ownerReferences": [reference(gone)]}})
    await world.settle()
    assert await names(world) == []


async def test_what_a_kind_that_nobody_knows_owns_is_left_alone(world):
    await world.start(GarbageCollector)
    owner = {"metadata": {"name": "x", "uid": "u"}}
    references = [reference(owner, "Widget", "example.org/v1")]
    await world.create(CONFIG_MAPS, {"metadata": {"name": "item", "ownerReferences": references}})
    await world.settle()
    assert await names(world) == ["item"]


async def test_an_owner_in_a_version_that_is_not_served_is_left_alone(world):
    await world.start(GarbageCollector)
    owner = {"metadata": {"name": "x", "uid": "u"}}
    gone = reference({"metadata": {"name": "y", "uid": "v"}})
    references = [reference(owner, "Deployment", "apps/v1beta1"), gone]
    await world.create(CONFIG_MAPS, {"metadata": {"name": "item", "ownerReferences": references}})
    await world.settle()
    assert (await world.get(CONFIG_MAPS, "item"))["metadata"]["ownerReferences"] == references


async def test_an_owner_in_another_namespace_is_none_and_an_event_says_so(world):
    await world.start(GarbageCollector)
    owner = await world.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "kube-system")
    await world.create(CONFIG_MAPS, {"metadata": {"name": "item", "ownerReferences": [reference(owner)]}})
    await world.settle()
    assert await names(world) == []
    (event,) = await world.items(EVENTS, "default")
    assert event["involvedObject"]["name"] == "item"
    assert event["involvedObject"]["kind"] == "ConfigMap"
    assert (event["type"], event["reason"]) == ("Warning", "OwnerRefInvalidNamespace")
    assert event["source"] == {"component": "garbage-collector-controller"}
    uid = owner["metadata"]["uid"]
    assert event["message"] == (
        f'ownerRef [v1/ConfigMap, namespace: default, name: a, uid: {uid}] does not exist in namespace "default"'
    )


async def test_a_reference_with_a_wrong_name_is_to_nobody(world):
    await world.start(GarbageCollector)
    owner = await world.create(CONFIG_MAPS, {"metadata": {"name": "a"}})
    wrong = {**reference(owner), "name": "b"}
    await world.create(CONFIG_MAPS, {"metadata": {"name": "item", "ownerReferences": [wrong]}})
    await world.settle()
    assert await names(world) == ["a"]


async def test_what_has_no_namespace_cannot_be_owned_by_what_has_one(world):
    await world.start(GarbageCollector)
    owner = await world.create(CONFIG_MAPS, {"metadata": {"name": "a"}})
    metadata = {"name": "x", "ownerReferences": [reference(owner)]}
    await world.create(PRIORITY_CLASSES, {"metadata": metadata, "value": 1}, "")
    await world.client.delete(CONFIG_MAPS, "default", "a")
    await world.settle()
    assert await world.get(PRIORITY_CLASSES, "x", "") is not None


def of(group: str, resource: str, version: str = "v1") -> GroupVersionResource:
    return GroupVersionResource(group, version, resource)


LATELY_COLLECTED: tuple[tuple[GroupVersionResource, dict[str, Any]], ...] = (
    (of("scheduling.k8s.io", "priorityclasses"), {"value": 1}),
    (of("storage.k8s.io", "storageclasses"), {"provisioner": "example.com/x"}),
    (of("node.k8s.io", "runtimeclasses"), {"handler": "x"}),
    (of("rbac.authorization.k8s.io", "clusterroles"), {"rules": []}),
    (of("networking.k8s.io", "ingressclasses"), {"spec": {"controller": "example.com/x"}}),
    (of("storage.k8s.io", "csidrivers"), {"spec": {}}),
    (of("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"), {"spec": {"type": "Exempt", "exempt": {}}}),
    (of("", "limitranges"), {"spec": {"limits": []}}),
    (of("", "resourcequotas"), {"spec": {}}),
    (of("", "podtemplates"), {"template": {"spec": {"containers": [{"name": "c", "image": "i"}]}}}),
    (
        of("autoscaling", "horizontalpodautoscalers", "v2"),
        {"spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}}},
    ),
    (of("resource.k8s.io", "resourceclaims"), {"spec": {}}),
)  # fmt: skip


@pytest.mark.parametrize(("resource", "content"), LATELY_COLLECTED, ids=lambda value: getattr(value, "resource", ""))
async def test_every_kind_goes_with_its_owner_and_can_be_one(world, resource, content):
    await world.start(GarbageCollector)
    info = next(info for info in world.client.resources() if resource_of(info) == resource)
    namespace = "default" if info.namespaced else ""
    node = await world.add_node("n")
    metadata = {"name": "x", "ownerReferences": [reference(node, "Node")]}
    made = await world.create(resource, {"metadata": metadata, **content}, namespace)
    owned = {"name": "item", "ownerReferences": [reference(made, info.kind, resource.api_version)]}
    await world.create(CONFIG_MAPS, {"metadata": owned})
    await world.settle()
    assert await world.get(resource, "x", namespace) is not None
    assert await names(world) == ["item"]
    await world.client.delete(NODES, "", "n", {"propagationPolicy": "Foreground"})
    await world.settle()
    assert await world.get(resource, "x", namespace) is None
    assert await names(world) == []


async def test_a_lease_goes_with_its_node(world):
    await world.start(GarbageCollector)
    node = await world.add_node("node-1")
    lease = {"metadata": {"name": "node-1", "ownerReferences": [reference(node, "Node")]}}
    await world.create(LEASES, lease, "kube-node-lease")
    await world.settle()
    assert await world.get(LEASES, "node-1", "kube-node-lease") is not None
    await world.client.delete(NODES, "", "node-1")
    await world.settle()
    assert await world.get(LEASES, "node-1", "kube-node-lease") is None


async def test_pods_of_a_deleted_set_end_gracefully(world, new_pod):
    await world.start(GarbageCollector)
    template = {"metadata": {"labels": {"app": "x"}}, "spec": new_pod("x")["spec"]}
    spec = {"selector": {"matchLabels": {"app": "x"}}, "serviceName": "x", "template": template}
    owner = await world.create(STATEFUL_SETS, {"metadata": {"name": "x"}, "spec": spec})
    references = [{**reference(owner, "StatefulSet", "apps/v1"), "controller": True}]
    await world.add_node("node-1")
    await world.run_pod("x-0", "10.244.0.5", metadata={"ownerReferences": references})
    await world.client.delete(STATEFUL_SETS, "default", "x", {"propagationPolicy": "Background"})
    await world.settle()
    assert (await world.get(PODS, "x-0"))["metadata"]["deletionGracePeriodSeconds"] == 30


@pytest.mark.parametrize("nth", range(1, 7))
@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("policy", ["Background", "Foreground", "Orphan"])
async def test_a_write_that_fails_is_made_again(world, nth, lost, policy):
    await world.start(GarbageCollector)
    await chain(world)
    world.failures.nth, world.failures.takes_effect = nth, lost
    await world.client.delete(CONFIG_MAPS, "default", "a", {"propagationPolicy": policy})
    await world.settle()
    assert await names(world) == (["b", "c"] if policy == "Orphan" else [])
