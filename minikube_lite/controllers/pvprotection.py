"""PVProtectionController: a deleted volume stays while it is bound; upstream: pkg/controller/volume/pvprotection."""

from __future__ import annotations

from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.meta import copy_object, is_deleting
from minikube_lite.machinery.resources import PERSISTENT_VOLUMES
from minikube_lite.machinery.volumes import VOLUME_PROTECTION
from minikube_lite.store import Object


class PVProtectionController(Controller):
    """Takes the finalizer off volumes that are deleted and not bound, and puts it on those that lack it."""

    name = "pv-protection-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._volumes = self.informer(PERSISTENT_VOLUMES, self.enqueue_changed)

    async def sync(self, key: str) -> None:
        volume = self._volumes.get("", key)
        if volume is None:
            return
        finalizers = volume["metadata"].get("finalizers") or []
        if is_deleting(volume):
            if VOLUME_PROTECTION in finalizers and volume.get("status", {}).get("phase") != "Bound":
                await self._write(volume, [name for name in finalizers if name != VOLUME_PROTECTION])
        elif VOLUME_PROTECTION not in finalizers:
            await self._write(volume, [*finalizers, VOLUME_PROTECTION])

    async def _write(self, volume: Object, finalizers: list[str]) -> None:
        new = copy_object(volume)
        new["metadata"]["finalizers"] = finalizers
        await self.client.update(PERSISTENT_VOLUMES, "", new)
