"""What admission makes of namespaces, nodes, volumes, claims and ingresses."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.api.admission.default_ingress_class import INGRESS_CLASSES, INGRESSES
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import (
    CONFIG_MAPS,
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    STORAGE_CLASSES,
)
from minikube_lite.store import Object

# Namespaces


async def test_nothing_is_made_in_a_missing_namespace(api: Any) -> None:
    status = await api.refusal(CONFIG_MAPS, {"metadata": {"name": "c"}}, "none")
    assert (status["code"], status["message"]) == (404, 'namespaces "none" not found')
    assert status["details"] == {"name": "none", "kind": "namespaces"}


async def test_nothing_is_made_in_a_namespace_that_goes(api: Any) -> None:
    await api.create(NAMESPACES, {"metadata": {"name": "team"}})
    await api.create(CONFIG_MAPS, {"metadata": {"name": "old"}}, "team")
    await api.client.delete(NAMESPACES, "", "team")
    status = await api.refusal(CONFIG_MAPS, {"metadata": {"generateName": "c-"}}, "team")
    text = "unable to create new content in namespace team because it is being terminated"
    assert (status["code"], status["message"]) == (403, f'configmaps "c-" is forbidden: {text}')
    assert status["details"]["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace team is being terminated",
            "field": "metadata.namespace",
        }
    ]
    # What is there may change, and go.
    await api.client.patch(CONFIG_MAPS, "team", "old", {"data": {"a": "b"}})
    await api.client.delete(CONFIG_MAPS, "team", "old")


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
async def test_some_namespaces_stay(api: Any, name: str) -> None:
    if name != "default":
        await api.create(NAMESPACES, {"metadata": {"name": name}})
    with pytest.raises(ApiError) as caught:
        await api.client.delete(NAMESPACES, "", name)
    assert caught.value.message == f'namespaces "{name}" is forbidden: this namespace may not be deleted'
    assert caught.value.details == {"name": name, "kind": "namespaces"}


# Nodes

NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], [NOT_READY]),
        ([NOT_READY], [NOT_READY]),
        ([{"key": "a", "effect": "NoExecute"}], [{"key": "a", "effect": "NoExecute"}, NOT_READY]),
    ],
)
async def test_new_nodes_are_tainted(api: Any, given: list[Object], expected: list[Object]) -> None:
    node = await api.create(NODES, {"metadata": {"name": "node-1"}, "spec": {"taints": given}})
    assert node["spec"]["taints"] == expected
    assert (await api.client.patch(NODES, "", "node-1", {"spec": {"taints": None}}))["spec"].get("taints") is None


# Storage


def storage_class(name: str, *, default: bool = True, **fields: Any) -> Object:
    """A class."""
    annotations = {"storageclass.kubernetes.io/is-default-class": str(default).lower()}
    return {"metadata": {"name": name, "annotations": annotations}, "provisioner": "example.com/disk", **fields}


def claim(name: str = "data", size: str = "1Mi", **spec: Any) -> Object:
    """A claim."""
    plain = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"metadata": {"name": name}, "spec": {**plain, **spec}}


def volume(name: str = "pv-a", size: str = "1Mi", **spec: Any) -> Object:
    """A volume."""
    plain = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "hostPath": {"path": f"/tmp/{name}"}}
    return {"metadata": {"name": name}, "spec": {**plain, **spec}}


async def test_finalizers(api: Any) -> None:
    made = await api.create(PERSISTENT_VOLUMES, volume())
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]
    own = claim()
    own["metadata"]["finalizers"] = ["example.com/own"]
    made = await api.create(PERSISTENT_VOLUME_CLAIMS, own, "default")
    assert made["metadata"]["finalizers"] == ["example.com/own", "kubernetes.io/pvc-protection"]


async def test_the_default_class(api: Any) -> None:
    made = await api.create(PERSISTENT_VOLUME_CLAIMS, claim("before"), "default")
    assert "storageClassName" not in made["spec"]
    await api.create(STORAGE_CLASSES, storage_class("b"))
    await api.create(STORAGE_CLASSES, storage_class("a"))
    await api.create(STORAGE_CLASSES, storage_class("other", default=False))
    chosen = [{}, {"storageClassName": ""}, {"storageClassName": "other"}]
    classes = []
    for position, spec in enumerate(chosen):
        made = await api.create(PERSISTENT_VOLUME_CLAIMS, claim(f"c-{position}", **spec), "default")
        classes.append(made["spec"]["storageClassName"])
    assert classes == ["a", "", "other"]
    await api.clock.advance(1)
    await api.create(STORAGE_CLASSES, storage_class("newest"))
    made = await api.create(PERSISTENT_VOLUME_CLAIMS, claim("after"), "default")
    assert made["spec"]["storageClassName"] == "newest"


@pytest.mark.parametrize(
    ("volume_spec", "claim_spec", "waits"),
    [
        ({}, {}, True),
        ({"capacity": {"storage": "1Ki"}}, {}, False),
        ({"storageClassName": "fast"}, {}, False),
        ({"accessModes": ["ReadOnlyMany"]}, {}, False),
        ({"accessModes": ["ReadOnlyMany", "ReadWriteOnce"]}, {}, True),
        ({"volumeMode": "Block"}, {}, False),
        ({}, {"selector": {"matchLabels": {"a": "b"}}}, False),
        ({"claimRef": {"namespace": "other", "name": "data"}}, {}, False),
        ({"claimRef": {"namespace": "default", "name": "data"}}, {}, True),
        ({}, {"volumeName": "pv-a"}, True),
        ({"storageClassName": "fast"}, {"volumeName": "pv-a"}, False),
        ({}, {"volumeName": "none"}, False),
    ],
)
async def test_a_free_volume_comes_before_the_default_class(
    api: Any, volume_spec: dict[str, Any], claim_spec: dict[str, Any], waits: bool
) -> None:
    await api.create(STORAGE_CLASSES, storage_class("standard"))
    await api.create(PERSISTENT_VOLUMES, volume(**volume_spec))
    made = await api.create(PERSISTENT_VOLUME_CLAIMS, claim(**claim_spec), "default")
    assert made["spec"].get("storageClassName") == (None if waits else "standard")


@pytest.mark.parametrize(
    ("phase", "fields", "fault"),
    [
        ("Pending", {"allowVolumeExpansion": True}, "Only bound persistent volume claims can be expanded"),
        (
            "Bound",
            {},
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support"
            " resize",
        ),
        ("Bound", {"allowVolumeExpansion": True}, ""),
    ],
)
async def test_growing(api: Any, phase: str, fields: dict[str, Any], fault: str) -> None:
    await api.create(STORAGE_CLASSES, storage_class("standard", **fields))
    await api.create(PERSISTENT_VOLUME_CLAIMS, claim(), "default")
    status = {"status": {"phase": phase, "capacity": {"storage": "1Mi"}}}
    await api.client.patch(PERSISTENT_VOLUME_CLAIMS, "default", "data", status, subresource="status")
    await api.client.patch(PERSISTENT_VOLUME_CLAIMS, "default", "data", {"spec": {"volumeName": "pv-a"}})
    more = {"spec": {"resources": {"requests": {"storage": "2Mi"}}}}
    if not fault:
        await api.client.patch(PERSISTENT_VOLUME_CLAIMS, "default", "data", more)
        return
    with pytest.raises(ApiError) as caught:
        await api.client.patch(PERSISTENT_VOLUME_CLAIMS, "default", "data", more)
    assert caught.value.code in (403, 422)
    if phase == "Bound":
        assert caught.value.message == f'persistentvolumeclaims "data" is forbidden: {fault}'


# Ingresses


async def test_the_default_ingress_class(api: Any) -> None:
    for name, default in (("first", "true"), ("second", "false")):
        annotations = {"ingressclass.kubernetes.io/is-default-class": default}
        spec = {"controller": "example.com/controller"}
        await api.create(INGRESS_CLASSES, {"metadata": {"name": name, "annotations": annotations}, "spec": spec})
    backend: Object = {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}
    made = await api.create(INGRESSES, {"metadata": {"name": "a"}, "spec": dict(backend)}, "default")
    assert made["spec"]["ingressClassName"] == "first"
    chosen = {"metadata": {"name": "b"}, "spec": {**backend, "ingressClassName": "second"}}
    assert (await api.create(INGRESSES, chosen, "default"))["spec"]["ingressClassName"] == "second"
    annotated = {"metadata": {"name": "c", "annotations": {"kubernetes.io/ingress.class": "x"}}, "spec": dict(backend)}
    assert "ingressClassName" not in (await api.create(INGRESSES, annotated, "default"))["spec"]
