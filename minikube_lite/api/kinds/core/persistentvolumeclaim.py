"""PersistentVolumeClaims; upstream: pkg/registry/core/persistentvolumeclaim and pkg/api/persistentvolumeclaim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.columns import AGE, NAME, UNSET, cell_column, text_column, value_at
from minikube_lite.api.kinds.core.persistentvolume import (
    BETA_STORAGE_CLASS,
    DEPRECATED_ANNOTATIONS,
    access_modes_text,
    phase_text,
    selectable,
    storage_class_text,
    volume_mode_column,
)
from minikube_lite.api.kinds.core.pod_resources import validate_quantity
from minikube_lite.api.kinds.core.pod_volume_claims import validate_claim_spec
from minikube_lite.api.kinds.go_structs import GoField, go_diff, go_struct
from minikube_lite.api.kinds.quantities import basic_errors, sorted_items
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, StatusStrategy, Strategy
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.machinery.names import is_qualified_name
from minikube_lite.machinery.pod_resources import is_native_resource
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

RESIZE_STATUSES = (
    "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible",
    "NodeResizePending",
)  # fmt: skip

_DATA_SOURCE = (GoField("APIGroup", "apiGroup"), GoField("Kind", "kind", ""), GoField("Name", "name", ""))
_SPEC_FIELDS = (
    GoField("AccessModes", "accessModes"),
    GoField("Selector", "selector"),
    GoField("Resources", "resources", {}, (GoField("Limits", "limits"), GoField("Requests", "requests"))),
    GoField("VolumeName", "volumeName", ""),
    GoField("StorageClassName", "storageClassName"),
    GoField("VolumeMode", "volumeMode"),
    GoField("DataSource", "dataSource", None, _DATA_SOURCE),
    GoField("DataSourceRef", "dataSourceRef", None, (*_DATA_SOURCE, GoField("Namespace", "namespace"))),
    GoField("VolumeAttributesClassName", "volumeAttributesClassName"),
)

SPEC = Path("spec")


class PersistentVolumeClaimStrategy(Strategy):
    """All writes but those of status."""

    manages_generation = False

    def default(self, obj: Object) -> None:
        obj.setdefault("status", {}).setdefault("phase", "Pending")
        default_claim_spec(obj.setdefault("spec", {}))

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {"phase": "Pending"}
        _drop_data_sources(obj["spec"], {})
        normalize_data_sources(obj["spec"])

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        return validate_claim_spec(obj["spec"], SPEC)

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        return claim_warnings(obj)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        _drop_data_sources(new["spec"], old["spec"])
        normalize_data_sources(new["spec"])

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from validate_claim_spec(new["spec"], SPEC)
        yield from _update_errors(new, old)

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        return claim_warnings(new)


class PersistentVolumeClaimStatusStrategy(StatusStrategy):
    """The status: what the claim got."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        if not new["spec"].get("accessModes"):
            yield required(Path("Spec.accessModes"))
        status, path = new.get("status", {}), Path("status")
        for name, amount in sorted_items(status.get("capacity")):
            yield from basic_errors(amount, path.child("capacity").key(name))
        place = path.child("allocatedResourceStatuses")
        for name, state in sorted_items(status.get("allocatedResourceStatuses")):
            yield from _resource_key_errors(name, place)
            if state not in RESIZE_STATUSES:
                yield not_supported(place, name, sorted(RESIZE_STATUSES))
        place = path.child("allocatedResources")
        for name, amount in sorted_items(status.get("allocatedResources")):
            faults = [*_resource_key_errors(name, place)] or [*basic_errors(amount, place.key(name))]
            yield from faults or validate_quantity("storage", amount, place.key(name))


def default_claim_spec(spec: Object) -> None:
    """The defaults of a claim's spec, also where it stands in a template."""
    spec.setdefault("resources", {})
    spec.setdefault("volumeMode", "Filesystem")


def _drop_data_sources(spec: Object, before: Mapping[str, Any]) -> None:
    """Drop a dataSource that upstream never supported; a dataSourceRef may not name another namespace."""
    reference = spec.get("dataSourceRef")
    if reference and reference.get("namespace") and before.get("dataSourceRef") is None:
        spec.pop("dataSourceRef")
        reference = None
    if before.get("dataSource") is not None or before.get("dataSourceRef") is not None or reference is not None:
        return
    source = spec.get("dataSource")
    if source is not None:
        kind = (source.get("apiGroup") or "", source.get("kind", ""))
        if kind not in (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot")):
            spec.pop("dataSource")


def normalize_data_sources(spec: Object) -> None:
    """Mirror dataSource and dataSourceRef, of which clients know one."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        spec["dataSourceRef"] = {key: source.get(key) for key in ("apiGroup", "kind", "name")}
    elif reference is not None and source is None and not reference.get("namespace"):
        spec["dataSource"] = {key: reference.get(key) for key in ("apiGroup", "kind", "name")}


def _resource_key_errors(name: str, path: Path) -> Iterator[FieldError]:
    faults = is_qualified_name(name)
    yield from (invalid(path, name, message) for message in faults)
    if not faults and is_native_resource(name) and name != "storage":
        yield not_supported(path, name, ("storage",))


def _update_errors(new: Object, old: Object) -> Iterator[FieldError]:
    spec, before, annotations = (
        copy_object(new["spec"]),
        copy_object(old["spec"]),
        new["metadata"].get("annotations") or {},
    )
    old_annotations = old["metadata"].get("annotations") or {}
    if not before.get("volumeName") and "volumeName" in spec:
        before["volumeName"] = spec["volumeName"]
    old_class, beta, new_class = (
        before.get("storageClassName"),
        old_annotations.get(BETA_STORAGE_CLASS),
        spec.get("storageClassName"),
    )
    from_annotation = beta is not None and old_class is None and new_class == beta
    if from_annotation and annotations.get(BETA_STORAGE_CLASS, beta) == beta:
        spec.pop("storageClassName")
    else:
        if annotations.get(BETA_STORAGE_CLASS, "") != old_annotations.get(BETA_STORAGE_CLASS, ""):
            path = Path("metadata").child("annotations", BETA_STORAGE_CLASS)
            yield invalid(path, annotations.get(BETA_STORAGE_CLASS, ""), "field is immutable")
        if new_class is not None and old_class is None and (beta is None or new_class == beta):
            # A claim without a class may get one later: the default class, when there is one at last.
            spec.pop("storageClassName")
    if value_at(new, ("status", "phase")) == "Bound":
        if value_at(spec, ("resources", "requests", "storage")) is not None:
            spec["resources"]["requests"]["storage"] = value_at(before, ("resources", "requests", "storage"))
        spec.pop("volumeAttributesClassName", None)
        if "volumeAttributesClassName" in before:
            spec["volumeAttributesClassName"] = before["volumeAttributesClassName"]
    normalize_data_sources(before)
    if spec != before:
        shown = go_diff(go_struct(before, _SPEC_FIELDS), go_struct(spec, _SPEC_FIELDS))
        allowed = "resources.requests and volumeAttributesClassName for bound claims"
        text = f"spec is immutable after creation except {allowed}\n{shown}"
        yield forbidden(SPEC, text)
    yield from _size_errors(new, old)
    yield from validate_immutable_field(
        new["spec"].get("volumeMode"), old["spec"].get("volumeMode"), Path("volumeMode")
    )
    yield from _attributes_class_errors(new, old)


def _size_errors(new: Object, old: Object) -> Iterator[FieldError]:
    place = ("resources", "requests", "storage")
    size, before = (Quantity.parse(value_at(obj["spec"], place, "0")) for obj in (new, old))
    if size < before and size <= Quantity.parse(value_at(old, ("status", "capacity", "storage"), "0")):
        yield forbidden(SPEC.child(*place), "field can not be less than status.capacity")


def _attributes_class_errors(new: Object, old: Object) -> Iterator[FieldError]:
    name, before = new["spec"].get("volumeAttributesClassName"), old["spec"].get("volumeAttributesClassName")
    if name != before and not name and value_at(old, ("status", "currentVolumeAttributesClassName")) is not None:
        what = "nil" if name is None else "empty string"
        text = f"update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil"
        yield forbidden(SPEC.child("volumeAttributesClassName"), text)


def claim_warnings(obj: Object) -> Iterator[str]:
    """What is allowed in a claim but outdated or odd."""
    if BETA_STORAGE_CLASS in (obj["metadata"].get("annotations") or {}):
        yield f"{Path('metadata.annotations').key(BETA_STORAGE_CLASS)}: {DEPRECATED_ANNOTATIONS[BETA_STORAGE_CLASS]}"
    yield from claim_spec_warnings(obj["spec"], SPEC)


def claim_spec_warnings(spec: Mapping[str, Any], path: Path) -> Iterator[str]:
    """What is odd in a claim's spec, also where it stands in a template."""
    for part in ("requests", "limits"):
        amount = value_at(spec, ("resources", part, "storage"), "0")
        if Quantity.parse(amount).milli % 1000:
            place = path.child("resources", part).key("storage")
            yield f'{place}: fractional byte value "{amount}" is invalid, must be an integer'


def _if_bound(text: Any) -> Any:
    return lambda obj: text(obj) if obj["spec"].get("volumeName") else ""


COLUMNS = (
    NAME,
    cell_column("Status", phase_text, description=FieldText("io.k8s.api.core.v1.PersistentVolumeClaimStatus", "phase")),
    text_column(
        "Volume",
        "spec",
        "volumeName",
        description=FieldText("io.k8s.api.core.v1.PersistentVolumeClaimSpec", "volumeName"),
    ),
    cell_column(
        "Capacity",
        _if_bound(lambda obj: value_at(obj, ("status", "capacity", "storage"), "0")),
        description=FieldText("io.k8s.api.core.v1.PersistentVolumeClaimStatus", "capacity"),
    ),
    cell_column(
        "Access Modes",
        _if_bound(lambda obj: access_modes_text(value_at(obj, ("status", "accessModes")))),
        description=FieldText("io.k8s.api.core.v1.PersistentVolumeClaimStatus", "accessModes"),
    ),
    cell_column("StorageClass", storage_class_text, description="StorageClass of the pvc"),
    text_column(
        "VolumeAttributesClass",
        "spec",
        "volumeAttributesClassName",
        absent=UNSET,
        description="VolumeAttributesClass of the pvc",
    ),
    AGE,
    volume_mode_column("io.k8s.api.core.v1.PersistentVolumeClaimSpec"),
)


STRATEGY = PersistentVolumeClaimStrategy()

KIND = Kind(
    group="",
    plural="persistentvolumeclaims",
    strategy=STRATEGY,
    status_strategy=PersistentVolumeClaimStatusStrategy(STRATEGY),
    columns=COLUMNS,
    selectable=selectable,
    selectable_names=("name",),
    delete_returns_object=True,
)
