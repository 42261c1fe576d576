"""OwnerReferencesPermissionEnforcement: who makes an object go with another may delete it himself."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from minikube_lite.api.admission.owner_references import newly_blocking
from minikube_lite.api.apiserver import Apiserver
from minikube_lite.clock import Clock
from minikube_lite.config import Options
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, CONFIG_MAPS, NAMESPACES
from minikube_lite.store import MemoryStore, Object

PLUGIN: Literal["OwnerReferencesPermissionEnforcement"] = "OwnerReferencesPermissionEnforcement"


def owned(name: str, owner: Object, *, block: bool = False, **changed: str) -> Object:
    metadata = owner["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": metadata["name"], "uid": metadata["uid"], **changed}
    if block:
        reference["blockOwnerDeletion"] = True
    return {"metadata": {"name": name, "ownerReferences": [reference]}}


@pytest.fixture
async def jane(scheme):
    """Makes jane, who may do that to config maps, on a cluster with the plugin; and an admin and an owner."""
    clock = Clock("stepped", seed=7)

    async def make(verbs: str, *rules: Object, enabled: bool = True) -> tuple[Any, Any, Object]:
        store = MemoryStore(clock.ledger)
        options = Options(clock="stepped", enable_admission_plugins=(PLUGIN,) if enabled else ())
        api = Apiserver(store, clock, scheme, options)
        admin = api.client("admin", "tests")
        await admin.create(NAMESPACES, "", {"metadata": {"name": "default"}})
        own = {"verbs": verbs.split(), "apiGroups": [""], "resources": ["configmaps"]}
        await admin.create(CLUSTER_ROLES, "", {"metadata": {"name": "janes"}, "rules": [own, *rules]})
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "janes"}
        binding = {"metadata": {"name": "janes"}, "roleRef": role, "subjects": [{"kind": "User", "name": "jane"}]}
        await admin.create(CLUSTER_ROLE_BINDINGS, "", binding)
        owner = await admin.create(CONFIG_MAPS, "default", {"metadata": {"name": "owner"}})
        return api.client_as(User("jane"), "tests"), admin, owner

    yield make
    clock.stop()


async def test_an_object_gets_an_owner_from_who_may_delete_it(jane) -> None:
    client, admin, owner = await jane("create patch")
    await client.create(CONFIG_MAPS, "default", owned("mine", owner))
    await admin.create(CONFIG_MAPS, "default", {"metadata": {"name": "other"}})
    with pytest.raises(ApiError) as caught:
        await client.patch(CONFIG_MAPS, "default", "other", owned("other", owner))
    assert caught.value.message == (
        'configmaps "other" is forbidden: cannot set an ownerRef on a resource you can\'t delete: , <nil>'
    )
    await client.patch(CONFIG_MAPS, "default", "other", {"data": {"a": "b"}})
    client, admin, owner = await jane("create patch delete")
    await admin.create(CONFIG_MAPS, "default", {"metadata": {"name": "other"}})
    await client.patch(CONFIG_MAPS, "default", "other", owned("other", owner))


FINALIZERS = {"verbs": ["update"], "apiGroups": [""], "resources": ["configmaps/finalizers"]}


async def test_an_owner_waits_for_who_may_set_its_finalizers(jane) -> None:
    client, _, owner = await jane("create")
    with pytest.raises(ApiError) as caught:
        await client.create(CONFIG_MAPS, "default", owned("mine", owner, block=True))
    assert caught.value.message == (
        'configmaps "mine" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can\'t'
        " set finalizers on: , <nil>"
    )
    with pytest.raises(ApiError, match='no matches for kind "Widget" in version "example.com/v1"'):
        unknown = owned("mine", owner, block=True, apiVersion="example.com/v1", kind="Widget")
        await client.create(CONFIG_MAPS, "default", unknown)
    client, _, owner = await jane("create", FINALIZERS)
    await client.create(CONFIG_MAPS, "default", owned("mine", owner, block=True))


async def test_without_the_plugin_nobody_asks(jane) -> None:
    client, _, owner = await jane("create", enabled=False)
    await client.create(CONFIG_MAPS, "default", owned("mine", owner, block=True))


def test_only_what_did_not_block_before_counts() -> None:
    a, b, c = ({"uid": uid, "blockOwnerDeletion": True} for uid in "abc")
    assert newly_blocking([a, b, c], [a, {"uid": "b"}]) == [b, c]
    assert newly_blocking([{"uid": "a"}], []) == []
