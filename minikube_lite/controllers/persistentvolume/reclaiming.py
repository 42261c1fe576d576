"""What becomes of a volume whose claim is gone: kept, wiped or deleted; upstream: reclaimVolume of pv_controller.go.

Upstream wipes by a recycler pod that runs on a node; here a volume is a directory of the cluster, wiped directly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minikube_lite.controllers.persistentvolume.binding import Binding
from minikube_lite.controllers.persistentvolume.decisions import Report, deleter_fault, is_recyclable, is_released
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import is_not_found
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.resources import PERSISTENT_VOLUMES
from minikube_lite.programs.volumes import VolumeDirectories
from minikube_lite.store import Object


class Reclaiming:
    """Carries out reclaim policies. Without `directories` volumes have no data."""

    def __init__(
        self,
        client: Client,
        binding: Binding,
        directories: VolumeDirectories | None,
        report: Callable[[Object, Report], None],
    ) -> None:
        self._client = client
        self._binding = binding
        self._directories = directories
        self._report = report

    async def reclaim(self, volume: Object, claim: Object | None, users: Sequence[str]) -> None:
        """Do what the volume's policy says. `users` are the pods that still use it."""
        policy = volume["spec"].get("persistentVolumeReclaimPolicy")
        if not is_released(volume, claim):
            return
        if policy == "Recycle":
            await self._recycle(volume, users)
        elif policy == "Delete":
            await self._delete(volume)
        elif policy != "Retain":
            text = "Volume has unrecognized PersistentVolumeReclaimPolicy"
            await self._fail(volume, Report("Warning", "VolumeUnknownReclaimPolicy", text))

    async def _recycle(self, volume: Object, users: Sequence[str]) -> None:
        if users:
            text = f"Volume is used by pods: {','.join(sorted(users))}"
            self._report(volume, Report("Normal", "VolumeFailedRecycle", text))
            return
        if not is_recyclable(volume):
            text = "No recycler plugin found for the volume!"
            await self._fail(volume, Report("Warning", "VolumeFailedRecycle", text))
            return
        try:
            if self._directories is not None:
                self._directories.recycle(volume["metadata"]["name"])
        except OSError as error:
            await self._fail(volume, Report("Warning", "VolumeFailedRecycle", f"Recycle failed: {error}"))
            raise
        self._report(volume, Report("Normal", "VolumeRecycled", "Volume recycled"))
        await self._binding.unbind(volume)

    async def _delete(self, volume: Object) -> None:
        fault = deleter_fault(volume)
        if fault is None or is_deleting(volume):
            return
        if fault:
            await self._fail(volume, Report("Warning", "VolumeFailedDelete", fault))
            return
        name = volume["metadata"]["name"]
        if self._directories is not None:
            self._directories.delete(name)
        try:
            await self._client.delete(PERSISTENT_VOLUMES, "", name)
        except Exception as error:
            if not is_not_found(error):
                raise

    async def _fail(self, volume: Object, report: Report) -> None:
        if volume.get("status", {}).get("phase") != "Failed":
            written = await self._binding.set_volume_phase(volume, "Failed", report.message)
            self._report(written, report)
