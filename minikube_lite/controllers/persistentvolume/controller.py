"""PersistentVolumeController: one loop over claims (`namespace/name`) and volumes (`name`).

Upstream: pv_controller_base.go, which looks at everything again every 15 seconds; here whatever can change a decision
asks for the look at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.controllers.persistentvolume.binding import Binding
from minikube_lite.controllers.persistentvolume.decisions import (
    AssignClass,
    Bind,
    Fail,
    Provision,
    Report,
    SetClaimPhase,
    decide_claim,
    decide_volume,
)
from minikube_lite.controllers.persistentvolume.latest import Latest
from minikube_lite.controllers.persistentvolume.reclaiming import Reclaiming
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import is_not_found
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import is_pod_terminal
from minikube_lite.machinery.pod_indexes import CLAIM_INDEX, claim_keys, index_by_claim
from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, STORAGE_CLASSES
from minikube_lite.machinery.volumes import claim_key, storage_class_of, waits_for_first_consumer
from minikube_lite.programs.volumes import VolumeDirectories
from minikube_lite.store import Object


class PersistentVolumeController(Controller):
    """Binds claims to volumes, and takes volumes back when their claims are gone."""

    name = "persistent-volume-binder"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self.events = context.events.recorder("persistentvolume-controller")
        self._classes = self.informer(STORAGE_CLASSES, self._class_changed)
        self._pods = self.informer(PODS)
        index_by_claim(self._pods)
        self._claim_informer = self.informer(PERSISTENT_VOLUME_CLAIMS)
        self._claim_informer.add_index("unbound", _unbound)
        self._volume_informer = self.informer(PERSISTENT_VOLUMES)
        self._volume_informer.add_index("claim", _claim_key_of_volume)
        self._claims, self._volumes = Latest(self._claim_informer), Latest(self._volume_informer)
        # Ours come after the caches', which must have forgotten what is outdated.
        self._claim_informer.add_handler(self._claim_changed)
        self._volume_informer.add_handler(self._volume_changed)
        self._pods.add_handler(self._pod_changed)
        self._binding = Binding(self.client, self._volumes, self._claims)
        directories = VolumeDirectories(context.directory) if context.directory is not None else None
        self._reclaiming = Reclaiming(self.client, self._binding, directories, self._report_volume)

    # What asks for a look

    def _claim_changed(self, old: Object | None, new: Object | None) -> None:
        self.enqueue_changed(old, new)
        claim = new if new is not None else old
        if new is None and claim is not None:
            for volume in self._volume_informer.by_index("claim", object_key(claim)):
                self.queue.add(volume["metadata"]["name"])

    def _volume_changed(self, old: Object | None, new: Object | None) -> None:
        self.enqueue_changed(old, new)
        volume = new if new is not None else old
        assert volume is not None
        reference, phase = volume["spec"].get("claimRef"), volume.get("status", {}).get("phase")
        if new is None:
            if reference is not None:
                self.queue.add(claim_key(reference))
        elif phase == "Available" and not (reference or {}).get("uid"):
            self._look_at_unbound()

    def _class_changed(self, old: Object | None, new: Object | None) -> None:
        self._look_at_unbound()

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        pod = new if new is not None else old
        assert pod is not None
        added, gone = old is None, new is None or is_pod_terminal(new)
        for key in claim_keys(pod) if added or gone else ():
            claim = self._claim_informer.get(*split_key(key))
            if added and claim is not None and not claim["spec"].get("volumeName"):
                if waits_for_first_consumer(self._classes.get("", storage_class_of(claim))):
                    self.queue.add(key)
            for volume in self._volume_informer.by_index("claim", key) if gone else ():
                if volume.get("status", {}).get("phase") == "Released":
                    self.queue.add(volume["metadata"]["name"])

    def _look_at_unbound(self) -> None:
        """Claims without a volume may find one now."""
        for claim in self._claim_informer.by_index("unbound", "yes"):
            self.queue.add(object_key(claim))

    # What is done

    async def sync(self, key: str) -> None:
        namespace, name = split_key(key)
        if namespace:
            claim = self._claims.get(namespace, name)
            if claim is not None:
                await self._sync_claim(key, claim)
        else:
            volume = self._volumes.get("", name)
            if volume is not None:
                await self._sync_volume(volume)

    async def _sync_claim(self, key: str, claim: Object) -> None:
        volumes = {volume["metadata"]["name"]: volume for volume in self._volumes.list_objects()}
        classes = {item["metadata"]["name"]: item for item in self._classes}
        unscheduled = [pod["metadata"]["name"] for pod in self._users(key) if not pod["spec"].get("nodeName")]
        step = decide_claim(claim, volumes, classes, unscheduled)
        if isinstance(step, Bind):
            await self._binding.bind(step.volume, claim)
        elif isinstance(step, SetClaimPhase):
            changes = claim.get("status", {}).get("phase") != step.phase
            if not step.only_on_change:
                self._report_claim(claim, step.report)
            written = await self._binding.set_claim_phase(claim, step.phase)
            if step.only_on_change and changes:
                self._report_claim(written, step.report)
        elif isinstance(step, AssignClass):
            await self._binding.assign_class(claim, step.name)
        elif isinstance(step, Provision):
            await self._binding.ask_provisioner(claim, step.provisioner)
            self._report_claim(claim, step.report)
        elif isinstance(step, Fail):
            self._report_claim(claim, step.report)

    async def _sync_volume(self, volume: Object) -> None:
        claim = await self._claim_of(volume)
        step = decide_volume(volume, claim)
        if step in ("Available", "Bound"):
            await self._binding.set_volume_phase(volume, step)
        elif step == "Unbind":
            await self._binding.unbind(volume)
        elif step == "Release":
            if volume.get("status", {}).get("phase") not in ("Released", "Failed"):
                volume = await self._binding.set_volume_phase(volume, "Released")
            await self._reclaiming.reclaim(volume, claim, self._names_of_users(volume))
        elif claim is not None and step == "WaitForClaim":
            self.queue.add(object_key(claim))
        elif claim is not None:
            self._report_mode_mismatch(volume, claim)

    async def _claim_of(self, volume: Object) -> Object | None:
        """The claim in the volume's claimRef. Before a volume is taken back, the API itself is asked."""
        reference = volume["spec"].get("claimRef")
        if reference is None or not reference.get("uid"):
            return None
        namespace, name = reference.get("namespace", ""), reference.get("name", "")
        claim = self._claims.get(namespace, name)
        if claim is not None and claim["metadata"]["uid"] == reference["uid"]:
            return claim
        try:
            return await self.client.get(PERSISTENT_VOLUME_CLAIMS, namespace, name)
        except Exception as error:
            if not is_not_found(error):
                raise
            return None

    def _users(self, key: str) -> list[Object]:
        """The pods that use a claim and have not ended."""
        return [pod for pod in self._pods.by_index(CLAIM_INDEX, key) if not is_pod_terminal(pod)]

    def _names_of_users(self, volume: Object) -> list[str]:
        """The pods that use a volume by a claim that is gone; a new claim of that name has another volume."""
        key = claim_key(volume["spec"]["claimRef"])
        if self._claims.get(*split_key(key)) is not None:
            return []
        return [object_key(pod) for pod in self._users(key)]

    # What is told

    def _report_claim(self, claim: Object, report: Report | None) -> None:
        if report is not None:
            about = ObjectReference.of(claim, PERSISTENT_VOLUME_CLAIMS, "PersistentVolumeClaim")
            self.events.event(about, report.type, report.reason, report.message)

    def _report_volume(self, volume: Object, report: Report) -> None:
        about = ObjectReference.of(volume, PERSISTENT_VOLUMES, "PersistentVolume")
        self.events.event(about, report.type, report.reason, report.message)

    def _report_mode_mismatch(self, volume: Object, claim: Object) -> None:
        text = "due to incompatible volumeMode."
        volume_name, claim_name = volume["metadata"]["name"], claim["metadata"]["name"]
        of_volume = f'Cannot bind PersistentVolume to requested PersistentVolumeClaim "{claim_name}" {text}'
        of_claim = f'Cannot bind PersistentVolume "{volume_name}" to requested PersistentVolumeClaim {text}'
        self._report_volume(volume, Report("Warning", "VolumeMismatch", of_volume))
        self._report_claim(claim, Report("Warning", "VolumeMismatch", of_claim))


def _claim_key_of_volume(volume: Object) -> Iterable[str]:
    reference = volume["spec"].get("claimRef")
    return (claim_key(reference),) if reference is not None else ()


def _unbound(claim: Object) -> Iterable[str]:
    return () if claim.get("status", {}).get("phase") == "Bound" else ("yes",)
