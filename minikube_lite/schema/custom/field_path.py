"""Paths to fields as rules and selectable fields write them: `.spec.parts['a-b']`; upstream: ValidFieldPath in schema/cel/validation.go."""

from __future__ import annotations

import re
from typing import Any

from minikube_lite.schema.custom.structural import JSONSchema, additional_of, properties_of

_TOKEN = re.compile(r"[.\[\]]|'(?:\\.|[^'\\])*'|[^.\[\]']+|'.*")


class FieldPathError(ValueError):
    """The path names no field of the schema."""


def find_field(text: str, schema: JSONSchema, *, array_notation: bool = True) -> tuple[list[str], JSONSchema | None]:
    """The steps of a path and the schema where it ends."""
    tokens = _TOKEN.findall(text)
    steps: list[str] = []
    current: JSONSchema | None = schema
    position = 0

    def take() -> str:
        nonlocal position
        if position >= len(tokens):
            raise FieldPathError("unexpected end of JSON path")
        position += 1
        return str(tokens[position - 1])

    while position < len(tokens):
        token = take()
        if token == "[":
            if not array_notation:
                raise FieldPathError("array notation is not allowed")
            token = take()
            if len(token) < 2 or not (token.startswith("'") and token.endswith("'")):
                raise FieldPathError(f"expected single quoted string but got {token}")
            name = re.sub(r"\\(.)", r"\1", token[1:-1])
            current = _below(current, name)
            if (end := take()) != "]":
                raise FieldPathError(f"expected ] but got {end}")
        elif token == ".":
            name = take()
            current = _below(current, name)
        else:
            raise FieldPathError(f"expected [ or . but got: {token}")
        steps.append(name)
    return steps, current


def _below(schema: JSONSchema | None, name: str) -> JSONSchema | None:
    properties: Any = properties_of(schema)
    if properties:
        if name not in properties:
            raise FieldPathError("does not refer to a valid field")
        return properties[name]  # type: ignore[no-any-return]
    if schema is not None and schema.get("additionalProperties") is not None:
        return additional_of(schema)
    raise FieldPathError("does not refer to a valid field")
