"""Paths of columns and selectable fields."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.schema.custom.field_path import FieldPathError, find_field
from minikube_lite.schema.custom.json_path import JSONPath, JSONPathError

VALUE = {
    "spec": {"n": 3, "list": [{"t": "A", "v": 1}, {"t": "B", "v": 2}], "a.b/c": "dotted"},
    "metadata": {"labels": {"app.kubernetes.io/name": "x"}},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.n", [3]),
        (".spec.none", []),
        (".spec.list[0].v", [1]),
        (".spec.list[-1].v", [2]),
        (".spec.list[5].v", []),
        (".spec.list[*].t", ["A", "B"]),
        (".spec.list[0:1].t", ["A"]),
        (".spec.list[0,1].t", ["A", "B"]),
        ('.spec.list[?(@.t=="B")].v', [2]),
        (".spec.list[?(@.v>1)].t", ["B"]),
        (".spec['a.b/c']", ["dotted"]),
        (r".metadata.labels.app\.kubernetes\.io/name", ["x"]),
        ("..v", [1, 2]),
    ],
)
def test_find(path: str, found: list[Any]) -> None:
    assert JSONPath(path).find(VALUE) == found


@pytest.mark.parametrize("path", ["spec", ".a[", ".a[?(@.b==c)]"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(JSONPathError):
        JSONPath(path)


SCHEMA = {"properties": {"a": {"properties": {"b-c": {}}}, "m": {"additionalProperties": {"properties": {"x": {}}}}}}


@pytest.mark.parametrize(
    ("path", "steps"), [(".a", ["a"]), (".a['b-c']", ["a", "b-c"]), (".m.any.x", ["m", "any", "x"])]
)
def test_fields(path: str, steps: list[str]) -> None:
    assert find_field(path, SCHEMA)[0] == steps


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a", "expected [ or . but got: a"),
        (".z", "does not refer to a valid field"),
        (".a[0]", "expected single quoted string but got 0"),
        (".a.", "unexpected end of JSON path"),
    ],
)
def test_what_is_no_field(path: str, text: str) -> None:
    with pytest.raises(FieldPathError) as error:
        find_field(path, SCHEMA)
    assert str(error.value) == text
