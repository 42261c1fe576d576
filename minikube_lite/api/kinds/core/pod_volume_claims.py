"""Claims that are made for pods and stateful sets; upstream: ValidatePersistentVolumeClaimSpec in validation.go."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.kinds.core.pod_fields import MUST_BE_POSITIVE, named
from minikube_lite.api.kinds.core.pod_resources import validate_quantity
from minikube_lite.machinery.metadata import validate_annotations, validate_labels
from minikube_lite.machinery.names import is_dns1123_label, is_dns1123_subdomain, name_is_dns_subdomain
from minikube_lite.machinery.selectors import validate_label_selector
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_VOLUME_MODES = ("Block", "Filesystem")
_TEMPLATE_METADATA = ("annotations", "labels")


def validate_claim_template(template: Object, path: Path) -> Iterator[FieldError]:
    """The template of a claim that lives as long as its pod."""
    metadata, place = template.get("metadata") or {}, path.child("metadata")
    yield from validate_annotations(metadata.get("annotations"), place.child("annotations"))
    yield from validate_labels(metadata.get("labels"), place.child("labels"))
    for name, value in metadata.items():
        if name not in _TEMPLATE_METADATA and value:
            yield forbidden(place.child(name), "cannot be set")
    yield from validate_claim_spec(template.get("spec") or {}, path.child("spec"))


def validate_claim_spec(spec: Object, path: Path) -> Iterator[FieldError]:
    """The spec of a PersistentVolumeClaim."""
    modes = spec.get("accessModes") or ()
    if not modes:
        yield required(path.child("accessModes"), "at least 1 access mode is required")
    if spec.get("selector") is not None:
        yield from validate_label_selector(spec["selector"], path.child("selector"))
    for mode in modes:
        if mode not in _ACCESS_MODES:
            yield not_supported(path.child("accessModes"), mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and any(mode in _ACCESS_MODES[:3] for mode in modes):
        yield forbidden(path.child("accessModes"), "may not use ReadWriteOncePod with other access modes")
    yield from _validate_storage(spec, path.child("resources").key("storage"))
    if spec.get("storageClassName"):
        yield from named(name_is_dns_subdomain, spec["storageClassName"], path.child("storageClassName"))
    mode = spec.get("volumeMode")
    if mode is not None and mode not in _VOLUME_MODES:
        yield not_supported(path.child("volumeMode"), mode, _VOLUME_MODES)
    yield from _validate_data_sources(spec, path)
    if spec.get("volumeAttributesClassName"):
        at = path.child("volumeAttributesClassName")
        yield from named(name_is_dns_subdomain, spec["volumeAttributesClassName"], at)


def _validate_storage(spec: Object, path: Path) -> Iterator[FieldError]:
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if storage is None:
        yield required(path)
    elif Quantity.parse(storage).nano <= 0:
        yield invalid(path, str(Quantity.parse(storage)), MUST_BE_POSITIVE)
    else:
        yield from validate_quantity("storage", storage, path)


def _validate_data_sources(spec: Object, path: Path) -> Iterator[FieldError]:
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None:
        yield from _validate_data_source(source, path.child("dataSource"))
    if reference is not None:
        yield from _validate_data_source(reference, path.child("dataSourceRef"))
        if reference.get("namespace"):
            yield from named(is_dns1123_label, reference["namespace"], path.child("dataSourceRef", "namespace"))
    if source is None or reference is None:
        return
    at = str(path.child("dataSource"))
    if reference.get("namespace"):
        yield invalid(path, at, "may not be specified when dataSourceRef.namespace is specified")
    elif any(source.get(name) != reference.get(name) for name in ("apiGroup", "kind", "name")):
        yield invalid(path, at, "must match dataSourceRef")


def _validate_data_source(source: Object, path: Path) -> Iterator[FieldError]:
    group = source.get("apiGroup")
    for name in ("name", "kind"):
        if not source.get(name):
            yield required(path.child(name))
    if not group and source.get("kind") != "PersistentVolumeClaim":
        text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        yield invalid(path, source.get("kind") or "", text)
    if group:
        yield from named(is_dns1123_subdomain, group, path.child("apiGroup"))
