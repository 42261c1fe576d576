"""VolumeAttachments; upstream: pkg/registry/storage/volumeattachment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.columns import AGE, NAME, boolean_column, text_column, value_at
from minikube_lite.api.kinds.core.persistentvolume_sources import csi_driver_name_errors
from minikube_lite.api.kinds.go_structs import GoField, go_struct
from minikube_lite.machinery.kind import Column, FieldText, Kind, RequestContext, StatusStrategy, Strategy
from minikube_lite.machinery.names import byte_length, name_is_dns_subdomain
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, required, too_long
from minikube_lite.store import Object

ATTACHMENT_METADATA_BYTES_MAX = 256 * 1024
ERROR_MESSAGE_BYTES_MAX = 1024

_SPEC_FIELDS = (
    GoField("Attacher", "attacher", ""),
    GoField(
        "Source",
        "source",
        {},
        (GoField("PersistentVolumeName", "persistentVolumeName"), GoField("InlineVolumeSpec", "inlineVolumeSpec")),
    ),
    GoField("NodeName", "nodeName", ""),
)

SPEC = Path("spec")
STATUS = Path("status")


class VolumeAttachmentStrategy(Strategy):
    """All writes but those of status."""

    manages_generation = False
    allow_unconditional_update = False

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {"attached": False}

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        spec = obj.get("spec", {})
        yield from csi_driver_name_errors(spec.get("attacher", ""), SPEC.child("attacher"))
        source = spec.get("source", {})
        yield from _source_errors(source, SPEC.child("source"))
        for message in name_is_dns_subdomain(spec.get("nodeName", "")):
            yield invalid(SPEC.child("nodeName"), spec.get("nodeName", ""), message)
        yield from _status_errors(obj.get("status", {}))
        name = source.get("persistentVolumeName")
        if name is not None:
            for message in name_is_dns_subdomain(name):
                yield invalid(SPEC.child("source", "persistentVolumeName"), name, message)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from self.validate(context, new)
        if new.get("spec") != old.get("spec"):
            yield invalid(SPEC, go_struct(new.get("spec"), _SPEC_FIELDS), "field is immutable")


class VolumeAttachmentStatusStrategy(StatusStrategy):
    """The status: whether the volume is attached."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        yield from self.main.validate(context, new)


def _source_errors(source: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    name, inline = source.get("persistentVolumeName"), source.get("inlineVolumeSpec")
    text = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    if name is None and inline is None:
        yield required(path, text)
    elif name is not None and inline is not None:
        yield forbidden(path, text)
    elif name == "":
        yield required(path.child("persistentVolumeName"), "must specify non empty persistentVolumeName")
    elif inline is not None and inline.get("csi") is None:
        yield required(path.child("inlineVolumeSpec", "csi"), "has to be specified in the context of inline volumes")


def _status_errors(status: Mapping[str, Any]) -> Iterator[FieldError]:
    metadata = status.get("attachmentMetadata") or {}
    if sum(byte_length(key) + byte_length(value) for key, value in metadata.items()) > ATTACHMENT_METADATA_BYTES_MAX:
        yield too_long(STATUS.child("attachmentMetadata"), ATTACHMENT_METADATA_BYTES_MAX)
    for name in ("attachError", "detachError"):
        if byte_length(value_at(status, (name, "message"), "")) > ERROR_MESSAGE_BYTES_MAX:
            # Upstream tells the other limit here.
            yield too_long(STATUS.child(name, "message"), ATTACHMENT_METADATA_BYTES_MAX)
        code = value_at(status, (name, "errorCode"), 0)
        if code < 0:
            yield invalid(STATUS.child(name, "errorCode"), code, "must be between 0 and 2147483647, inclusive")


STRATEGY = VolumeAttachmentStrategy()

KIND = Kind(
    group="storage.k8s.io",
    plural="volumeattachments",
    strategy=STRATEGY,
    status_strategy=VolumeAttachmentStatusStrategy(STRATEGY),
    columns=(
        NAME,
        Column(
            "Attacher",
            text_column("", "spec", "attacher").cell,
            format="name",
            description=FieldText("io.k8s.api.storage.v1.VolumeAttachmentSpec", "attacher"),
        ),
        text_column(
            "PV",
            "spec",
            "source",
            "persistentVolumeName",
            description=FieldText("io.k8s.api.storage.v1.VolumeAttachmentSource", "persistentVolumeName"),
        ),
        text_column(
            "Node", "spec", "nodeName", description=FieldText("io.k8s.api.storage.v1.VolumeAttachmentSpec", "nodeName")
        ),
        boolean_column(
            "Attached",
            "status",
            "attached",
            description=FieldText("io.k8s.api.storage.v1.VolumeAttachmentStatus", "attached"),
        ),
        AGE,
    ),
    delete_returns_object=True,
    emulated=False,
)
