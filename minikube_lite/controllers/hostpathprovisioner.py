"""HostPathProvisioner: makes volumes for claims of the default class, grows them, and deletes them with their claims.

Upstream: minikube's storage-provisioner and sig-storage-lib-external-provisioner; growing is external-resizer's.
"""

from __future__ import annotations

from minikube_lite.controllers.persistentvolume.binding import claim_reference
from minikube_lite.machinery.controller import Controller, ControllerContext, split_key
from minikube_lite.machinery.errors import is_already_exists, is_not_found
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import copy_object, is_deleting
from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES
from minikube_lite.machinery.volumes import (
    PROVISIONED_BY,
    SELECTED_NODE,
    STORAGE_PROVISIONER,
    annotations_of,
    requested_storage,
    storage_class_of,
    storage_of,
    volume_mode_of,
    waits_for_first_consumer,
)
from minikube_lite.programs.volumes import VolumeDirectories
from minikube_lite.store import Object

PROVISIONER = "minikube-lite.io/hostpath"
BASE_PATH = "/tmp/hostpath-provisioner"
"""Below it lies, by its spec, the path of a volume; where the data really is, is the cluster's own affair."""


class HostPathProvisioner(Controller):
    """One loop over claims (`namespace/name`) and volumes (`name`)."""

    name = "storage-provisioner"
    manager = "storage-provisioner"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self.events = context.events.recorder(PROVISIONER)
        self._directories = VolumeDirectories(context.directory) if context.directory is not None else None
        self._classes = self.informer(STORAGE_CLASSES)
        self._claims = self.informer(PERSISTENT_VOLUME_CLAIMS, self.enqueue_changed)
        self._volumes = self.informer(PERSISTENT_VOLUMES, self.enqueue_changed)

    async def sync(self, key: str) -> None:
        namespace, name = split_key(key)
        if not namespace:
            volume = self._volumes.get("", name)
            if volume is not None and should_delete(volume):
                await self._delete(name)
            return
        claim = self._claims.get(namespace, name)
        if claim is None:
            return
        storage_class = self._classes.get("", storage_class_of(claim))
        if should_provision(claim, storage_class):
            assert storage_class is not None
            await self._provision(claim, storage_class)
        elif claim.get("status", {}).get("phase") == "Bound" and not is_deleting(claim):
            await self._grow(claim)

    async def _provision(self, claim: Object, storage_class: Object) -> None:
        name = f"pvc-{claim['metadata']['uid']}"
        if self._volumes.get("", name) is not None:
            return
        if volume_mode_of(claim) == "Block":
            text = f"{PROVISIONER} does not support block volume provisioning"
            self.events.event(_about_claim(claim), "Warning", "ProvisioningFailed", text)
            return
        where = f"{claim['metadata']['namespace']}/{claim['metadata']['name']}"
        text = f'External provisioner is provisioning volume for claim "{where}"'
        self.events.event(_about_claim(claim), "Normal", "Provisioning", text)
        try:
            await self.client.create(PERSISTENT_VOLUMES, "", provisioned_volume(claim, storage_class, name))
        except Exception as error:
            if not is_already_exists(error):
                raise
            return
        text = f"Successfully provisioned volume {name}"
        self.events.event(_about_claim(claim), "Normal", "ProvisioningSucceeded", text)

    async def _delete(self, name: str) -> None:
        if self._directories is not None:
            self._directories.delete(name)
        try:
            await self.client.delete(PERSISTENT_VOLUMES, "", name)
        except Exception as error:
            if not is_not_found(error):
                raise

    async def _grow(self, claim: Object) -> None:
        """Give a claim that asks for more the size: the volume first, then what the claim shows."""
        volume = self._volumes.get("", claim["spec"].get("volumeName", ""))
        wanted = requested_storage(claim)
        if volume is None or annotations_of(volume).get(PROVISIONED_BY) != PROVISIONER:
            return
        if wanted <= storage_of(claim.get("status", {}).get("capacity")):
            return
        size = {"storage": claim["spec"]["resources"]["requests"]["storage"]}
        if storage_of(volume["spec"].get("capacity")) < wanted:
            text = f"External resizer is resizing volume {volume['metadata']['name']}"
            self.events.event(_about_claim(claim), "Normal", "Resizing", text)
            new = copy_object(volume)
            new["spec"]["capacity"] = size
            await self.client.update(PERSISTENT_VOLUMES, "", new)
        new = copy_object(claim)
        new["status"]["capacity"] = size
        await self.client.update(PERSISTENT_VOLUME_CLAIMS, claim["metadata"]["namespace"], new, subresource="status")
        self.events.event(_about_claim(claim), "Normal", "VolumeResizeSuccessful", "Resize volume succeeded")


def should_provision(claim: Object, storage_class: Object | None) -> bool:
    """Whether the binder has asked us for a volume; where pods come first, a node must be chosen too."""
    annotations = annotations_of(claim)
    if claim["spec"].get("volumeName") or annotations.get(STORAGE_PROVISIONER) != PROVISIONER or is_deleting(claim):
        return False
    if storage_class is None or storage_class.get("provisioner") != PROVISIONER:
        return False
    return not waits_for_first_consumer(storage_class) or SELECTED_NODE in annotations


def should_delete(volume: Object) -> bool:
    """Whether a volume of ours is to go because its claim went."""
    return (
        volume.get("status", {}).get("phase") == "Released"
        and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        and annotations_of(volume).get(PROVISIONED_BY) == PROVISIONER
        and not is_deleting(volume)
    )


def provisioned_volume(claim: Object, storage_class: Object, name: str) -> Object:
    """A volume made for a claim, and bound to it already."""
    metadata, spec = claim["metadata"], claim["spec"]
    new: Object = {
        "accessModes": list(spec.get("accessModes") or ()),
        "capacity": {"storage": spec["resources"]["requests"]["storage"]},
        "claimRef": claim_reference(claim),
        "hostPath": {"path": f"{BASE_PATH}/{metadata['namespace']}/{metadata['name']}", "type": ""},
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
        "storageClassName": storage_class["metadata"]["name"],
        "volumeMode": volume_mode_of(claim),
    }
    if storage_class.get("mountOptions"):
        new["mountOptions"] = list(storage_class["mountOptions"])
    return {"metadata": {"name": name, "annotations": {PROVISIONED_BY: PROVISIONER}}, "spec": new}


def _about_claim(claim: Object) -> ObjectReference:
    return ObjectReference.of(claim, PERSISTENT_VOLUME_CLAIMS, "PersistentVolumeClaim")
