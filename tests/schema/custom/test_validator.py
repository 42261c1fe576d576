"""Values against JSON schemas, in upstream's words."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.schema.custom.correlation import Correlated
from minikube_lite.schema.custom.validator import Validator

TYPED = "must be of type"
CASES: list[tuple[dict[str, Any], Any, list[str]]] = [
    ({"type": "string"}, "a", []),
    ({"type": "string"}, 1, [f'v: Invalid value: "integer": v in body {TYPED} string: "integer"']),
    ({"type": "string"}, None, [f'v: Invalid value: "null": v in body {TYPED} string: "null"']),
    ({"type": "string", "nullable": True}, None, []),
    ({"type": "integer"}, 1.0, []),
    ({"type": "integer", "format": "int32"}, 2**31,
     ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in v']),
    ({"x-kubernetes-int-or-string": True}, "80%", []),
    ({"x-kubernetes-int-or-string": True}, [],
     [f'v: Invalid value: "array": v in body {TYPED} integer,string: "array"']),
    ({"type": "integer", "minimum": 2}, 1, ["v: Invalid value: 1: v in body should be greater than or equal to 2"]),
    ({"type": "integer", "maximum": 2, "exclusiveMaximum": True}, 2, ["v: Invalid value: 2: v in body should be less than 2"]),
    ({"type": "integer", "multipleOf": 3}, 4, ["v: Invalid value: 4: v in body should be a multiple of 3"]),
    ({"type": "string", "minLength": 2}, "é", ['v: Invalid value: "é": v in body should be at least 2 chars long']),
    ({"type": "string", "maxLength": 2}, "abc", ["v: Too long: may not be more than 2 bytes"]),
    ({"type": "string", "pattern": "^[a-z]$"}, "A", ["v: Invalid value: \"A\": v in body should match '^[a-z]$'"]),
    ({"type": "string", "format": "ipv4"}, "x", [f'v: Invalid value: "x": v in body {TYPED} ipv4: "x"']),
    ({"type": "string", "format": "nonsense"}, "x", []),
    ({"type": "string", "enum": ["a", "b"]}, "c", ['v: Unsupported value: "c": supported values: "a", "b"']),
    ({"type": "array", "items": {"type": "integer"}}, [1, "x"],
     [f'v[1]: Invalid value: "string": v[1] in body {TYPED} integer: "string"']),
    ({"type": "array", "maxItems": 1}, [1, 2], ["v: Too many: 2: must have at most 1 items"]),
    ({"type": "array", "minItems": 1}, [], ["v: Invalid value: 0: v in body should have at least 1 items"]),
    ({"type": "object", "required": ["a"]}, {}, ["v.a: Required value"]),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": "x"},
     [f'v.a: Invalid value: "string": v.a in body {TYPED} integer: "string"']),
    ({"type": "object", "maxProperties": 1}, {"a": 1, "b": 2}, ["v: Too many: 2: must have at most 1 items"]),
    ({"type": "integer", "anyOf": [{"minimum": 5}, {"maximum": 1}]}, 3,
     ['<nil>: Invalid value: "": "v" must validate at least one schema (anyOf)',
      "v: Invalid value: 3: v in body should be greater than or equal to 5"]),
    ({"type": "integer", "oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3,
     ['<nil>: Invalid value: "": "v" must validate one and only one schema (oneOf). Found 2 valid alternatives']),
    ({"type": "integer", "allOf": [{"minimum": 5}]}, 3,
     ["v: Invalid value: 3: v in body should be greater than or equal to 5",
      '<nil>: Invalid value: "": "v" must validate all the schemas (allOf). None validated']),
    ({"type": "integer", "not": {"minimum": 1}}, 3, ['<nil>: Invalid value: "": "v" must not validate the schema (not)']),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "expected"), CASES)
def test_faults(schema: dict[str, Any], value: Any, expected: list[str]) -> None:
    validator = Validator({"type": "object", "properties": {"v": schema}})
    assert [str(fault) for fault in validator.faults({"v": value})] == expected


ROOT = {
    "type": "object",
    "properties": {
        "a": {"type": "string", "maxLength": 1},
        "list": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "n": {"type": "integer", "minimum": 5}},
            },
        },
    },
}


@pytest.mark.parametrize(
    ("new", "old", "count"),
    [
        ({"a": "long"}, {"a": "long"}, 0),
        ({"a": "longer"}, {"a": "long"}, 1),
        ({"a": "long"}, {}, 1),
        ({"list": [{"name": "y", "n": 1}, {"name": "x", "n": 1}]}, {"list": [{"name": "x", "n": 1}]}, 1),
        ({"list": [{"name": "x", "n": 2}]}, {"list": [{"name": "x", "n": 1}]}, 1),
    ],
)
def test_what_stays_wrong_is_not_told_again(new: dict[str, Any], old: dict[str, Any], count: int) -> None:
    assert len(Validator(ROOT).faults(new, Correlated(new, old, ROOT))) == count
