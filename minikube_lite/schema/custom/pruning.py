"""What a custom resource's value becomes by its schema: unknown fields go, nulls go, defaults come.

Upstream: apiserver/schema/{pruning,defaulting,objectmeta}. Values are changed in place; the caller owns them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from minikube_lite.schema.custom.structural import (
    EMBEDDED,
    META_FIELDS,
    PRESERVE,
    JSONSchema,
    additional_of,
    items_of,
    properties_of,
    schema_for_field,
)

Unknown = Callable[[str], None]
"""Is told the path of a field that was dropped."""


def prune(value: Any, schema: JSONSchema | None, unknown: Unknown | None = None, *, root: bool = False) -> None:
    """Drop the fields that the schema does not name; apiVersion, kind and metadata of whole objects stay."""
    _prune(value, schema or {}, "", unknown, whole=root)


def _prune(
    value: Any,
    schema: JSONSchema | None,
    path: str,
    unknown: Unknown | None,
    *,
    whole: bool = False,
    keep: bool = False,
) -> None:
    """`whole` is True for objects with metadata, `keep` for items of a list that keeps what it does not know."""
    preserve = keep or bool(schema and schema.get(PRESERVE))
    if isinstance(value, dict):
        whole = whole or bool(schema and schema.get(EMBEDDED))
        known = properties_of(schema)
        additional = bool(schema and schema.get("additionalProperties"))
        for name in list(value):
            if whole and name in META_FIELDS:
                continue
            place = f"{path}.{name}" if path else name
            if name in known:
                _prune(value[name], known[name], place, unknown)
            elif additional:
                _prune(value[name], additional_of(schema), place, unknown)
            elif not preserve:
                del value[name]
                if unknown is not None and (path or name not in META_FIELDS):
                    unknown(place)
    elif isinstance(value, list):
        items = items_of(schema)
        if preserve and items is None:
            return
        for position, item in enumerate(value):
            _prune(item, items, f"{path}[{position}]", unknown, keep=preserve)


def prune_nulls(value: Any, schema: JSONSchema | None) -> None:
    """Drop nulls that may not be null and have no default."""
    if isinstance(value, dict):
        for name in list(value):
            below = schema_for_field(schema, name)
            if value[name] is None:
                if below is not None and not below.get("nullable") and below.get("default") is None:
                    del value[name]
            else:
                prune_nulls(value[name], below)
    elif isinstance(value, list):
        items = items_of(schema)
        for item in value:
            prune_nulls(item, items)


def set_defaults(value: Any, schema: JSONSchema | None) -> None:
    """Fill in what the schema has defaults for: absent fields, and nulls that may not be null."""
    if not schema:
        return
    if isinstance(value, dict):
        for name, below in properties_of(schema).items():
            default = below.get("default")
            if default is not None and (name not in value or _wrong_null(value[name], below)):
                value[name] = copy.deepcopy(default)
        additional = additional_of(schema)
        known = properties_of(schema)
        for name, item in value.items():
            if name in known:
                set_defaults(item, known[name])
            elif additional is not None:
                if _wrong_null(item, additional):
                    value[name] = copy.deepcopy(additional.get("default"))
                set_defaults(value[name], additional)
    elif isinstance(value, list):
        items = items_of(schema)
        for position, item in enumerate(value):
            if items is not None and _wrong_null(item, items):
                value[position] = copy.deepcopy(items.get("default"))
            set_defaults(value[position], items)


def _wrong_null(value: Any, schema: JSONSchema) -> bool:
    return value is None and not schema.get("nullable")


def with_pruned_defaults(schema: JSONSchema) -> JSONSchema:
    """The schema with its defaults pruned by itself; it may share parts with the one given."""
    changed: dict[str, Any] = {}
    if schema.get("default") is not None:
        default = copy.deepcopy(schema["default"])
        prune(default, schema, root=bool(schema.get(EMBEDDED)))
        if default != schema["default"]:
            changed["default"] = default
    if properties_of(schema):
        properties = {name: with_pruned_defaults(item) for name, item in properties_of(schema).items()}
        if any(properties[name] is not item for name, item in properties_of(schema).items()):
            changed["properties"] = properties
    for name, below in (("items", items_of(schema)), ("additionalProperties", additional_of(schema))):
        if below is not None and (pruned := with_pruned_defaults(below)) is not below:
            changed[name] = pruned
    return {**schema, **changed} if changed else schema
