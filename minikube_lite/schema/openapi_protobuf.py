"""OpenAPI version 2 in protobuf, which is how kubectl before 1.27 asks for it. Upstream: gnostic-models/openapiv2.

A message is a table from a key of the JSON form to the field's number and how its value is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import pack
from typing import Any

import orjson

Fields = Mapping[str, tuple[int, Callable[[int, Any], bytes]]]
"""The table of a message."""
VARINT, DOUBLE, BYTES = 0, 1, 2


def encode_document(document: Mapping[str, Any]) -> bytes:
    """The bytes of an openapi.v2.Document."""
    return _message(_DOCUMENT, document, extensions=16)


def varint(number: int) -> bytes:
    """A whole number, seven bits a byte; negative ones as 64 bits."""
    number &= (1 << 64) - 1
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(encoded) + bytes((number,))


def _field(number: int, content: bytes) -> bytes:
    """A field whose content has a length."""
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def _message(fields: Fields, value: Mapping[str, Any], extensions: int) -> bytes:
    parts = [write(number, value[key]) for key, (number, write) in fields.items() if key in value]
    for name, extension in value.items():
        if name.startswith("x-"):
            parts.append(_field(extensions, _named(name, _any(extension))))
    return b"".join(parts)


def _named(name: str, content: bytes) -> bytes:
    return _field(1, name.encode()) + _field(2, content)


def _any(value: Any) -> bytes:
    """Any value, as YAML, of which JSON is a part."""
    return _field(2, orjson.dumps(value))


def _text(number: int, value: str) -> bytes:
    return _field(number, value.encode())


def _flag(number: int, value: bool) -> bytes:
    return varint(number << 3 | VARINT) + varint(int(value))


def _whole(number: int, value: int) -> bytes:
    return varint(number << 3 | VARINT) + varint(value)


def _double(number: int, value: float) -> bytes:
    return varint(number << 3 | DOUBLE) + pack("<d", value)


def _texts(number: int, values: list[str]) -> bytes:
    return b"".join(_text(number, value) for value in values)


def _anys(number: int, values: list[Any]) -> bytes:
    return b"".join(_field(number, _any(value)) for value in values)


def _type(number: int, value: str) -> bytes:
    return _field(number, _text(1, value))


def _schema(value: Mapping[str, Any]) -> bytes:
    return _message(_SCHEMA, value, extensions=31)


def _items(number: int, value: Mapping[str, Any]) -> bytes:
    return _field(number, _field(1, _schema(value)))


def _additional(number: int, value: Any) -> bytes:
    return _field(number, _flag(2, value) if isinstance(value, bool) else _field(1, _schema(value)))


def _properties(number: int, value: Mapping[str, Any]) -> bytes:
    named = (_field(1, _named(name, _schema(each))) for name, each in value.items())
    return _field(number, b"".join(named))


def _schemas(number: int, values: list[Any]) -> bytes:
    return b"".join(_field(number, _schema(value)) for value in values)


def _info(number: int, value: Mapping[str, str]) -> bytes:
    return _field(number, _text(1, value["title"]) + _text(2, value["version"]))


def _paths(number: int, value: Mapping[str, Any]) -> bytes:
    named = (_field(2, _named(path, _message(_PATH, item, extensions=10))) for path, item in value.items())
    return _field(number, b"".join(named))


def _operation(number: int, value: Mapping[str, Any]) -> bytes:
    return _field(number, _message(_OPERATION, value, extensions=13))


def _responses(number: int, value: Mapping[str, Any]) -> bytes:
    named = (
        _field(1, _named(code, _field(1, _message(_RESPONSE, each, extensions=5)))) for code, each in value.items()
    )
    return _field(number, b"".join(named))


def _response_schema(number: int, value: Mapping[str, Any]) -> bytes:
    return _field(number, _field(1, _schema(value)))


def _parameters(number: int, values: list[Any]) -> bytes:
    return b"".join(_field(number, _field(1, _parameter(value))) for value in values)


def _parameter(value: Mapping[str, Any]) -> bytes:
    """A Parameter, which is the body or one of four others, each of which has a number in NonBodyParameter."""
    if value["in"] == "body":
        return _field(1, _message(_BODY, value, extensions=6))
    number, fields, extensions = _OTHERS[value["in"]]
    return _field(2, _field(number, _message(fields, value, extensions)))


def _body_schema(number: int, value: Mapping[str, Any]) -> bytes:
    return _field(number, _schema(value))


_SCHEMA: Fields = {
    "$ref": (1, _text), "format": (2, _text), "title": (3, _text), "description": (4, _text),
    "multipleOf": (6, _double), "maximum": (7, _double), "exclusiveMaximum": (8, _flag), "minimum": (9, _double),
    "exclusiveMinimum": (10, _flag), "maxLength": (11, _whole), "minLength": (12, _whole), "pattern": (13, _text),
    "maxItems": (14, _whole), "minItems": (15, _whole), "uniqueItems": (16, _flag), "maxProperties": (17, _whole),
    "minProperties": (18, _whole), "required": (19, _texts), "enum": (20, _anys), "additionalProperties": (21, _additional),
    "type": (22, _type), "items": (23, _items), "allOf": (24, _schemas), "properties": (25, _properties),
}  # fmt: skip
_BODY: Fields = {
    "description": (1, _text),
    "name": (2, _text),
    "in": (3, _text),
    "required": (4, _flag),
    "schema": (5, _body_schema),
}
_QUERY: Fields = {
    "required": (1, _flag), "in": (2, _text), "description": (3, _text), "name": (4, _text), "type": (6, _text),
    "format": (7, _text), "uniqueItems": (20, _flag),
}  # fmt: skip
_IN_PATH: Fields = {**{key: entry for key, entry in _QUERY.items() if key in ("required", "in", "description", "name")},
            "type": (5, _text), "format": (6, _text), "uniqueItems": (19, _flag)}  # fmt: skip
_OTHERS: Mapping[str, tuple[int, Fields, int]] = {"query": (3, _QUERY, 23), "path": (4, _IN_PATH, 22)}
_RESPONSE: Fields = {"description": (1, _text), "schema": (2, _response_schema)}
_OPERATION: Fields = {
    "description": (3, _text), "operationId": (5, _text), "produces": (6, _texts), "consumes": (7, _texts),
    "parameters": (8, _parameters), "responses": (9, _responses),
}  # fmt: skip
_PATH: Fields = {
    "get": (2, _operation), "put": (3, _operation), "post": (4, _operation), "delete": (5, _operation),
    "patch": (8, _operation), "parameters": (9, _parameters),
}  # fmt: skip
_DOCUMENT: Fields = {"swagger": (1, _text), "info": (2, _info), "paths": (8, _paths), "definitions": (9, _properties)}
