"""Version 2 of OpenAPI in protobuf, read back field by field."""

from __future__ import annotations

from struct import unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.schema.openapi_protobuf import encode_document, varint
from minikube_lite.schema.protobuf_wire import read_fields


def fields(data: bytes) -> dict[int, list]:
    found: dict[int, list] = {}
    for number, _, value in read_fields(data, "message"):
        found.setdefault(number, []).append(value)
    return found


def definition(schema: dict) -> dict[int, list]:
    """The fields of a schema, as a definition of a document."""
    document = {"swagger": "2.0", "definitions": {"a.B": schema}}
    [definitions] = fields(encode_document(document))[9]
    [named] = fields(definitions)[1]
    assert fields(named)[1] == [b"a.B"]
    return fields(fields(named)[2][0])


@pytest.mark.parametrize(
    ("schema", "number", "value"),
    [
        ({"$ref": "#/definitions/a.B"}, 1, b"#/definitions/a.B"),
        ({"format": "int32"}, 2, b"int32"),
        ({"description": "It."}, 4, b"It."),
        ({"maxLength": 300}, 11, 300),
        ({"uniqueItems": True}, 16, 1),
        ({"required": ["a"]}, 19, b"a"),
        ({"enum": ["a"]}, 20, b'\x12\x03"a"'),
        ({"type": "object"}, 22, b"\x0a\x06object"),
        ({"items": {"type": "string"}}, 23, b"\x0a\x0b\xb2\x01\x08\x0a\x06string"),
        ({"additionalProperties": True}, 21, b"\x10\x01"),
        ({"x-kubernetes-list-type": "set"}, 31, b'\x0a\x16x-kubernetes-list-type\x12\x07\x12\x05"set"'),
    ],
)
def test_a_keyword_of_a_schema(schema, number, value) -> None:
    assert definition(schema) == {number: [value]}


def test_a_bound_is_a_double() -> None:
    [bound] = definition({"minimum": -1.5})[9]
    assert unpack("<d", bound) == (-1.5,)


def test_properties_have_names() -> None:
    [properties] = definition({"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}})[25]
    assert [fields(named)[1] for named in fields(properties)[1]] == [[b"a"], [b"b"]]


def test_an_operation_has_parameters_of_each_sort() -> None:
    parameters = [
        {"name": "body", "in": "body", "required": True, "schema": {"type": "object"}},
        {"name": "dryRun", "in": "query", "type": "string", "uniqueItems": True},
        {"name": "name", "in": "path", "type": "string", "required": True},
    ]
    operation = {"consumes": ["*/*"], "parameters": parameters, "responses": {"200": {"description": "OK"}}}
    [paths] = fields(encode_document({"paths": {"/a": {"post": operation}}}))[8]
    [item] = fields(fields(paths)[2][0])[2]
    [post] = fields(item)[4]
    sent = [fields(each)[1][0] for each in fields(post)[8]]
    assert [next(iter(fields(each))) for each in sent] == [1, 2, 2]
    others = [fields(fields(each)[2][0]) for each in sent[1:]]
    assert [next(iter(other)) for other in others] == [3, 4]
    assert fields(others[0][3][0]) == {2: [b"query"], 4: [b"dryRun"], 6: [b"string"], 20: [1]}
    assert fields(post)[7] == [b"*/*"]
    [response] = fields(fields(post)[9][0])[1]
    assert fields(response)[1] == [b"200"]


@given(st.integers(0, 2**64 - 1))
def test_whole_numbers_can_be_read_back(number: int) -> None:
    assert fields(b"\x08" + varint(number)) == {1: [number]}
