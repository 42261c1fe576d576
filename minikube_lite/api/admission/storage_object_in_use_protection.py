"""StorageObjectInUseProtection: claims and volumes stay while they are in use.

Upstream: plugin/pkg/admission/storage/storageobjectinuseprotection.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import created
from minikube_lite.machinery.volumes import CLAIM_PROTECTION, VOLUME_PROTECTION

FINALIZERS = {
    "persistentvolumes": VOLUME_PROTECTION,
    "persistentvolumeclaims": CLAIM_PROTECTION,
    "volumeattributesclasses.storage.k8s.io": "kubernetes.io/vac-protection",
}


class StorageObjectInUseProtection(Plugin):
    """The plugin."""

    async def admit(self, attributes: Attributes) -> None:
        finalizer = FINALIZERS.get(attributes.resource.key)
        obj = created(attributes, attributes.resource)
        if finalizer is None or obj is None:
            return
        metadata = obj["metadata"]
        finalizers = metadata.get("finalizers") or []
        if finalizer not in finalizers:
            metadata["finalizers"] = [*finalizers, finalizer]
