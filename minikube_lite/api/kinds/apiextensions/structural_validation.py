"""Whether a JSON schema is structural; upstream: apiserver/schema/validation.go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from minikube_lite.schema.custom.regex import PatternError, compile_go
from minikube_lite.schema.custom.structural import (
    EMBEDDED,
    INT_OR_STRING,
    LIST_MAP_KEYS,
    LIST_TYPE,
    MAP_TYPE,
    PRESERVE,
    VALIDATIONS,
    JSONSchema,
    additional_of,
    items_of,
    properties_of,
)
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, required

Level = Literal["root", "item", "field"]

_INT_OR_STRING_TYPES = [{"type": "integer"}, {"type": "string"}]
_NO_TYPE: Mapping[Level, str] = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}
_FORBIDDEN_NESTED: Sequence[tuple[str, str]] = (
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    (PRESERVE, "must be false to be structural"),
    (EMBEDDED, "must be false to be structural"),
    (INT_OR_STRING, "must be false to be structural"),
    (LIST_MAP_KEYS, "must be empty to be structural"),
    (LIST_TYPE, "must be undefined to be structural"),
    (MAP_TYPE, "must be undefined to be structural"),
    (VALIDATIONS, "must be empty to be structural"),
)
_TYPES_OF_NAMES = (("kind", "string"), ("apiVersion", "string"))
_ALLOWED_IN_ROOT_METADATA = {"name", "generateName"}


def structural_errors(schema: JSONSchema, path: Path) -> list[FieldError]:
    """What makes the schema not structural, sorted by text as upstream sorts it."""
    return sorted([*_invariants(schema, "root", path), *_completeness(schema, path)], key=str)


def _invariants(schema: JSONSchema, level: Level, path: Path) -> Iterator[FieldError]:
    kind, items = schema.get("type") or "", items_of(schema)
    if kind == "array" and items is None:
        yield required(path.child("items"), "must be specified")
    if items is not None:
        yield from _invariants(items, "item", path.child("items"))
    for name, below in properties_of(schema).items():
        yield from _invariants(below, "field", path.child("properties").key(name))
    if schema.get("additionalProperties") is not None:
        if level == "root":
            yield forbidden(path.child("additionalProperties"), "must not be used at the root")
        if (additional := additional_of(schema)) is not None:
            yield from _invariants(additional, "field", path.child("additionalProperties"))
    yield from _extension_errors(schema, path)
    skip_any = schema.get("anyOf") == _INT_OR_STRING_TYPES
    all_of = schema.get("allOf") or [{}]
    skip_first = all_of[0].get("anyOf") == _INT_OR_STRING_TYPES
    yield from _value_validation_errors(schema, level, path, skip_any=skip_any, skip_first=skip_first)
    yield from _type_errors(schema, level, path)
    yield from _metadata_errors(schema, level, path)
    if schema.get(EMBEDDED) and not schema.get(PRESERVE) and not properties_of(schema):
        text = f"must not be empty if {EMBEDDED} is true without {PRESERVE}"
        yield required(path.child("properties"), text)


def _extension_errors(schema: JSONSchema, path: Path) -> Iterator[FieldError]:
    if schema.get(INT_OR_STRING):
        for name in (PRESERVE, EMBEDDED):
            if schema.get(name):
                yield invalid(path.child(name), True, f"must be false if {INT_OR_STRING} is true")


def _type_errors(schema: JSONSchema, level: Level, path: Path) -> Iterator[FieldError]:
    kind, place = schema.get("type") or "", path.child("type")
    if schema.get(EMBEDDED) and kind != "object":
        text = f"must be object if {EMBEDDED} is true"
        yield invalid(place, kind, text) if kind else required(place, text)
    elif not kind and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE):
        yield required(place, _NO_TYPE[level])
    if schema.get(EMBEDDED) and schema.get("additionalProperties") is not None:
        yield forbidden(path.child("additionalProperties"), f"must not be used if {EMBEDDED} is set")
    if level == "root" and kind not in ("", "object"):
        yield invalid(place, kind, "must be object at the root")


def _metadata_errors(schema: JSONSchema, level: Level, path: Path) -> Iterator[FieldError]:
    whole = level == "root" or bool(schema.get(EMBEDDED))
    properties = properties_of(schema)
    if whole:
        for name, wanted in _TYPES_OF_NAMES:
            if name in properties and properties[name].get("type") != wanted:
                place = path.child("properties").key(name).child("type")
                yield invalid(place, properties[name].get("type") or "", f"must be {wanted}")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    place = path.child("properties").key("metadata")
    if whole and metadata.get("type") != "object":
        yield invalid(place.child("type"), metadata.get("type") or "", "must be object")
    if level == "root":
        rest = {name: value for name, value in metadata.items() if name not in ("type", "default") and value}
        if set(metadata.get("properties") or {}) <= _ALLOWED_IN_ROOT_METADATA:
            rest.pop("properties", None)
        if rest:
            text = "must not specify anything other than name and generateName, but metadata is implicitly specified"
            yield forbidden(place, text)


def _value_validation_errors(
    schema: JSONSchema, level: Level, path: Path, *, skip_any: bool = False, skip_first: bool = False
) -> Iterator[FieldError]:
    if not skip_any:
        for position, each in enumerate(schema.get("anyOf") or ()):
            yield from _nested_errors(each, level, path.child("anyOf").index(position))
    for position, each in enumerate(schema.get("allOf") or ()):
        place = path.child("allOf").index(position)
        yield from _nested_errors(each, level, place, skip_any=skip_first and position == 0)
    for position, each in enumerate(schema.get("oneOf") or ()):
        yield from _nested_errors(each, level, path.child("oneOf").index(position))
    if schema.get("not") is not None:
        yield from _nested_errors(schema["not"], level, path.child("not"))
    if pattern := schema.get("pattern"):
        try:
            compile_go(pattern)
        except PatternError as error:
            text = f"must be a valid regular expression, but isn't: {error}"
            yield invalid(path.child("pattern"), pattern, text)


def _nested_errors(schema: JSONSchema, level: Level, path: Path, *, skip_any: bool = False) -> Iterator[FieldError]:
    yield from _value_validation_errors(schema, level, path, skip_any=skip_any)
    if (items := items_of(schema)) is not None:
        yield from _nested_errors(items, level, path.child("items"))
    properties = properties_of(schema)
    for name, below in properties.items():
        yield from _nested_errors(below, "field", path.child("properties").key(name))
    if schema.get("type"):
        yield forbidden(path.child("type"), "must be empty to be structural")
    if schema.get("additionalProperties") is not None:
        yield forbidden(path.child("additionalProperties"), "must be undefined to be structural")
    for name, text in _FORBIDDEN_NESTED:
        value: Any = schema.get(name)
        if value or name == "default" and value is not None:
            yield forbidden(path.child(name), text)
    if "metadata" in properties:
        yield forbidden(path.child("properties").key("metadata"), "must not be specified in a nested context")


def _completeness(schema: JSONSchema, path: Path) -> Iterator[FieldError]:
    """What is validated must be declared, too; upstream: apiserver/schema/complete.go."""
    for position, each in enumerate(schema.get("allOf") or ()):
        yield from _declared(each, schema, path.child("allOf").index(position), path)
    for position, each in enumerate(schema.get("anyOf") or ()):
        yield from _declared(each, schema, path.child("anyOf").index(position), path)
    for position, each in enumerate(schema.get("oneOf") or ()):
        yield from _declared(each, schema, path.child("oneOf").index(position), path)
    if schema.get("not") is not None:
        yield from _declared(schema["not"], schema, path.child("not"), path)


def _declared(nested: JSONSchema, schema: JSONSchema, place: Path, path: Path) -> Iterator[FieldError]:
    for name in ("allOf", "anyOf", "oneOf"):
        for position, each in enumerate(nested.get(name) or ()):
            yield from _declared(each, schema, place.child(name).index(position), path)
    if nested.get("not") is not None:
        yield from _declared(nested["not"], schema, place.child("not"), path)
    if (items := items_of(nested)) is not None:
        declared = items_of(schema)
        if declared is None:
            yield required(path.child("items"), f"because it is defined in {place.child('items')}")
        else:
            yield from _declared(items, declared, place.child("items"), path.child("items"))
    for name, below in properties_of(nested).items():
        inner, outer = place.child("properties").key(name), path.child("properties").key(name)
        found = properties_of(schema).get(name)
        if found is None:
            yield required(outer, f"because it is defined in {inner}")
        else:
            yield from _declared(below, found, inner, outer)
