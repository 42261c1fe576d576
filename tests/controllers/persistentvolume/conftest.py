"""Volumes and claims as tests write them, and a control plane that binds them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from minikube_lite.controllers.hostpathprovisioner import PROVISIONER, HostPathProvisioner
from minikube_lite.controllers.persistentvolume.controller import PersistentVolumeController
from minikube_lite.controllers.pvcprotection import PVCProtectionController
from minikube_lite.controllers.pvprotection import PVProtectionController
from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES
from minikube_lite.store import Object

CONTROLLERS = (PersistentVolumeController, HostPathProvisioner, PVCProtectionController, PVProtectionController)


def volume_object(name: str, size: str = "1Mi", *, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    """A hostPath volume that is recycled; `spec` says what is different."""
    plain = {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Recycle",
        "hostPath": {"path": f"/tmp/{name}"},
    }
    return {"metadata": {"name": name, "labels": labels or {}}, "spec": {**plain, **spec}}


def claim_object(name: str, size: str = "1Mi", **spec: Any) -> Object:
    """A claim in the default namespace."""
    plain = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {**plain, **spec}}


def class_object(name: str = "standard", *, default: bool = True, **fields: Any) -> Object:
    """A storage class of our own provisioner."""
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    plain = {"provisioner": PROVISIONER, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}
    return {"metadata": {"name": name, "annotations": annotations}, **plain, **fields}


@pytest.fixture
def new_volume() -> Callable[..., Object]:
    """Makes volumes: `new_volume("pv-a", "1Mi")`."""
    return volume_object


@pytest.fixture
def new_claim() -> Callable[..., Object]:
    """Makes claims: `new_claim("data", "1Mi", storageClassName="")`."""
    return claim_object


@pytest.fixture
def new_class() -> Callable[..., Object]:
    """Makes storage classes."""
    return class_object


@pytest.fixture
async def storage(world: Any, tmp_path: Path) -> AsyncIterator[Any]:
    """A control plane with the volume controllers."""
    world.directory = tmp_path
    await world.start(*CONTROLLERS)
    yield world


@pytest.fixture
async def make_storage(make_world: Callable[..., Any], tmp_path: Path) -> Callable[[], Awaitable[Any]]:
    """As many control planes with the volume controllers as asked for."""

    async def make() -> Any:
        world = make_world()
        world.directory = tmp_path
        await world.start(*CONTROLLERS)
        return world

    return make


@pytest.fixture
def storage_alone(world: Any, scheme: Any, tmp_path: Path) -> Callable[[], Awaitable[Any]]:
    """Control planes for event loops of the test's own; the test stops them."""

    async def make() -> Any:
        alone = type(world)(scheme)
        alone.directory = tmp_path
        await alone.start(*CONTROLLERS)
        return alone

    return make


def check_bindings(volumes: list[Object], claims: list[Object]) -> None:
    """What must hold after every write: no claim has two volumes, no volume two claims."""
    holders: dict[str, str] = {}
    for volume in volumes:
        uid = (volume["spec"].get("claimRef") or {}).get("uid")
        if uid:
            assert uid not in holders, f"{holders[uid]} and {volume['metadata']['name']} have one claim"
            holders[uid] = volume["metadata"]["name"]
    for claim in claims:
        if claim.get("status", {}).get("phase") == "Bound":
            name = claim["spec"]["volumeName"]
            assert holders.get(claim["metadata"]["uid"]) == name or name not in {
                volume["metadata"]["name"] for volume in volumes
            }


@pytest.fixture
def check() -> Callable[[Any], Awaitable[None]]:
    """Checks the bindings of a control plane."""

    async def check_world(world: Any) -> None:
        check_bindings(await world.items(PERSISTENT_VOLUMES), await world.items(PERSISTENT_VOLUME_CLAIMS))

    return check_world
