"""Unknown fields go, defaults come."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.schema.custom.pruning import prune, prune_nulls, set_defaults, with_pruned_defaults

OBJECT = {"type": "object"}
FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
CASES: list[tuple[dict[str, Any], Any, Any, list[str]]] = [
    ({**OBJECT, "properties": {"a": {}}}, {"a": 1, "b": 2}, {"a": 1}, ["b"]),
    (FREE, {"a": {"b": 1}}, {"a": {"b": 1}}, []),
    ({**FREE, "properties": {"a": OBJECT}}, {"a": {"b": 1}, "c": 1}, {"a": {}, "c": 1}, ["a.b"]),
    ({**OBJECT, "additionalProperties": {**OBJECT, "properties": {"x": {}}}}, {"k": {"x": 1, "y": 2}}, {"k": {"x": 1}}, ["k.y"]),
    ({**OBJECT, "additionalProperties": True}, {"k": {"x": 1}}, {"k": {}}, ["k.x"]),
    ({"type": "array", "items": {**OBJECT, "properties": {"a": {}}}}, [{"a": 1, "b": 1}], [{"a": 1}], ["[0].b"]),
    ({**OBJECT, "properties": {"e": {**OBJECT, "x-kubernetes-embedded-resource": True, "properties": {}}}},
     {"e": {"kind": "X", "metadata": {"name": "n"}, "more": 1}}, {"e": {"kind": "X", "metadata": {"name": "n"}}}, ["e.more"]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "expected", "unknown"), CASES)
def test_prune(schema: dict[str, Any], value: Any, expected: Any, unknown: list[str]) -> None:
    dropped: list[str] = []
    prune(value, schema, dropped.append)
    assert (value, dropped) == (expected, unknown)


def test_a_whole_object_keeps_what_it_is() -> None:
    value = {"apiVersion": "v1", "kind": "X", "metadata": {}, "more": 1}
    prune(value, OBJECT, root=True)
    assert value == {"apiVersion": "v1", "kind": "X", "metadata": {}}


DEFAULTED = {
    "type": "object",
    "properties": {
        "a": {"type": "integer", "default": 1},
        "n": {"type": "string", "nullable": True, "default": "x"},
        "deep": {"type": "object", "default": {}, "properties": {"b": {"type": "integer", "default": 2}}},
        "plain": {"type": "string"},
    },
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, {"a": 1, "n": "x", "deep": {"b": 2}}),
        ({"a": None, "n": None, "plain": None}, {"a": 1, "n": None, "deep": {"b": 2}}),
        ({"a": 0, "deep": {"b": 0}}, {"a": 0, "n": "x", "deep": {"b": 0}}),
    ],
)
def test_defaults(value: Any, expected: Any) -> None:
    prune_nulls(value, DEFAULTED)
    set_defaults(value, DEFAULTED)
    assert value == expected


def test_a_default_is_not_shared() -> None:
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    set_defaults(first, DEFAULTED)
    first["deep"]["b"] = 9
    set_defaults(second, DEFAULTED)
    assert second["deep"] == {"b": 2}


def test_defaults_are_pruned_by_their_own_schema() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object", "default": {"x": 1}, "properties": {}}}}
    assert with_pruned_defaults(schema)["properties"]["a"]["default"] == {}
    assert with_pruned_defaults(DEFAULTED) is DEFAULTED
