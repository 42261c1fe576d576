"""What the JSON schema of a version may say; upstream: ValidateCustomResourceDefinitionOpenAPISchema in apis/apiextensions/validation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from minikube_lite.schema.custom.field_path import FieldPathError, find_field
from minikube_lite.schema.custom.structural import (
    EMBEDDED,
    LIST_MAP_KEYS,
    LIST_TYPE,
    MAP_TYPE,
    META_FIELDS,
    PRESERVE,
    VALIDATIONS,
    JSONSchema,
    items_of,
    properties_of,
)
from minikube_lite.schema.field import FieldError, Path, duplicate, forbidden, invalid, not_supported, required

TYPES = ("array", "boolean", "integer", "number", "object", "string")
REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
SELECTABLE_FIELDS_MAX = 8
_SELECTABLE_TYPES = ("string", "boolean", "integer")
_NOT_SUPPORTED = (
    ("id", "id"), ("additionalItems", "additionalItems"), ("patternProperties", "patternProperties"), ("definitions", "definitions"),
    ("dependencies", "dependencies"), ("$ref", "$ref"),
)  # fmt: skip
_NEWLINES = re.compile(r"[\n\r]")


@dataclass(frozen=True, slots=True)
class Situation:
    """Where in a schema one stands: why defaults are forbidden ("" where they are not), inside of metadata, below what cannot be
    told to be the same after an update."""

    no_default: str = ""
    in_metadata: bool = False
    uncorrelatable: Path | None = None


def schema_errors(
    schema: JSONSchema | None, path: Path, situation: Situation, *, root: bool = False
) -> Iterator[FieldError]:
    """What is wrong with a schema and those below it."""
    if schema is None:
        return
    yield from _standard_errors(schema, path, situation)
    if schema.get("uniqueItems"):
        text = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(path.child("uniqueItems"), text)
    yield from _below_errors(schema, path, situation, root=root)
    if schema.get(PRESERVE) is False:
        yield invalid(path.child(PRESERVE), False, "must be true or undefined")
    yield from _map_type_errors(schema, path)
    yield from _list_type_errors(schema, path)
    yield from _list_map_errors(schema, path)
    yield from _list_item_errors(schema, path)
    for position, rule in enumerate(schema.get(VALIDATIONS) or ()):
        yield from _rule_errors(rule, schema, path.child(VALIDATIONS).index(position))


def _standard_errors(schema: JSONSchema, path: Path, situation: Situation) -> Iterator[FieldError]:
    kind = schema.get("type") or ""
    if kind and kind not in TYPES:
        yield not_supported(path.child("type"), kind, TYPES)
    if schema.get("default") is not None and situation.no_default:
        yield forbidden(path.child("default"), f"must not be set {situation.no_default}")
    for name, shown in _NOT_SUPPORTED:
        if schema.get(name):
            yield forbidden(path.child(name), f"{shown} is not supported")
    if kind == "null":
        yield forbidden(path.child("type"), "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list) and schema["items"]:
        yield forbidden(path.child("items"), "items must be a schema object and not an array")
    if situation.in_metadata and schema.get(EMBEDDED):
        yield forbidden(path.child(EMBEDDED), "must not be used inside of resource meta")


def _below_errors(schema: JSONSchema, path: Path, situation: Situation, *, root: bool) -> Iterator[FieldError]:
    additional, properties = schema.get("additionalProperties"), properties_of(schema)
    if additional is not None:
        place = path.child("additionalProperties")
        if properties and additional is not True:
            yield forbidden(place, "additionalProperties and properties are mutual exclusive")
        if isinstance(additional, dict):
            below = situation
            if situation.in_metadata:
                below = replace(situation, no_default="inside additionalProperties applying to object metadata")
            yield from schema_errors(additional, place, below)
    for name, each in properties.items():
        yield from schema_errors(
            each, path.child("properties").key(name), situation_below(schema, situation, path, name, root=root)
        )
    for name in ("allOf", "oneOf", "anyOf"):
        for position, each in enumerate(schema.get(name) or ()):
            yield from schema_errors(each, path.child(name).index(position), situation)
    yield from schema_errors(schema.get("not"), path.child("not"), situation)
    yield from schema_errors(items_of(schema), path.child("items"), items_situation(schema, situation, path))


def situation_below(schema: JSONSchema, situation: Situation, path: Path, name: str, *, root: bool) -> Situation:
    """Where one stands in a field."""
    if schema.get(MAP_TYPE) == "atomic" and situation.uncorrelatable is None:
        situation = replace(situation, uncorrelatable=path)
    if (root or schema.get(EMBEDDED)) and name in META_FIELDS:
        situation = replace(situation, in_metadata=True)
        if root:
            situation = replace(situation, no_default=f"in top-level {name}")
    return situation


def items_situation(schema: JSONSchema, situation: Situation, path: Path) -> Situation:
    """Where one stands in the items of a list."""
    if schema.get(LIST_TYPE) != "map" and situation.uncorrelatable is None:
        return replace(situation, uncorrelatable=path)
    return situation


def _map_type_errors(schema: JSONSchema, path: Path) -> Iterator[FieldError]:
    map_type, kind = schema.get(MAP_TYPE), schema.get("type") or ""
    if map_type is None:
        return
    if kind != "object":
        text = f"must be object if {MAP_TYPE} is specified"
        yield invalid(path.child("type"), kind, text) if kind else required(path.child("type"), text)
    if map_type not in ("atomic", "granular"):
        yield not_supported(path.child(MAP_TYPE), map_type, ("atomic", "granular"))


def _list_type_errors(schema: JSONSchema, path: Path) -> Iterator[FieldError]:
    list_type, kind, items = schema.get(LIST_TYPE), schema.get("type") or "", items_of(schema)
    if list_type is not None and kind != "array":
        text = f"must be array if {LIST_TYPE} is specified"
        yield invalid(path.child("type"), kind, text) if kind else required(path.child("type"), text)
    elif list_type == "set" and items is not None:
        text = f"must be atomic as item of a list with {LIST_TYPE}=set"
        if items.get("type") == "array" and items.get(LIST_TYPE) not in (None, "atomic"):
            yield invalid(path.child("items", LIST_TYPE), items.get(LIST_TYPE), text)
        if items.get("type") == "object" and items.get(MAP_TYPE) != "atomic":
            yield invalid(path.child("items", MAP_TYPE), items.get(LIST_TYPE), text)
    if list_type not in (None, "atomic", "set", "map"):
        yield not_supported(path.child(LIST_TYPE), list_type, ("atomic", "set", "map"))


def _list_map_errors(schema: JSONSchema, path: Path) -> Iterator[FieldError]:
    list_type, keys, items = schema.get(LIST_TYPE), schema.get(LIST_MAP_KEYS) or [], items_of(schema)
    if keys and list_type != "map":
        text, place = f"must be map if {LIST_MAP_KEYS} is non-empty", path.child(LIST_TYPE)
        yield required(place, text) if list_type is None else invalid(place, list_type, text)
    if list_type != "map":
        return
    place = path.child(LIST_MAP_KEYS)
    if not keys:
        yield required(place, f"must not be empty if {LIST_TYPE} is map")
    if items is None:
        yield required(path.child("items"), f"must have a schema if {LIST_TYPE} is map")
        return
    if items.get("type") != "object":
        text = f"must be object if parent array's {LIST_TYPE} is map"
        yield invalid(path.child("items", "type"), items.get("type") or "", text)
        return
    for position, key in enumerate(keys):
        found = properties_of(items).get(key)
        if found is None:
            yield invalid(place, keys, "entries must all be names of item properties")
        elif found.get("type") in ("array", "object"):
            text = f"must be a scalar type if parent array's {LIST_TYPE} is map"
            yield invalid(path.child("items", "properties").key(key).child("type"), items.get("type"), text)
        if key in keys[:position]:
            yield invalid(place, keys, "must not contain duplicate entries")


def _list_item_errors(schema: JSONSchema, path: Path) -> Iterator[FieldError]:
    """Keys of a list of type map are always there; upstream: validateMapListKeysMapSet."""
    list_type, items = schema.get(LIST_TYPE), items_of(schema)
    if list_type not in ("set", "map") or items is None:
        return
    if items.get("nullable"):
        yield forbidden(path.child("items", "nullable"), f"cannot be nullable when {LIST_TYPE} is {list_type}")
    if list_type != "map":
        return
    for key in schema.get(LIST_MAP_KEYS) or ():
        found = properties_of(items).get(key)
        if found is None:
            continue
        place = path.child("items", "properties").key(key)
        if key not in (items.get("required") or ()) and found.get("default") is None:
            text = f"this property is in {LIST_MAP_KEYS}, so it must have a default or be a required property"
            yield required(place.child("default"), text)
        if found.get("nullable"):
            yield forbidden(place.child("nullable"), f"this property is in {LIST_MAP_KEYS}, so it cannot be nullable")


def _rule_errors(rule: Mapping[str, Any], schema: JSONSchema, path: Path) -> Iterator[FieldError]:
    """Everything about a rule but its expressions."""
    text, message, expression = (rule.get(name) or "" for name in ("rule", "message", "messageExpression"))
    if not text.strip():
        yield required(path.child("rule"), "rule is not specified")
    elif message and not message.strip():
        yield invalid(path.child("message"), message, "must be non-empty if specified")
    elif _NEWLINES.search(message.strip()):
        yield invalid(path.child("message"), message, "must not contain line breaks")
    elif _NEWLINES.search(text.strip()) and not message.strip():
        yield required(path.child("message"), "message must be specified if rule contains line breaks")
    if expression and not expression.strip():
        yield required(path.child("messageExpression"), "messageExpression must be non-empty if specified")
    if rule.get("reason") is not None and rule["reason"] not in REASONS:
        yield not_supported(path.child("reason"), rule["reason"], REASONS)
    field_path = rule.get("fieldPath") or ""
    if field_path and not field_path.strip():
        yield invalid(path.child("fieldPath"), field_path, "must be non-empty if specified")
    if _NEWLINES.search(field_path):
        yield invalid(path.child("fieldPath"), field_path, "must not contain line breaks")
    if field_path:
        try:
            find_field(field_path, schema)
        except FieldPathError:
            yield invalid(path.child("fieldPath"), field_path, "must be a valid path")


def selectable_field_errors(
    fields: Sequence[Mapping[str, Any]], schema: JSONSchema, path: Path
) -> Iterator[FieldError]:
    """The fields by which objects can be selected."""
    seen: set[str] = set()
    for position, each in enumerate(fields):
        place, text = path.index(position).child("jsonPath"), each.get("jsonPath") or ""
        if not text:
            yield required(place)
            continue
        try:
            steps, found = find_field(text, schema, array_notation=False)
        except FieldPathError as error:
            yield invalid(place, text, f"is an invalid path: {error}")
            continue
        if steps[0] == "metadata":
            yield invalid(place, text, "must not point to fields in metadata")
        if found is None or found.get("type") not in _SELECTABLE_TYPES:
            names = "string, boolean or integer. Enum string fields and strings with formats are allowed."
            yield invalid(place, text, f"must point to a field of type {names}")
        if ".".join(steps) in seen:
            yield duplicate(place, text)
        seen.add(".".join(steps))
    if len(seen) > SELECTABLE_FIELDS_MAX:
        yield FieldError("FieldValueTooMany", path, len(seen), f"must have at most {SELECTABLE_FIELDS_MAX} items")
