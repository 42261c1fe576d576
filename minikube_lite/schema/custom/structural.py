"""A custom resource's JSON schema as the one schema engine describes types; upstream: apiserver/schema/structural.go.

The JSON schema is a plain dict, as a definition holds it (JSONSchemaProps).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from minikube_lite.schema.model import Field, Form, Schema

JSONSchema = Mapping[str, Any]

INT_OR_STRING = "x-kubernetes-int-or-string"
PRESERVE = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
LIST_TYPE = "x-kubernetes-list-type"
LIST_MAP_KEYS = "x-kubernetes-list-map-keys"
MAP_TYPE = "x-kubernetes-map-type"
VALIDATIONS = "x-kubernetes-validations"

META_FIELDS = ("apiVersion", "kind", "metadata")
_SCALARS: Mapping[str, Form] = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}


def items_of(schema: JSONSchema | None) -> JSONSchema | None:
    """The schema of a list's items."""
    items = schema.get("items") if schema else None
    return items if isinstance(items, dict) else None


def additional_of(schema: JSONSchema | None) -> JSONSchema | None:
    """The schema of a map's values."""
    additional = schema.get("additionalProperties") if schema else None
    return additional if isinstance(additional, dict) else None


def properties_of(schema: JSONSchema | None) -> Mapping[str, JSONSchema]:
    """The schemas of an object's fields."""
    return (schema.get("properties") or {}) if schema else {}


def schema_for_field(schema: JSONSchema | None, name: str) -> JSONSchema | None:
    """The schema of a field or of a map's value."""
    found = properties_of(schema).get(name)
    return found if found is not None else additional_of(schema)


def structural(schema: JSONSchema, metadata: Callable[[], Schema], *, root: bool = False) -> Schema:
    """The type; `metadata` gives that of ObjectMeta, which stands at the root and in embedded resources."""
    form = _form(schema, root=root)
    answer = Schema(
        form,
        list_type=schema.get(LIST_TYPE) or "",
        list_map_keys=tuple(schema.get(LIST_MAP_KEYS) or ()),
        map_type=schema.get(MAP_TYPE) or "",
        preserve_unknown=bool(schema.get(PRESERVE)),
        embedded=bool(schema.get(EMBEDDED)),
        required=tuple(schema.get("required") or ()),
    )
    fields = {
        name: Field(name, partial(structural, item, metadata), default=item.get("default"))
        for name, item in properties_of(schema).items()
    }
    if root or answer.embedded:
        text = Schema("string")
        fields.update(
            {
                "apiVersion": Field("apiVersion", lambda: text),
                "kind": Field("kind", lambda: text),
                "metadata": Field("metadata", metadata),
            }
        )
    answer.fields = fields
    below = items_of(schema) if form == "list" else additional_of(schema)
    if below is not None:
        answer.items = structural(below, metadata)
    return answer


def _form(schema: JSONSchema, *, root: bool) -> Form:
    if schema.get(INT_OR_STRING):
        return "int-or-string"
    kind = schema.get("type") or ""
    if kind == "array":
        return "list"
    if kind == "object" or root:
        is_map = bool(schema.get("additionalProperties")) and not schema.get("properties")
        return "map" if is_map and not root else "object"
    return _SCALARS.get(kind, "any")
