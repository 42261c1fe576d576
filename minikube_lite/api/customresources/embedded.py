"""Whole objects inside of custom resources; upstream: apiserver/schema/objectmeta/validation.go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minikube_lite.machinery.metadata import validate_object_meta
from minikube_lite.machinery.names import is_dns1035_label, path_segment_name
from minikube_lite.schema.custom.structural import EMBEDDED, JSONSchema, additional_of, items_of, properties_of
from minikube_lite.schema.field import FieldError, Path, invalid, required


def embedded_errors(value: Any, schema: JSONSchema | None, path: Path | None = None) -> Iterator[FieldError]:
    """The faults of apiVersion, kind and metadata of embedded resources."""
    path = path or Path()
    if schema is None:
        return
    if isinstance(value, dict):
        if schema.get(EMBEDDED):
            yield from _one_resource(value, path)
        known, additional = properties_of(schema), additional_of(schema)
        for name, item in value.items():
            if name in known:
                yield from embedded_errors(item, known[name], path.child(name))
            elif additional is not None:
                yield from embedded_errors(item, additional, path.key(name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from embedded_errors(item, items_of(schema), path.index(position))


def _one_resource(value: dict[str, Any], path: Path) -> Iterator[FieldError]:
    for name in ("apiVersion", "kind"):
        if name not in value:
            yield required(path.child(name))
            continue
        text, place = value[name], path.child(name)
        if not isinstance(text, str):
            yield invalid(place, text, "must be a string")
        elif not text:
            yield invalid(place, text, "must not be empty")
        elif name == "apiVersion" and text.count("/") > 1:
            yield invalid(place, text, f"unexpected GroupVersion string: {text}")
        elif name == "kind" and (faults := is_dns1035_label(text.lower())):
            yield invalid(place, text, "may have mixed case, but should otherwise match: " + ",".join(faults))
    if isinstance(value.get("metadata"), dict):
        metadata = {**value["metadata"], "name": value["metadata"].get("name") or "fakename"}
        namespaced = bool(metadata.get("namespace"))
        yield from validate_object_meta(metadata, namespaced, path_segment_name, path.child("metadata"))
