"""Writes that bind a volume and a claim to each other, or undo it; upstream: bind and unbindVolume of pv_controller.go.

The volume is written first: a claimRef with the claim's uid is what makes the binding exclusive.
"""

from __future__ import annotations

from minikube_lite.controllers.persistentvolume.latest import Latest
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES
from minikube_lite.machinery.volumes import (
    BETA_STORAGE_PROVISIONER,
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    STORAGE_PROVISIONER,
    annotations_of,
    is_volume_bound_to_claim,
    storage_of,
)
from minikube_lite.store import Object


class Binding:
    """Writes volumes and claims, and tells the caches. A write that changes nothing is not made."""

    def __init__(self, client: Client, volumes: Latest, claims: Latest) -> None:
        self._client = client
        self._volumes = volumes
        self._claims = claims

    async def bind(self, volume: Object, claim: Object) -> None:
        """Bind both: the volume's reference, its phase, the claim's volume, its phase."""
        volume = await self._bind_volume(volume, claim)
        await self.set_volume_phase(volume, "Bound")
        claim = await self._bind_claim(claim, volume)
        await self.set_claim_phase(claim, "Bound", volume)

    async def unbind(self, volume: Object) -> None:
        """Free a volume; one that a user reserved stays reserved."""
        new = copy_object(volume)
        if BOUND_BY_CONTROLLER in annotations_of(volume):
            del new["spec"]["claimRef"]
            del new["metadata"]["annotations"][BOUND_BY_CONTROLLER]
            if not new["metadata"]["annotations"]:
                del new["metadata"]["annotations"]
        else:
            new["spec"]["claimRef"].pop("uid", None)
        await self.set_volume_phase(await self._write_volume(new), "Available")

    async def set_volume_phase(self, volume: Object, phase: str, message: str = "") -> Object:
        """Write a volume's phase."""
        if volume.get("status", {}).get("phase") == phase:
            return volume
        new = copy_object(volume)
        status = new.setdefault("status", {})
        status["phase"] = phase
        status.pop("message", None)
        if message:
            status["message"] = message
        return await self._write_volume(new, "status")

    async def set_claim_phase(self, claim: Object, phase: str, volume: Object | None = None) -> Object:
        """Write a claim's phase, and what it got: nothing, or the volume's modes and size."""
        status = dict(claim.get("status", {}))
        becomes = status.get("phase") != phase
        status["phase"] = phase
        if volume is None:
            for part in ("accessModes", "capacity", "currentVolumeAttributesClassName"):
                status.pop(part, None)
        else:
            status["accessModes"] = list(volume["spec"].get("accessModes") or ())
            # Once bound, the claim's own capacity counts: it follows the volume's when the file system has grown.
            capacity = volume["spec"].get("capacity") or {}
            if becomes and ("capacity" not in status or storage_of(status["capacity"]) != storage_of(capacity)):
                status["capacity"] = dict(capacity)
            if becomes and volume["spec"].get("volumeAttributesClassName") is not None:
                status["currentVolumeAttributesClassName"] = volume["spec"]["volumeAttributesClassName"]
        if status == claim.get("status", {}):
            return claim
        return await self._write_claim({**copy_object(claim), "status": status}, "status")

    async def assign_class(self, claim: Object, class_name: str) -> None:
        """Set the class of a claim that named none."""
        new = copy_object(claim)
        new["spec"]["storageClassName"] = class_name
        await self._write_claim(new)

    async def ask_provisioner(self, claim: Object, provisioner: str) -> None:
        """Write on the claim who is to make its volume."""
        if annotations_of(claim).get(STORAGE_PROVISIONER) == provisioner:
            return
        new = copy_object(claim)
        annotations = new["metadata"].setdefault("annotations", {})
        annotations[BETA_STORAGE_PROVISIONER] = annotations[STORAGE_PROVISIONER] = provisioner
        await self._write_claim(new)

    async def _bind_volume(self, volume: Object, claim: Object) -> Object:
        new, reserved = copy_object(volume), is_volume_bound_to_claim(volume, claim)
        metadata = claim["metadata"]
        if (volume["spec"].get("claimRef") or {}).get("uid") != metadata["uid"]:
            new["spec"]["claimRef"] = claim_reference(claim)
        if not reserved:
            new["metadata"].setdefault("annotations", {}).setdefault(BOUND_BY_CONTROLLER, "yes")
        return volume if new == volume else await self._write_volume(new)

    async def _bind_claim(self, claim: Object, volume: Object) -> Object:
        new, name = copy_object(claim), volume["metadata"]["name"]
        annotations = new["metadata"].setdefault("annotations", {})
        if claim["spec"].get("volumeName") != name:
            new["spec"]["volumeName"] = name
            annotations.setdefault(BOUND_BY_CONTROLLER, "yes")
        annotations.setdefault(BIND_COMPLETED, "yes")
        return claim if new == claim else await self._write_claim(new)

    async def _write_volume(self, volume: Object, subresource: str = "") -> Object:
        written = await self._client.update(PERSISTENT_VOLUMES, "", volume, subresource=subresource)
        self._volumes.wrote(written)
        return written

    async def _write_claim(self, claim: Object, subresource: str = "") -> Object:
        namespace = claim["metadata"]["namespace"]
        written = await self._client.update(PERSISTENT_VOLUME_CLAIMS, namespace, claim, subresource=subresource)
        self._claims.wrote(written)
        return written


def claim_reference(claim: Object) -> Object:
    """The claimRef of the claim's volume."""
    metadata = claim["metadata"]
    return {
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "v1",
        "resourceVersion": metadata["resourceVersion"],
    }
