"""DefaultStorageClass: a claim that names no class gets the default one.

Upstream: plugin/pkg/admission/storage/storageclass/setdefault. A listed difference: while a free volume without a class
fits the claim, its class stays open, so that the binder gives it that volume. If another claim was faster, the binder
sets the default class afterwards, as upstream's does for claims that are older than the class.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import created
from minikube_lite.machinery.kind import Reader
from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES
from minikube_lite.machinery.volumes import (
    FREE_OR_NEW_PHASES,
    default_storage_class,
    find_matching_volume,
    has_storage_class,
)
from minikube_lite.store import Object


class DefaultStorageClass(Plugin):
    """The plugin."""

    async def admit(self, attributes: Attributes) -> None:
        claim, context = created(attributes, PERSISTENT_VOLUME_CLAIMS), attributes.context
        if claim is None or has_storage_class(claim):
            return
        default = default_storage_class(context.reader.list_objects(STORAGE_CLASSES))
        if default is not None and not fitting_volume_is_free(claim, context.reader, context.namespace):
            claim["spec"]["storageClassName"] = default["metadata"]["name"]


def fitting_volume_is_free(claim: Object, reader: Reader, namespace: str) -> bool:
    """Whether a volume without a class could take the claim; one just made, which has no phase yet, counts."""
    if claim["spec"].get("volumeName"):
        volume = reader.get(PERSISTENT_VOLUMES, "", claim["spec"]["volumeName"])
        return volume is not None and not volume["spec"].get("storageClassName")
    placed = {**claim, "metadata": {"name": "", **claim["metadata"], "namespace": namespace}}
    volumes = reader.list_objects(PERSISTENT_VOLUMES)
    return find_matching_volume(placed, volumes, phases=FREE_OR_NEW_PHASES) is not None
