"""Types of expressions, and those that a schema declares; upstream: cel-go/common/types and apiserver/pkg/cel/common/schemas.go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minikube_lite.schema.cel.values import escape


@dataclass(frozen=True, slots=True)
class CELType:
    """A type: `params` of lists, maps and optionals; `fields` of objects. Names of one capital letter stand for any type."""

    name: str
    params: tuple[CELType, ...] = ()
    fields: Mapping[str, CELType] = field(default_factory=dict, compare=False, hash=False)

    def __str__(self) -> str:
        shown = {"timestamp": "google.protobuf.Timestamp", "duration": "google.protobuf.Duration", "null": "null"}
        name = shown.get(self.name, self.name)
        return f"{name}({', '.join(map(str, self.params))})" if self.params else name


DYN, BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL = map(
    CELType, ("dyn", "bool", "int", "uint", "double", "string", "bytes", "null")
)
TIMESTAMP, DURATION, TYPE, ERROR = map(CELType, ("timestamp", "duration", "type", "*error*"))

_SIMPLE = {"boolean": BOOL, "number": DOUBLE, "integer": INT}
_FORMATS = {"byte": BYTES, "duration": DURATION, "date": TIMESTAMP, "date-time": TIMESTAMP, "datetime": TIMESTAMP}
_PARAM = re.compile("[A-Z]")


def list_of(items: CELType) -> CELType:
    """A list."""
    return CELType("list", (items,))


def map_of(key: CELType, value: CELType) -> CELType:
    """A map."""
    return CELType("map", (key, value))


def optional_of(content: CELType) -> CELType:
    """What may be absent."""
    return CELType("optional_type", (content,))


def object_type(fields: Mapping[str, CELType], name: str = "object") -> CELType:
    """An object with these fields."""
    return CELType(name, (), fields)


def declared_type(schema: Mapping[str, Any], *, root: bool = False, name: str = "object") -> CELType | None:
    """The type of values of a JSON schema; None where expressions cannot see them."""
    if schema.get("x-kubernetes-int-or-string"):
        return DYN
    kind = schema.get("type") or ""
    whole = root or bool(schema.get("x-kubernetes-embedded-resource"))
    if kind == "array":
        items = schema.get("items")
        below = declared_type(items, name=f"{name}.@items") if isinstance(items, dict) else None
        return list_of(below) if below is not None else None
    if kind == "object" or whole:
        additional = schema.get("additionalProperties")
        if isinstance(additional, dict):
            below = declared_type(additional, name=f"{name}.@values")
            return map_of(STRING, below) if below is not None else None
        fields: dict[str, CELType] = {}
        for key, below_schema in (schema.get("properties") or {}).items():
            known = escape(key)
            below = declared_type(below_schema, name=f"{name}.{key}")
            if known is not None and below is not None:
                fields[known] = below
        if whole:
            names = {"name": STRING, "generateName": STRING}
            fields.update(apiVersion=STRING, kind=STRING, metadata=object_type(names, f"{name}.metadata"))
        return object_type(fields, name)
    if kind == "string":
        return _FORMATS.get(schema.get("format") or "", STRING)
    return _SIMPLE.get(kind)


def parse_type(text: str) -> CELType:
    """A type as signatures write it: `list(A)`, `map(A,B)`."""
    name, parenthesis, rest = text.partition("(")
    if not parenthesis:
        return CELType(name)
    params, depth, start = [], 0, 0
    inner = rest[:-1]
    for position, sign in enumerate(inner + ","):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            params.append(parse_type(inner[start:position]))
            start = position + 1
    return CELType(name, tuple(params))


def accepts(wanted: CELType, given: CELType, bound: dict[str, CELType]) -> bool:
    """Whether a value of one type can stand where another is wanted; binds the letters."""
    if _PARAM.fullmatch(wanted.name):
        known = bound.get(wanted.name)
        if known is None or known == DYN:
            bound[wanted.name] = given
            return True
        return accepts(known, given, bound) or accepts(given, known, bound)
    if "dyn" in (wanted.name, given.name) or ERROR in (wanted, given):
        return True
    if given == NULL:
        return (
            bool(wanted.fields)
            or wanted.name in ("null", "timestamp", "duration", "optional_type")
            or wanted.name.startswith("object")
        )
    if wanted == NULL:
        return accepts(given, wanted, bound) if given != NULL else True
    if wanted.name != given.name or len(wanted.params) != len(given.params):
        return False
    return all(accepts(a, b, bound) for a, b in zip(wanted.params, given.params, strict=True))


def bind(result: CELType, bound: Mapping[str, CELType]) -> CELType:
    """The type with its letters filled in."""
    if _PARAM.fullmatch(result.name):
        return bound.get(result.name, DYN)
    return CELType(result.name, tuple(bind(param, bound) for param in result.params), result.fields)
