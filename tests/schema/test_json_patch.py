"""JSON patch and JSON merge patch as API servers apply them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.schema import json_patch
from minikube_lite.schema.json_patch import PatchError, PatchFormatError, apply_json_patch, apply_merge_patch

DOCUMENT = {"data": {"a": "1", "b": "2"}, "list": [1, {"x": "y"}, None], "labels": {"l": "1"}}


@pytest.mark.parametrize(
    ("operations", "changes"),
    [
        ([], {}),
        (
            [
                {"op": "test", "path": "/data/a", "value": "1"},
                {"op": "replace", "path": "/data/a", "value": "9"},
                {"op": "add", "path": "/data/c", "value": "3"},
                {"op": "remove", "path": "/data/b"},
                {"op": "copy", "from": "/data/a", "path": "/data/d"},
                {"op": "move", "from": "/data/c", "path": "/data/e"},
            ],
            {"data": {"a": "9", "d": "9", "e": "3"}},
        ),
        ([{"op": "replace", "path": "/data/nosuch", "value": "x"}], {"data": {"a": "1", "b": "2", "nosuch": "x"}}),
        ([{"op": "copy", "from": "/data/nosuch", "path": "/data/c"}], {"data": {"a": "1", "b": "2", "c": None}}),
        (
            [{"op": "add", "path": "/labels/example.com~1name", "value": "x"}],
            {"labels": {"l": "1", "example.com/name": "x"}},
        ),
        ([{"op": "add", "path": "/labels/a~01", "value": "x"}], {"labels": {"l": "1", "a~1": "x"}}),
        ([{"op": "add", "path": "/list/-", "value": 4}], {"list": [1, {"x": "y"}, None, 4]}),
        ([{"op": "add", "path": "/list/0", "value": 0}], {"list": [0, 1, {"x": "y"}, None]}),
        ([{"op": "add", "path": "/list/3", "value": 4}], {"list": [1, {"x": "y"}, None, 4]}),
        ([{"op": "add", "path": "/list/-1", "value": 4}], {"list": [1, {"x": "y"}, None, 4]}),
        ([{"op": "remove", "path": "/list/-1"}], {"list": [1, {"x": "y"}]}),
        ([{"op": "replace", "path": "/list/1/x", "value": "z"}], {"list": [1, {"x": "z"}, None]}),
        ([{"op": "test", "path": "/data/nosuch"}, {"op": "test", "path": "/list/2", "value": None}], {}),
        ([{"op": "test", "path": "/list", "value": [1, {"x": "y"}, None]}], {}),
    ],
)
def test_operations(operations, changes):
    before = copy.deepcopy((DOCUMENT, operations))
    assert apply_json_patch(DOCUMENT, operations) == {**DOCUMENT, **changes}
    assert (DOCUMENT, operations) == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/data/a", "value": "9"},
        {"op": "test", "path": "/list/0", "value": True},
        {"op": "test", "path": "/list/0", "value": 1.0},
        {"op": "test", "path": "/data/a"},
        {"op": "remove", "path": "/data/nosuch"},
        {"op": "move", "from": "/data/nosuch", "path": "/data/a"},
        {"op": "add", "path": "/nosuch/deep", "value": "x"},
        {"op": "add", "path": "/data/a/deep", "value": "x"},
        {"op": "add", "path": "/list/4", "value": "x"},
        {"op": "replace", "path": "/list/3", "value": "x"},
        {"op": "replace", "path": "", "value": "x"},
        {"op": "remove", "path": "/list/x"},
        {"op": "remove", "path": ""},
        {"op": "add", "value": "x"},
        {"op": "bogus", "path": "/data/a"},
        {"path": "/data/a"},
        None,
    ],
)
def test_operations_that_do_not_apply(operation):
    with pytest.raises(PatchError):
        apply_json_patch(DOCUMENT, [operation])


def test_a_value_inserted_and_then_changed_leaves_the_patch_as_it_was():
    patch: list[dict[str, Any]] = [
        {"op": "add", "path": "/n", "value": {"a": []}},
        {"op": "add", "path": "/n/a/-", "value": 1},
    ]
    assert apply_json_patch({}, patch) == apply_json_patch({}, patch) == {"n": {"a": [1]}}


def test_limits():
    operation = {"op": "test", "path": "/data/nosuch"}
    with pytest.raises(json_patch.PatchTooLargeError, match="is 10000, got 10001"):
        apply_json_patch(DOCUMENT, [operation] * 10_001)
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 30
    with pytest.raises(PatchError, match="exceeding the limit 3145728"):
        apply_json_patch({"a": ["x" * 10]}, doubling)


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"data": {}}, "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        ("x", "json: cannot unmarshal string into Go value of type []handlers.jsonPatchOp"),
        ([1], "json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
        ([{"op": True}], "json: cannot unmarshal bool into Go struct field jsonPatchOp.op of type string"),
    ],
)
def test_patches_of_the_wrong_form(patch, message):
    with pytest.raises(PatchFormatError) as caught:
        json_patch.check_json_patch(patch)
    assert str(caught.value) == message


def test_unknown_fields_are_named():
    assert json_patch.check_json_patch([{"op": "test", "path": "/a", "from": "/b"}, {"why": 1}]) == [
        'unknown field "[1].why"'
    ]


@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": {"e": None, "f": 1}}}, {"a": {"c": 2, "d": {"f": 1}}}),
        ({"a": {"b": 1}}, {"a": None}, {}),
        ({"a": {"b": 1}}, {"a": [1, None, {"x": None}]}, {"a": [1, None, {"x": None}]}),
        ({"a": 1}, {"a": [1, None, {"x": None}]}, {"a": [1, None, {}]}),
        ({"a": "b"}, {"a": {"b": None}}, {"a": {}}),
        ({"a": "b"}, {}, {"a": "b"}),
        ({"a": "b"}, [1], [1]),
    ],
)
def test_merge_patches(document, patch, result):
    before = copy.deepcopy((document, patch))
    assert apply_merge_patch(document, patch) == result
    assert (document, patch) == before


def test_null_is_no_merge_patch():
    with pytest.raises(PatchFormatError, match="^Invalid JSON Patch$"):
        apply_merge_patch({}, None)


JSON = st.recursive(
    st.integers() | st.text("ab", max_size=2) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


def merge_patch_between(old, new):
    patch = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key in old and isinstance(old[key], dict) and isinstance(value, dict):
            patch[key] = merge_patch_between(old[key], value)
        else:
            patch[key] = value
    return patch


@given(DOCUMENTS, DOCUMENTS)
def test_a_merge_patch_leads_from_any_document_to_any_other(old, new):
    patch = merge_patch_between(old, new)
    assert apply_merge_patch(old, patch) == new
    assert apply_merge_patch(new, patch) == new


@given(DOCUMENTS, DOCUMENTS)
def test_replacing_all_is_the_other_document(old, new):
    operations = [{"op": "remove", "path": f"/{key}"} for key in old]
    operations += [{"op": "add", "path": f"/{key}", "value": value} for key, value in new.items()]
    assert apply_json_patch(old, operations) == new
