"""Protobuf's wire format: a message's bytes as its fields, and the envelope of Kubernetes' bodies.

Upstream: the generated Unmarshal methods, whose error texts these are, and apimachinery's serializer/protobuf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from minikube_lite.schema.parse import DecodeError

PREFIX = b"k8s\0"
BODY_BYTES_MAX = 3 << 20
"""As much as the API server reads of a request's body."""
GROUP_DEPTH_MAX = 100
"""How deep groups, which no message of Kubernetes has, may stand in each other."""

VARINT, FIXED64, BYTES, START_GROUP, END_GROUP, FIXED32 = range(6)
FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
UNEXPECTED_END = "unexpected EOF"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A body before its type is looked at: runtime.Unknown. `raw` is the object's message."""

    api_version: str = ""
    kind: str = ""
    raw: bytes = b""


def read_unknown(data: bytes) -> Unknown:
    """Opens the envelope of a body. Raises DecodeError."""
    if not data:
        raise DecodeError("empty data")
    if not data.startswith(PREFIX):
        shown = " ".join(str(byte) for byte in PREFIX)
        raise DecodeError(f"provided data does not appear to be a protobuf message, expected prefix [{shown}]")
    if len(data) == len(PREFIX):
        raise DecodeError("empty body")
    if len(data) > BODY_BYTES_MAX:
        raise DecodeError(f"a body of {len(data)} bytes is too large: at most {BODY_BYTES_MAX} are read")
    api_version = kind = raw = b""
    for number, wire_type, value in read_fields(data[len(PREFIX) :], "Unknown"):
        if number == 1:
            for inner, inner_type, text in read_fields(bytes_of(wire_type, value, "TypeMeta"), "TypeMeta"):
                if inner == 1:
                    api_version = bytes_of(inner_type, text, "APIVersion")
                elif inner == 2:
                    kind = bytes_of(inner_type, text, "Kind")
        elif number == 2:
            raw = bytes_of(wire_type, value, "Raw")
    return Unknown(text_of(api_version), text_of(kind), raw)


def read_fields(data: bytes, message: str) -> Iterator[tuple[int, int, int | bytes]]:
    """Every field as (number, wire type, value): an integer for VARINT, else bytes. Raises DecodeError."""
    position, end = 0, len(data)
    while position < end:
        tag, position = read_varint(data, position)
        number, wire_type = _number(tag), tag & 7
        if wire_type == END_GROUP:
            raise DecodeError(f"proto: {message}: wiretype end group for non-group")
        if number <= 0:
            raise DecodeError(f"proto: {message}: illegal tag {number} (wire type {tag})")
        value: int | bytes
        if wire_type == VARINT:
            value, position = read_varint(data, position)
        elif wire_type == START_GROUP:
            start, position = position, _skip_group(data, position)
            value = data[start:position]
        else:
            value, position = _read_bytes(data, position, wire_type)
        yield number, wire_type, value


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """An unsigned integer of at most 64 bits, and the place behind it."""
    value = shift = 0
    end = len(data)
    while shift < 64:
        if position >= end:
            raise DecodeError(UNEXPECTED_END)
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
        shift += 7
    raise DecodeError("proto: integer overflow")


def read_packed(data: bytes) -> Iterator[int]:
    """The integers of a packed list."""
    position, end = 0, len(data)
    while position < end:
        value, position = read_varint(data, position)
        yield value


def signed(value: int, bits: int) -> int:
    """The integer of that many bits which a varint stands for."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def bytes_of(wire_type: int, value: int | bytes, field: str) -> bytes:
    """A field's bytes; DecodeError where it has none."""
    if wire_type != BYTES or isinstance(value, int):
        raise wrong_type(wire_type, field)
    return value


def integer_of(wire_type: int, value: int | bytes, field: str) -> int:
    """A field's integer; DecodeError where it has none."""
    if wire_type != VARINT or not isinstance(value, int):
        raise wrong_type(wire_type, field)
    return value


def text_of(data: bytes) -> str:
    """A string; what is not UTF-8 is replaced, as when Go writes it as JSON."""
    return data.decode("utf-8", "replace")


def wrong_type(wire_type: int, field: str) -> DecodeError:
    """A field stands there in a form that it cannot have."""
    return DecodeError(f"proto: wrong wireType = {wire_type} for field {field}")


def _number(tag: int) -> int:
    return signed(tag >> 3, 32)


def _read_bytes(data: bytes, position: int, wire_type: int) -> tuple[bytes, int]:
    if wire_type == BYTES:
        size, position = read_varint(data, position)
        if size >> 63:
            raise DecodeError("proto: negative length found during unmarshaling")
    else:
        found = FIXED_SIZES.get(wire_type)
        if found is None:
            raise DecodeError(f"proto: illegal wireType {wire_type}")
        size = found
    end = position + size
    if end > len(data):
        raise DecodeError(UNEXPECTED_END)
    return data[position:end], end


def _skip_group(data: bytes, position: int) -> int:
    """The place behind a group's end."""
    depth = 1
    while depth:
        tag, position = read_varint(data, position)
        wire_type = tag & 7
        if wire_type == START_GROUP:
            depth += 1
            if depth > GROUP_DEPTH_MAX:
                raise DecodeError("exceeded max depth")
        elif wire_type == END_GROUP:
            depth -= 1
        elif wire_type == VARINT:
            _, position = read_varint(data, position)
        else:
            _, position = _read_bytes(data, position, wire_type)
    return position
