"""JSON and YAML are read, and refused, as Go's libraries do."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.schema.parse import DecodeError, find_kind, parse_json, parse_yaml, strict_errors, summarize

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize("find_duplicates", [False, True])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "unexpected end of JSON input"),
        (b'{"a": ', "unexpected end of JSON input"),
        (b"nope", "invalid character 'o' in literal null (expecting 'u')"),
        (b"not json", "invalid character 'o' in literal null (expecting 'u')"),
        (b'{"a":}', "invalid character '}' looking for beginning of value"),
        (b"{'a':1}", r"invalid character '\'' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a":1 2}', "invalid character '2' after object key:value pair"),
        (b"[1 2]", "invalid character '2' after array element"),
        (b'{"a":1}x', "invalid character 'x' after top-level value"),
        (b'"a\nb"', r"invalid character '\n' in string literal"),
        (b'"\\x"', "invalid character 'x' in string escape code"),
        (b"1.x", "invalid character 'x' after decimal point in numeric literal"),
        (b"[" * 20_000, "exceeded max depth"),
    ],
)
def test_syntax_errors(data: bytes, message: str, find_duplicates: bool) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_json(data, find_duplicates=find_duplicates)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("data", "duplicates"),
    [
        (b'{"a":1,"b":{"c":1}}', []),
        (b'{"a":1,"a":2}', ["a"]),
        (b'{"data":{"a":1,"a":2},"data":{}}', ["data.a", "data"]),
        (b'{"spec":{"list":[{"x":1},{"x":1,"x":2,"x":3}]}}', ["spec.list[1].x"]),
    ],
)
def test_repeated_keys_are_told_with_their_path(data: bytes, duplicates: list[str]) -> None:
    value, found = parse_json(data, find_duplicates=True)
    assert found == [f'duplicate field "{path}"' for path in duplicates]
    assert value == orjson.loads(data)
    assert parse_json(data) == (value, [])


def test_what_is_not_utf8_is_replaced() -> None:
    assert parse_json(b'{"a":"\xff","b":"\\ud800"}') == ({"a": "�", "b": "�"}, [])


@given(JSON)
def test_json_is_read_back(value: Any) -> None:
    assert parse_json(orjson.dumps(value), find_duplicates=True) == (value, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y", True), ("No", False), ("on", True), ("'yes'", "yes"), ("~", None), ("2024-01-01", "2024-01-01"),
        ("0777", 511), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("08", 8), ("1e3", 1000), ("1.5", 1.5), (".5", 0.5),
        ("1:30", "1:30"), ("1.2.3", "1.2.3"), ("!!str 5", "5"), ('"5"', "5"), ("+1", 1), ("-", [None]), ("", None),
    ],
)  # fmt: skip
def test_yaml_scalars(text: str, expected: Any) -> None:
    assert parse_yaml(text.encode()) == (expected, [])


def test_yaml_keys_are_sorted_strings_and_merges_are_followed() -> None:
    value, _ = parse_yaml(b"b: {<<: &base {k: 1, z: 2}, z: 3}\n1: x\ntrue: y\na: *base\n")
    assert value == {"1": "x", "a": {"k": 1, "z": 2}, "b": {"k": 1, "z": 3}, "true": True}
    assert list(value) == sorted(value)


def test_repeated_yaml_keys_are_told_with_their_line() -> None:
    value, found = parse_yaml(b"b: 0\ndata:\n  a: 1\n  a: 2\n", find_duplicates=True)
    assert value == {"b": 0, "data": {"a": 2}}
    assert found == ['yaml: unmarshal errors:\n  line 4: key "a" already set in map']


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "apiVersion: v1\nkind: ConfigMap\n metadata: x\n",
            "yaml: line 3: mapping values are not allowed in this context",
        ),
        ("a: .inf", "json: unsupported value: +Inf"),
        ("{a: 1", "yaml: line 1: did not find expected ',' or '}'"),
    ],
)
def test_what_is_no_yaml(text: str, message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_yaml(text.encode())
    assert str(caught.value) == message


def test_aliases_cannot_unfold_without_end() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9))
    with pytest.raises(DecodeError, match="excessive aliasing"):
        parse_yaml(f"l0: &l0 x\n{levels}\n".encode())


def test_bodies_are_summarized_in_errors() -> None:
    assert summarize(b"") == "<empty>"
    assert summarize(b"[]") == "5b5d"
    assert summarize(b'{"apiVersion":"v1","kind":"Pod","x') == '{"apiVersion":"v1","kind":"Pod ...'


def test_kinds_are_found() -> None:
    assert find_kind({"apiVersion": "v1", "kind": "Pod"}) == ("v1", "Pod")
    assert find_kind(None) == ("", "")
    with pytest.raises(DecodeError, match="cannot unmarshal array into Go value of type struct"):
        find_kind([])


def test_repeats_inside_unknown_fields_are_not_told() -> None:
    unknown = ['unknown field "spec.foo"']
    duplicates = ['duplicate field "spec.foo.a"', 'duplicate field "spec.food"']
    assert strict_errors(duplicates, unknown) == ['duplicate field "spec.food"', 'unknown field "spec.foo"']
