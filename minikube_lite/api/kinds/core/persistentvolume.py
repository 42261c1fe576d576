"""PersistentVolumes; upstream: pkg/registry/core/persistentvolume and pkg/apis/core/validation."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.api.columns import AGE, NAME, UNSET, cell_column, text_column, value_at
from minikube_lite.api.kinds.core.persistentvolume_sources import (
    PATH_NAMES,
    SOURCES,
    SOURCES_WITH_MOUNT_OPTIONS,
    go_source,
    source_errors,
    source_of,
)
from minikube_lite.api.kinds.core.pod_affinity import validate_node_selector
from minikube_lite.api.kinds.go_structs import go_diff, go_map
from minikube_lite.api.kinds.node_selectors import node_selector_term_warnings
from minikube_lite.api.kinds.quantities import basic_errors, positive_errors, sorted_items
from minikube_lite.machinery.kind import Column, FieldText, Kind, RequestContext, StatusStrategy, Strategy, keep
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.machinery.names import name_is_dns_subdomain
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required
from minikube_lite.store import Object

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
VOLUME_MODES = ("Block", "Filesystem")

BETA_STORAGE_CLASS = "volume.beta.kubernetes.io/storage-class"
BETA_MOUNT_OPTIONS = "volume.beta.kubernetes.io/mount-options"
DEPRECATED_ANNOTATIONS = {
    BETA_STORAGE_CLASS: 'deprecated since v1.8; use "storageClassName" attribute instead',
    BETA_MOUNT_OPTIONS: 'deprecated since v1.31; use "mountOptions" attribute instead',
}
DEPRECATED_SOURCES = {
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_WARNING_PATHS = {"storageos": "storageOS"}
_MODE_TEXTS = (
    ("ReadWriteOnce", "RWO"),
    ("ReadOnlyMany", "ROX"),
    ("ReadWriteMany", "RWX"),
    ("ReadWriteOncePod", "RWOP"),
)

SPEC = Path("spec")


class PersistentVolumeStrategy(Strategy):
    """All writes but those of status."""

    manages_generation = False

    def default(self, obj: Object) -> None:
        obj.setdefault("status", {}).setdefault("phase", "Pending")
        default_volume_spec(obj.setdefault("spec", {}))

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": context.clock.timestamp()}

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        yield from volume_spec_errors(obj["spec"], SPEC)
        if BETA_MOUNT_OPTIONS in (obj["metadata"].get("annotations") or {}):
            if SOURCES_WITH_MOUNT_OPTIONS.isdisjoint(source_of(obj["spec"])):
                path = Path("metadata.annotations").child(BETA_MOUNT_OPTIONS)
                yield forbidden(path, "may not specify mount options for this volume type")

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        return volume_warnings(obj)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        # Upstream looks at the new object twice.
        yield from self.validate(context, new)
        yield from volume_spec_errors(new["spec"], SPEC)
        yield from _update_errors(new["spec"], old["spec"])

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        return volume_warnings(new)


class PersistentVolumeStatusStrategy(StatusStrategy):
    """The status: the phase and since when it lasts."""

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        status, before = new.setdefault("status", {}), old.get("status", {})
        since = before.get("lastPhaseTransitionTime")
        if status.get("phase") == before.get("phase"):
            if status.get("lastPhaseTransitionTime") is None:
                keep(status, before, "lastPhaseTransitionTime")
        elif status.get("lastPhaseTransitionTime") in (None, since):
            status["lastPhaseTransitionTime"] = context.clock.timestamp()


def default_volume_spec(spec: Object) -> None:
    """The defaults of a volume's spec, also where it stands inline."""
    spec["persistentVolumeReclaimPolicy"] = spec.get("persistentVolumeReclaimPolicy") or "Retain"
    spec.setdefault("volumeMode", "Filesystem")
    if spec.get("hostPath") is not None:
        spec["hostPath"].setdefault("type", "")


def volume_spec_errors(spec: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    """The faults of a volume's spec."""
    yield from access_modes_errors(spec.get("accessModes", ()), path.child("accessModes"))
    capacity, place = spec.get("capacity") or {}, path.child("capacity")
    if not capacity:
        yield required(place)
    if set(capacity) != {"storage"}:
        yield not_supported(place, go_map(capacity), ("storage",))
    for name, amount in sorted_items(capacity):
        yield from basic_errors(amount, place.key(name))
        yield from positive_errors(amount, place.key(name))
    policy = spec.get("persistentVolumeReclaimPolicy", "")
    if policy and policy not in RECLAIM_POLICIES:
        yield not_supported(path.child("persistentVolumeReclaimPolicy"), policy, RECLAIM_POLICIES)
    yield from _affinity_errors(spec.get("nodeAffinity"), path.child("nodeAffinity"))
    yield from _sources_errors(spec, path)
    if posixpath.normpath(value_at(spec, ("hostPath", "path")) or ".") == "/" and policy == "Recycle":
        text = "may not be 'recycle' for a hostPath mount of '/'"
        yield forbidden(path.child("persistentVolumeReclaimPolicy"), text)
    yield from class_errors(spec.get("storageClassName"), path.child("storageClassName"))
    mode = spec.get("volumeMode")
    if mode is not None and mode not in VOLUME_MODES:
        yield not_supported(path.child("volumeMode"), mode, VOLUME_MODES)
    if spec.get("volumeAttributesClassName") is not None:
        place = path.child("volumeAttributesClassName")
        if not spec["volumeAttributesClassName"]:
            yield required(place, "an empty string is disallowed")
        yield from class_errors(spec["volumeAttributesClassName"], place)
        if spec.get("csi") is None:
            yield required(path.child("csi"), "has to be specified when using volumeAttributesClassName")


def access_modes_errors(modes: Sequence[str], path: Path) -> Iterator[FieldError]:
    """The faults of a list of access modes."""
    if not modes:
        yield required(path)
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield not_supported(path, mode, ACCESS_MODES)
    known = {mode for mode in modes if mode in ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        yield forbidden(path, "may not use ReadWriteOncePod with other access modes")


def class_errors(name: str | None, path: Path) -> Iterator[FieldError]:
    """The name of a class that need not be given."""
    if name:
        for message in name_is_dns_subdomain(name):
            yield invalid(path, name, message)


def _affinity_errors(affinity: Mapping[str, Any] | None, path: Path) -> Iterator[FieldError]:
    if affinity is None:
        return
    if affinity.get("required") is None:
        yield required(path.child("required"), "must specify required node constraints")
    else:
        yield from validate_node_selector(affinity["required"], path.child("required"))


def _sources_errors(spec: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    count = 0
    for name in SOURCES:
        source = spec.get(name)
        if source is None:
            continue
        # Upstream forgets to count a flexVolume that comes second.
        if count and name != "flexVolume":
            yield forbidden(path.child(PATH_NAMES.get(name, name)), "may not specify more than 1 volume type")
            continue
        count += 1
        place = path.child("persistentDisk" if name == "gcePersistentDisk" else name)
        yield from source_errors(name, source, place)
        if name == "local" and spec.get("nodeAffinity") is None:
            yield required(path.child("nodeAffinity"), "Local volume requires node affinity")
    if not count:
        yield required(path, "must specify a volume type")


def _update_errors(spec: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[FieldError]:
    source, old = source_of(spec), source_of(before)
    if old.get("csi") is not None and source.get("csi") is not None and "controllerExpandSecretRef" not in old["csi"]:
        source["csi"] = {key: value for key, value in source["csi"].items() if key != "controllerExpandSecretRef"}
    if source != old:
        text = f"spec.persistentvolumesource is immutable after creation\n{go_diff(go_source(old), go_source(source))}"
        yield forbidden(SPEC.child("persistentvolumesource"), text)
    yield from validate_immutable_field(spec.get("volumeMode"), before.get("volumeMode"), Path("volumeMode"))
    if before.get("nodeAffinity") is not None and spec.get("nodeAffinity") != before["nodeAffinity"]:
        yield invalid(Path("nodeAffinity"), spec.get("nodeAffinity"), "field is immutable")
    if before.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        yield forbidden(SPEC.child("volumeAttributesClassName"), "update from non-nil value to nil is forbidden")


def volume_warnings(obj: Object) -> Iterator[str]:
    """What is allowed in a volume but outdated."""
    annotations, spec = obj["metadata"].get("annotations") or {}, obj["spec"]
    for key, text in DEPRECATED_ANNOTATIONS.items():
        if key in annotations:
            yield f"{Path('metadata.annotations').key(key)}: {text}"
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        yield (
            f"{SPEC.child('persistentVolumeReclaimPolicy')}: The Recycle reclaim policy is deprecated."
            " Instead, the recommended approach is to use dynamic provisioning."
        )
    path = SPEC.child("nodeAffinity", "required", "nodeSelectorTerms")
    for position, term in enumerate(value_at(spec, ("nodeAffinity", "required", "nodeSelectorTerms"), ())):
        yield from node_selector_term_warnings(term, path.index(position))
    for name, text in DEPRECATED_SOURCES.items():
        if spec.get(name) is not None:
            yield f"{SPEC.child(_WARNING_PATHS.get(name, name))}: {text}"


def access_modes_text(modes: Iterable[str] | None) -> str:
    """Access modes as RWO,ROX,RWX,RWOP."""
    present = set(modes or ())
    return ",".join(short for mode, short in _MODE_TEXTS if mode in present)


def storage_class_text(obj: Object) -> str:
    """The StorageClass cell of volumes and claims."""
    annotations = obj["metadata"].get("annotations") or {}
    return str(annotations.get(BETA_STORAGE_CLASS, obj["spec"].get("storageClassName") or ""))


def phase_text(obj: Object) -> str:
    """The Status cell of volumes and claims."""
    return "Terminating" if "deletionTimestamp" in obj["metadata"] else str(value_at(obj, ("status", "phase"), ""))


def claim_text(obj: Object) -> str:
    """The Claim cell."""
    claim = obj["spec"].get("claimRef")
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim is not None else ""


def volume_mode_column(spec_type: str) -> Column:
    """The VolumeMode column of volumes and claims, whose specs have that type."""
    description = FieldText(spec_type, "volumeMode")
    return text_column("VolumeMode", "spec", "volumeMode", priority=1, absent=UNSET, description=description)


COLUMNS = (
    NAME,
    text_column(
        "Capacity",
        "spec",
        "capacity",
        "storage",
        absent="0",
        description=FieldText("io.k8s.api.core.v1.PersistentVolumeSpec", "capacity"),
    ),
    cell_column(
        "Access Modes",
        lambda obj: access_modes_text(obj["spec"].get("accessModes")),
        description=FieldText("io.k8s.api.core.v1.PersistentVolumeSpec", "accessModes"),
    ),
    text_column(
        "Reclaim Policy",
        "spec",
        "persistentVolumeReclaimPolicy",
        description=FieldText("io.k8s.api.core.v1.PersistentVolumeSpec", "persistentVolumeReclaimPolicy"),
    ),
    cell_column("Status", phase_text, description=FieldText("io.k8s.api.core.v1.PersistentVolumeStatus", "phase")),
    cell_column("Claim", claim_text, description=FieldText("io.k8s.api.core.v1.PersistentVolumeSpec", "claimRef")),
    cell_column("StorageClass", storage_class_text, description="StorageClass of the pv"),
    text_column(
        "VolumeAttributesClass",
        "spec",
        "volumeAttributesClassName",
        absent=UNSET,
        description="VolumeAttributesClass of the pv",
    ),
    text_column(
        "Reason", "status", "reason", description=FieldText("io.k8s.api.core.v1.PersistentVolumeStatus", "reason")
    ),
    AGE,
    volume_mode_column("io.k8s.api.core.v1.PersistentVolumeSpec"),
)


def selectable(obj: Object) -> Mapping[str, str]:
    """The fields by which volumes and claims can be selected."""
    return {"name": obj["metadata"].get("name", "")}


STRATEGY = PersistentVolumeStrategy()

KIND = Kind(
    group="",
    plural="persistentvolumes",
    strategy=STRATEGY,
    status_strategy=PersistentVolumeStatusStrategy(STRATEGY),
    columns=COLUMNS,
    selectable=selectable,
    selectable_names=("name",),
    delete_returns_object=True,
)
