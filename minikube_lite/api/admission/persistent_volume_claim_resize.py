"""PersistentVolumeClaimResize: only claims whose class allows it may grow.

Upstream: plugin/pkg/admission/storage/persistentvolume/resize.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import forbidden_by_admission, written
from minikube_lite.machinery.kind import Reader
from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, STORAGE_CLASSES
from minikube_lite.machinery.volumes import requested_storage, storage_class_of
from minikube_lite.store import Object

MAY_NOT_GROW = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


class PersistentVolumeClaimResize(Plugin):
    """The plugin."""

    async def validate(self, attributes: Attributes) -> None:
        new, old = written(attributes, PERSISTENT_VOLUME_CLAIMS), attributes.old
        if new is None or old is None or requested_storage(new) <= requested_storage(old):
            return
        if old.get("status", {}).get("phase") != "Bound":
            raise forbidden_by_admission(attributes, "Only bound persistent volume claims can be expanded")
        if not _may_grow(new, old, attributes.context.reader):
            raise forbidden_by_admission(attributes, MAY_NOT_GROW)


def _may_grow(new: Object, old: Object, reader: Reader) -> bool:
    name = storage_class_of(new)
    if not name or name != storage_class_of(old):
        return False
    storage_class = reader.get(STORAGE_CLASSES, "", name)
    return storage_class is not None and bool(storage_class.get("allowVolumeExpansion"))
