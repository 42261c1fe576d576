"""What metadata may hold, on creation and on update; upstream: apimachinery/pkg/api/validation/objectmeta.go.

Maps are gone through in the order of their keys, where upstream's order is random.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.machinery.names import (
    NameCheck,
    byte_length,
    is_qualified_name,
    is_valid_label_value,
    name_is_dns_label,
)
from minikube_lite.schema.field import FieldError, Path, forbidden, go_value, invalid, required, too_long

ANNOTATIONS_BYTES_MAX = 256 * 1024
FIELD_MANAGER_BYTES_MAX = 128
SUBRESOURCE_BYTES_MAX = 256

FINALIZER_ORPHAN = "orphan"
FINALIZER_FOREGROUND = "foregroundDeletion"
STANDARD_FINALIZERS = frozenset({"kubernetes", FINALIZER_ORPHAN, FINALIZER_FOREGROUND})

FIELD_IS_IMMUTABLE = "field is immutable"
MUST_NOT_BE_NEGATIVE = "must be greater than or equal to 0"

_IMMUTABLE = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
_OWNER_FIELDS = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")


def validate_object_meta(
    meta: Mapping[str, Any],
    namespaced: bool,
    name_check: NameCheck,
    path: Path,
    *,
    check_generate_name: bool = True,
    kube_finalizers: bool = True,
) -> Iterator[FieldError]:
    """Metadata on creation, its name already generated.

    `kube_finalizers` is what built-in kinds ask beyond custom resources: a finalizer is standard or has a domain.
    """
    name, generate_name = meta.get("name") or "", meta.get("generateName") or ""
    if generate_name and check_generate_name:
        for message in name_check(generate_name, True):
            yield invalid(path.child("generateName"), generate_name, message)
    if not name:
        yield required(path.child("name"), "name or generateName is required")
    else:
        for message in name_check(name, False):
            yield invalid(path.child("name"), name, message)
    yield from _validate_namespace(meta.get("namespace") or "", namespaced, path.child("namespace"))
    generation = meta.get("generation") or 0
    if generation < 0:
        yield invalid(path.child("generation"), generation, MUST_NOT_BE_NEGATIVE)
    finalizers = meta.get("finalizers") or ()
    yield from validate_labels(meta.get("labels"), path.child("labels"))
    yield from validate_annotations(meta.get("annotations"), path.child("annotations"))
    yield from validate_owner_references(meta.get("ownerReferences") or (), path.child("ownerReferences"))
    yield from validate_finalizers(finalizers, path.child("finalizers"))
    yield from validate_managed_fields(meta.get("managedFields") or (), path.child("managedFields"))
    if kube_finalizers:
        yield from _validate_kube_finalizers(finalizers, path.child("finalizers"))


def validate_object_meta_update(
    new: Mapping[str, Any], old: Mapping[str, Any], path: Path, *, kube_finalizers: bool = True
) -> Iterator[FieldError]:
    """Metadata of an update against what is stored."""
    finalizers = new.get("finalizers") or ()
    if old.get("deletionTimestamp") is not None:
        extra = sorted(set(finalizers).difference(old.get("finalizers") or ()))
        if extra:
            shown = ", ".join(go_value(name) for name in extra)
            yield forbidden(
                path.child("finalizers"),
                "no new finalizers can be added if the object is being deleted,"
                f" found new finalizers []string{{{shown}}}",
            )
    if not new.get("resourceVersion"):
        yield invalid(path.child("resourceVersion"), "", "must be specified for an update")
    generation = new.get("generation") or 0
    if generation < (old.get("generation") or 0):
        yield invalid(path.child("generation"), generation, "must not be decremented")
    for name in ("name", "namespace"):
        yield from validate_immutable_field(new.get(name) or "", old.get(name) or "", path.child(name))
    for name in _IMMUTABLE:
        empty = "" if name == "uid" else None
        yield from validate_immutable_field(new.get(name, empty), old.get(name, empty), path.child(name))
    yield from validate_labels(new.get("labels"), path.child("labels"))
    yield from validate_annotations(new.get("annotations"), path.child("annotations"))
    yield from validate_owner_references(new.get("ownerReferences") or (), path.child("ownerReferences"))
    yield from validate_managed_fields(new.get("managedFields") or (), path.child("managedFields"))
    if kube_finalizers:
        yield from _validate_kube_finalizers(finalizers, path.child("finalizers"))


def validate_immutable_field(new: Any, old: Any, path: Path) -> Iterator[FieldError]:
    """The value may not change; absent and empty lists and maps are the same."""
    if new != old and not (is_empty(new) and is_empty(old)):
        yield invalid(path, new, FIELD_IS_IMMUTABLE)


def is_empty(value: Any) -> bool:
    """Whether Go's semantic equality takes the value for nil."""
    return value is None or (isinstance(value, list | dict) and not value)


def validate_label_name(name: str, path: Path) -> Iterator[FieldError]:
    """The key of a label."""
    for message in is_qualified_name(name):
        yield invalid(path, name, message)


def validate_labels(labels: Mapping[str, str] | None, path: Path) -> Iterator[FieldError]:
    """Labels, keys and values."""
    if not labels:
        return
    for key in sorted(labels):
        for message in is_qualified_name(key):
            yield invalid(path, key, message)
        for message in is_valid_label_value(labels[key]):
            yield invalid(path, labels[key], message)


def validate_annotations(annotations: Mapping[str, str] | None, path: Path) -> Iterator[FieldError]:
    """Annotations: their keys, in any case, and their size in all."""
    if not annotations:
        return
    size = 0
    for key in sorted(annotations):
        for message in is_qualified_name(key.lower()):
            yield invalid(path, key, message)
        size += byte_length(key) + byte_length(annotations[key])
    if size > ANNOTATIONS_BYTES_MAX:
        yield too_long(path, ANNOTATIONS_BYTES_MAX)


def validate_owner_references(references: Sequence[Mapping[str, Any]], path: Path) -> Iterator[FieldError]:
    """Owner references: complete, no Events, one controller at most."""
    first_controller = ""
    for reference in references:
        yield from _validate_owner_reference(reference, path)
        if reference.get("controller"):
            controller = f"{reference.get('kind', '')}/{reference.get('name', '')}"
            if first_controller:
                yield invalid(
                    path,
                    [_owner_as_written(item) for item in references],
                    'Only one reference can have Controller set to true. Found "true" in references for'
                    f" {first_controller} and {controller}",
                )
            else:
                first_controller = controller


def _validate_owner_reference(reference: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    version, kind = reference.get("apiVersion") or "", reference.get("kind") or ""
    if not version.rpartition("/")[2] or version.count("/") > 1:
        yield invalid(path.child("apiVersion"), version, "version must not be empty")
    for name in ("kind", "name", "uid"):
        if not reference.get(name):
            yield invalid(path.child(name), "", "must not be empty")
    if (version, kind) == ("v1", "Event"):
        yield invalid(path, _owner_as_written(reference), "/v1, Kind=Event is disallowed from being an owner")


def _owner_as_written(reference: Mapping[str, Any]) -> dict[str, Any]:
    """The reference as Go writes it: in the order of the type's fields, the first four always there."""
    written: dict[str, Any] = dict.fromkeys(_OWNER_FIELDS[:4], "")
    written.update((name, reference[name]) for name in _OWNER_FIELDS if reference.get(name) is not None)
    return written


def validate_finalizers(finalizers: Sequence[str], path: Path) -> Iterator[FieldError]:
    """Finalizers: names, and not orphan together with foregroundDeletion."""
    for finalizer in finalizers:
        for message in is_qualified_name(finalizer):
            yield invalid(path, finalizer, message)
    if FINALIZER_ORPHAN in finalizers and FINALIZER_FOREGROUND in finalizers:
        text = f"finalizer {FINALIZER_ORPHAN} and {FINALIZER_FOREGROUND} cannot be both set"
        yield invalid(path, list(finalizers), text)


def _validate_kube_finalizers(finalizers: Sequence[str], path: Path) -> Iterator[FieldError]:
    for position, finalizer in enumerate(finalizers):
        if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
            text = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(path.index(position), finalizer, text)


def validate_managed_fields(entries: Sequence[Mapping[str, Any]], path: Path) -> Iterator[FieldError]:
    """Managed fields as far as their form goes."""
    for position, entry in enumerate(entries):
        place = path.index(position)
        operation, fields_type = entry.get("operation") or "", entry.get("fieldsType") or ""
        if operation not in ("Apply", "Update"):
            yield invalid(place.child("operation"), operation, "must be `Apply` or `Update`")
        if fields_type not in ("", "FieldsV1"):
            yield invalid(place.child("fieldsType"), fields_type, "must be `FieldsV1`")
        yield from validate_field_manager(entry.get("manager") or "", place.child("manager"))
        if byte_length(entry.get("subresource") or "") > SUBRESOURCE_BYTES_MAX:
            yield too_long(place.child("subresource"), SUBRESOURCE_BYTES_MAX)


def validate_field_manager(manager: str, path: Path) -> Iterator[FieldError]:
    """A field manager's name: short and printable."""
    if byte_length(manager) > FIELD_MANAGER_BYTES_MAX:
        yield too_long(path, FIELD_MANAGER_BYTES_MAX)
    if manager.isprintable():
        return
    position = 0
    for character in manager:
        if not character.isprintable():
            point = f"U+{ord(character):04X}"
            yield invalid(path, manager, f"invalid character {point} (at position {position})")
        position += byte_length(character)


def _validate_namespace(namespace: str, namespaced: bool, path: Path) -> Iterator[FieldError]:
    if not namespaced:
        if namespace:
            yield forbidden(path, "not allowed on this type")
    elif not namespace:
        yield required(path, "")
    else:
        for message in name_is_dns_label(namespace):
            yield invalid(path, namespace, message)
