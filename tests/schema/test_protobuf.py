"""Protobuf bodies: what real clients send is what they send in JSON, and what is malformed is refused with a text."""

from __future__ import annotations

import json
import lzma
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.decode import DecodeError, decode
from minikube_lite.schema.protobuf import MESSAGE_DEPTH_MAX, ProtobufTypes
from minikube_lite.schema.protobuf_wire import BODY_BYTES_MAX, GROUP_DEPTH_MAX, PREFIX, read_unknown

BODIES = Path(__file__).parent / "protobuf_bodies"
NAMES = sorted(path.stem for path in BODIES.glob("*.bin"))


@pytest.fixture(scope="module")
def schemas() -> BuiltinSchemas:
    return BuiltinSchemas.load()


@pytest.fixture(scope="module")
def types(schemas: BuiltinSchemas) -> ProtobufTypes:
    return ProtobufTypes.load(schemas)


def field(number: int, payload: bytes | int) -> bytes:
    """One field: a varint for an integer, else bytes with their length."""
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def varint(value: int) -> bytes:
    """An unsigned integer."""
    value &= (1 << 64) - 1
    encoded = b""
    while value > 0x7F:
        encoded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return encoded + bytes([value])


def body(raw: bytes, kind: str = "ConfigMap", api_version: str = "v1") -> bytes:
    """An object's message in its envelope."""
    return PREFIX + field(1, field(1, api_version.encode()) + field(2, kind.encode())) + field(2, raw)


def as_in_json(schemas: BuiltinSchemas, types: ProtobufTypes, data: bytes, expected: dict[str, Any]) -> tuple[Any, Any]:
    """A body and an object in JSON, both as the API server holds them."""
    api_version, kind, value = types.decode_unknown(data)
    group, _, version = api_version.rpartition("/")
    schema = schemas.type_for(group, version, kind)
    assert schema is not None
    got = decode(schema, {"apiVersion": api_version, "kind": kind, **value})
    assert got.unknown == []
    return got.value, decode(schema, expected).value


@pytest.mark.parametrize("name", NAMES)
def test_a_body_of_a_real_client(schemas, types, name) -> None:
    expected = json.loads((BODIES / f"{name}.json").read_text())
    got, wanted = as_in_json(schemas, types, (BODIES / f"{name}.bin").read_bytes(), expected)
    assert got == wanted


def test_every_stable_kind_with_all_its_fields(schemas, types) -> None:
    samples = json.loads(lzma.decompress((BODIES / "upstream-1.36.json.xz").read_bytes()))
    assert len(samples) > 70
    for data, expected in samples:
        got, wanted = as_in_json(schemas, types, bytes.fromhex(data), expected)
        assert got == wanted, expected["kind"]


def test_the_table_knows_the_fields_of_every_message(schemas, types) -> None:
    """An empty message compiles its readers; every field but apiVersion and kind has a number."""
    known = [schemas.type_named(name) for name in schemas.names() if types.knows(schemas.type_named(name))]
    assert len(known) > 690
    for schema in known:
        if schema.form == "object":
            assert types.decode(schema, b"") == {}
            unnumbered = set(schema.fields) - set(types.numbers(schema))
            assert unnumbered <= {"apiVersion", "kind"}, schema.name


@pytest.mark.parametrize(
    "kind", ["ConfigMap", "Deployment", "PodDisruptionBudget", "Lease", "CustomResourceDefinition"]
)
def test_nothing_said_is_an_empty_object(schemas, types, kind) -> None:
    [key] = [key for key in schemas.kinds() if key[2] == kind and key[1] == "v1"]
    schema = schemas.type_for(*key)
    api_version = f"{key[0]}/v1" if key[0] else "v1"
    _, _, value = types.decode_unknown(body(b"", kind, api_version))
    assert value == {}
    assert decode(schema, value).value == decode(schema, {}).value


def test_unknown_fields_are_dropped(types) -> None:
    group = varint(99 << 3 | 3) + field(1, 5) + field(2, b"x") + varint(99 << 3 | 4)
    raw = field(1, field(1, b"a") + field(98, b"?")) + field(97, 3) + group + varint(96 << 3 | 5) + b"1234"
    assert types.decode_unknown(body(raw)) == ("v1", "ConfigMap", {"metadata": {"name": "a"}})


def test_a_message_that_comes_twice_is_merged_and_the_last_value_wins(types) -> None:
    raw = field(1, field(1, b"a") + field(3, b"x")) + field(1, field(3, b"y"))
    assert types.decode_unknown(body(raw))[2] == {"metadata": {"name": "a", "namespace": "y"}}
    entry = field(1, b"k") + field(2, b"v")
    raw = field(2, entry) + field(2, field(1, b"k") + field(2, b"w")) + field(2, b"")
    assert types.decode_unknown(body(raw))[2] == {"data": {"k": "w", "": None}}


def test_lists_of_numbers_may_be_packed(types) -> None:
    """PodSecurityContext.supplementalGroups is field 4 of PodSpec's field 14."""
    for groups in (field(4, 1) + field(4, -1), field(4, varint(1) + varint(-1)), field(4, 1) + field(4, varint(-1))):
        _, _, pod = types.decode_unknown(body(field(2, field(14, groups)), "Pod"))
        assert pod == {"spec": {"securityContext": {"supplementalGroups": [1, -1]}}}


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, 0), (7, 7), (-1, -1), ((1 << 31) - 1, (1 << 31) - 1), (1 << 31, -(1 << 31)), (1 << 32, 0)],
)
def test_integers_of_32_bits(types, number, expected) -> None:
    _, _, value = types.decode_unknown(body(field(2, field(1, number)), "Deployment", "apps/v1"))
    assert value == {"spec": {"replicas": expected}}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", None),
        (field(1, -62135596800), None),
        (field(1, 0), "1970-01-01T00:00:00Z"),
        (field(2, 999_999_999), "1970-01-01T00:00:00Z"),
        (field(1, -1), "1969-12-31T23:59:59Z"),
        (field(1, -62135596799), "0001-01-01T00:00:01Z"),
    ],
)
def test_times(types, payload, expected) -> None:
    assert types.decode_unknown(body(field(1, field(8, payload))))[2] == {"metadata": {"creationTimestamp": expected}}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", 0),
        (field(2, 80), 80),
        (field(1, 1) + field(3, b"50%"), "50%"),
        (field(1, 1), ""),
        (field(1, 0) + field(2, -3) + field(3, b"ignored"), -3),
    ],
)
def test_numbers_or_texts(types, payload, expected) -> None:
    _, _, value = types.decode_unknown(body(field(2, field(1, payload)), "PodDisruptionBudget", "policy/v1"))
    assert value == {"spec": {"minAvailable": expected}}


def test_text_that_is_no_utf_8_is_replaced(types) -> None:
    assert types.decode_unknown(body(field(1, field(1, b"a\xff"))))[2] == {"metadata": {"name": "a\ufffd"}}


MALFORMED = {
    "nothing": (b"", "empty data"),
    "JSON": (b"{}", "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"),
    "a prefix alone": (PREFIX, "empty body"),
    "an unfinished tag": (PREFIX + b"\x80", "unexpected EOF"),
    "an unfinished length": (body(b"")[:-1], "unexpected EOF"),
    "too little": (body(b"\x0a\x05a"), "unexpected EOF"),
    "an endless number": (body(b"\xff" * 11), "proto: integer overflow"),
    "a negative length": (body(b"\x0a" + varint(-1)), "proto: negative length found during unmarshaling"),
    "field 0": (body(b"\x02\x00"), "proto: ConfigMap: illegal tag 0 (wire type 2)"),
    "a group's end": (body(b"\x0c"), "proto: ConfigMap: wiretype end group for non-group"),
    "an unknown wire type": (body(b"\x0f"), "proto: illegal wireType 7"),
    "metadata as a number": (body(field(1, 5)), "proto: wrong wireType = 0 for field ObjectMeta"),
    "a text as a number": (body(field(1, field(1, 5))), "proto: wrong wireType = 0 for field Name"),
    "an open group": (body(b"\x9b\x06"), "unexpected EOF"),
    "deep groups": (body(b"\x9b\x06" * (GROUP_DEPTH_MAX + 1)), "exceeded max depth"),
    "an unknown kind": (body(b"", "Wrong"), 'no kind "Wrong" is registered for version "v1"'),
    "no kind": (body(b"", ""), 'no kind "" is registered for version "v1"'),
    "a body too large": (body(bytes(BODY_BYTES_MAX)), f"is too large: at most {BODY_BYTES_MAX} are read"),
    "a late time": (body(field(1, field(8, field(1, 1 << 60)))), "year outside of range"),
    "no JSON inside": (body(field(2, field(1, b"{")), "ControllerRevision", "apps/v1"), "unexpected end of JSON"),
    "no number and no text": (
        body(field(2, field(1, field(1, 2))), "PodDisruptionBudget", "policy/v1"),
        "impossible IntOrString.Type",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_refused(types, name) -> None:
    data, text = MALFORMED[name]
    with pytest.raises(DecodeError) as caught:
        types.decode_unknown(data)
    assert text in str(caught.value)


def test_depth_has_a_limit(schemas, types) -> None:
    schema = schemas.type_named("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
    number = types.numbers(schema)["not"]
    raw = b""
    for _ in range(MESSAGE_DEPTH_MAX):
        raw = field(number, raw)
    assert types.decode(schema, raw)
    with pytest.raises(DecodeError, match="exceeded max depth"):
        types.decode(schema, field(number, raw))


@given(raw=st.binary(max_size=200))
@example(raw=struct.pack("<d", 1.5))
def test_random_bytes_decode_or_are_refused(schemas, types, raw) -> None:
    for key in (("apps", "v1", "Deployment"), ("apiextensions.k8s.io", "v1", "CustomResourceDefinition")):
        schema = schemas.type_for(*key)
        try:
            decode(schema, types.decode(schema, raw))
        except DecodeError as error:
            assert str(error)
    try:
        read_unknown(PREFIX + raw)
    except DecodeError as error:
        assert str(error)


@given(data=st.data())
def test_damaged_bodies_decode_or_are_refused(schemas, types, data) -> None:
    name = data.draw(st.sampled_from(NAMES))
    damaged = bytearray((BODIES / f"{name}.bin").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        api_version, kind, value = types.decode_unknown(bytes(damaged))
        group, _, version = api_version.rpartition("/")
        schema = schemas.type_for(group, version, kind)
        assert schema is not None
        decode(schema, value)
    except DecodeError as error:
        assert str(error)
