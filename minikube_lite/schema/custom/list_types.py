"""Lists of type set and map hold nothing twice; upstream: apiserver/schema/listtype/validation.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from minikube_lite.schema.custom.structural import (
    LIST_MAP_KEYS,
    LIST_TYPE,
    JSONSchema,
    additional_of,
    items_of,
    properties_of,
)
from minikube_lite.schema.field import FieldError, Path, duplicate, invalid

_UNSPECIFIED = "unspecified"


def repeated_items(value: Any, schema: JSONSchema | None, path: Path | None = None) -> Iterator[FieldError]:
    """The items that stand there twice, and what is no item of such a list."""
    path = path or Path()
    if schema is None:
        return
    if isinstance(value, dict):
        additional, known = additional_of(schema), properties_of(schema)
        for name, item in value.items():
            if additional is not None:
                yield from repeated_items(item, additional, path.key(name))
            if name in known:
                yield from repeated_items(item, known[name], path.child(name))
    elif isinstance(value, list):
        kind = schema.get(LIST_TYPE)
        if kind == "set":
            for position in _again([_identity(item) for item in value]):
                yield duplicate(path.index(position), value[position])
        elif kind == "map":
            yield from _map_faults(value, schema, path)
        for position, item in enumerate(value):
            yield from repeated_items(item, items_of(schema), path.index(position))


def _map_faults(value: list[Any], schema: JSONSchema, path: Path) -> Iterator[FieldError]:
    for position, item in enumerate(value):
        if item is not None and not isinstance(item, dict):
            yield invalid(path.index(position), item, "must be an object for an array of list-type map")
            return
    names: Sequence[str] = schema.get(LIST_MAP_KEYS) or ()
    keys = [{name: item[name] for name in names if name in item} if item else {} for item in value]
    for position in _again([_identity(key) for key in keys]):
        yield duplicate(path.index(position), keys[position])


def _identity(value: Any) -> str:
    return f"{type(value).__name__}:{orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()}"


def _again(identities: Sequence[str]) -> Iterator[int]:
    """The positions at which something stands for the second time; a third one is not told."""
    seen: dict[str, int] = {}
    for position, identity in enumerate(identities):
        seen[identity] = seen.get(identity, 0) + 1
        if seen[identity] == 2:
            yield position
