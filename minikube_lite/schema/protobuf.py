"""Protobuf bodies become the plain values that the same objects in JSON are. Upstream: serializer/protobuf.

The schemas say what a field is; package data says its number. What Go's types make of zero values is decode's affair:
here, absent fields are absent and those that stand in the message are there.
"""

from __future__ import annotations

import binascii
import gzip
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import orjson

from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.model import Schema
from minikube_lite.schema.parse import TOO_DEEP, DecodeError, parse_json
from minikube_lite.schema.protobuf_wire import (
    BYTES,
    FIXED64,
    VARINT,
    bytes_of,
    integer_of,
    read_fields,
    read_packed,
    read_unknown,
    signed,
    text_of,
    wrong_type,
)
from minikube_lite.schema.times import duration_text

DATA_FILE = "protobuf-1.36.json.gz"
MESSAGE_DEPTH_MAX = 100
"""How deep messages may stand in each other."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZERO_TIME_SECONDS = -62_135_596_800
"""The year 1, which Go's zero time is."""
INTEGER, STRING = 0, 1
"""The types of an IntOrString."""

Read = Callable[[Any, Any, int], Any]
"""From a field's payload, the value that the field had before (None for none) and the depth to the value."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How a value is read, and the wire type it must have."""

    wire_type: int
    read: Read


@dataclass(slots=True)
class Slot:
    """One field of a message. `inner` holds the fields that are promoted out of it, where it is such a message."""

    name: str
    go_name: str
    repeats: bool = False
    form: str = ""
    reader: Reader | None = None
    inner: dict[int, Slot] = field(default_factory=dict)


class ProtobufTypes:
    """The messages of the built-in types; each is compiled at first use."""

    def __init__(self, schemas: BuiltinSchemas, data: Mapping[str, Any]) -> None:
        self._schemas = schemas
        self._numbers: dict[str, dict[str, Any]] = data["messages"]
        self._messages: dict[str, dict[int, Slot]] = {}

    @classmethod
    def load(cls, schemas: BuiltinSchemas | None = None) -> ProtobufTypes:
        """Reads the package data; the caller keeps the answer."""
        packed = files("minikube_lite.schema").joinpath("data", DATA_FILE).read_bytes()
        return cls(schemas or BuiltinSchemas.load(), orjson.loads(gzip.decompress(packed)))

    def knows(self, schema: Schema) -> bool:
        """Whether the type has a message; custom resources have none."""
        return schema.name in self._numbers

    def numbers(self, schema: Schema) -> Mapping[str, Any]:
        """The numbers of a message's fields by their names in JSON: one, or those on the way to a promoted field."""
        return self._numbers[schema.name]

    def decode_unknown(self, data: bytes, *, default_kind: str = "") -> tuple[str, str, Any]:
        """A body as apiVersion, kind and value, which is not checked against its schema yet. Raises DecodeError."""
        body = read_unknown(data)
        kind = body.kind or default_kind
        group, _, version = body.api_version.rpartition("/")
        schema = self._schemas.type_for(group, version, kind)
        if schema is None or not self.knows(schema):
            raise DecodeError(f'no kind "{kind}" is registered for version "{body.api_version}"')
        return body.api_version, kind, self.decode(schema, body.raw)

    def decode(self, schema: Schema, raw: bytes) -> Any:
        """The value of a message of that type. Raises DecodeError."""
        return self._read_message(schema, raw, {}, 0)

    def _read_message(self, schema: Schema, data: bytes, value: dict[str, Any], depth: int) -> dict[str, Any]:
        slots = self._messages.get(schema.name)
        if slots is None:
            slots = self._messages[schema.name] = self._slots(schema)
        _fill(value, slots, data, schema.go_type.rpartition(".")[2], depth)
        return value

    def _slots(self, schema: Schema) -> dict[int, Slot]:
        answer: dict[int, Slot] = {}
        for name, number in self._numbers.get(schema.name, {}).items():
            fact = schema.fields[name]
            slots, way = answer, [number] if isinstance(number, int) else number
            for outer, go_name in zip(way[:-1], (*fact.embedded, fact.go_name), strict=False):
                slots = slots.setdefault(outer, Slot("", go_name)).inner
            form = fact.schema.form
            repeats = form in ("list", "map")
            reader = self._item_reader(fact.schema) if repeats else self._reader(fact.schema)
            slots[way[-1]] = Slot(name, fact.go_name, repeats, form, reader)
        return answer

    def _item_reader(self, schema: Schema) -> Reader:
        assert schema.items is not None
        item = self._reader(schema.items)
        if schema.form == "list":
            return item
        return Reader(BYTES, lambda data, _before, depth: _read_entry(data, item, depth))

    def _reader(self, schema: Schema) -> Reader:
        """How one value of a type is read. A list is a message here, as in maps: field 1 repeats."""
        if schema.form == "object":
            return Reader(BYTES, lambda data, before, depth: self._read_message(schema, data, before or {}, depth))
        if schema.form == "any" and schema.alternatives:
            return self._choice_reader(schema)
        if schema.form == "list":
            slots = {1: Slot("items", "Items", True, "list", self._item_reader(schema))}
            return Reader(BYTES, lambda data, before, depth: _read_list(data, slots, before, depth))
        if schema.form == "integer":
            return Reader(VARINT, _integer_reader(schema.go_type))
        return READERS[schema.form]

    def _choice_reader(self, schema: Schema) -> Reader:
        numbers = self._numbers[schema.name]
        slots: dict[int, Slot] = {}
        for kind, alternative in schema.alternatives.items():
            repeats = kind == "list"
            reader = self._item_reader(alternative) if repeats else self._reader(alternative)
            slots[numbers[kind]] = Slot(kind, kind, repeats, "list" if repeats else "", reader)
        name = schema.go_type.rpartition(".")[2]

        def read(data: bytes, _before: Any, depth: int) -> Any:
            found: dict[str, Any] = {}
            _fill(found, slots, data, name, depth)
            for kind in ("list", "object", "boolean"):
                if kind in found:
                    return found[kind]
            return False if "boolean" in numbers else None

        return Reader(BYTES, read)


def _fill(value: dict[str, Any], slots: Mapping[int, Slot], data: bytes, message: str, depth: int) -> None:
    """Puts a message's fields into the value; those of unknown numbers are dropped."""
    if depth > MESSAGE_DEPTH_MAX:
        raise DecodeError(TOO_DEEP)
    for number, wire_type, payload in read_fields(data, message):
        slot = slots.get(number)
        if slot is None:
            continue
        reader = slot.reader
        if reader is None:
            _fill(value, slot.inner, bytes_of(wire_type, payload, slot.go_name), slot.go_name, depth + 1)
        elif not slot.repeats:
            if wire_type != reader.wire_type:
                raise wrong_type(wire_type, slot.go_name)
            value[slot.name] = reader.read(payload, value.get(slot.name), depth + 1)
        elif slot.form == "map":
            key, item = reader.read(bytes_of(wire_type, payload, slot.go_name), None, depth + 1)
            value.setdefault(slot.name, {})[key] = item
        else:
            items = value.setdefault(slot.name, [])
            if wire_type == reader.wire_type:
                items.append(reader.read(payload, None, depth + 1))
            elif wire_type == BYTES and reader.wire_type == VARINT:
                items.extend(reader.read(number, None, depth) for number in read_packed(bytes_of(BYTES, payload, "")))
            else:
                raise wrong_type(wire_type, slot.go_name)


def _read_entry(data: bytes, item: Reader, depth: int) -> tuple[str, Any]:
    """A map's entry. None stands for a value that is not given; schemas know the type's zero value."""
    key, value = "", None
    for number, wire_type, payload in read_fields(data, "Entry"):
        if number == 1:
            key = text_of(bytes_of(wire_type, payload, "mapkey"))
        elif number == 2:
            if wire_type != item.wire_type:
                raise wrong_type(wire_type, "mapvalue")
            value = item.read(payload, value, depth)
    return key, value


def _read_list(data: bytes, slots: Mapping[int, Slot], before: Any, depth: int) -> list[Any]:
    value: dict[str, Any] = {"items": before or []}
    _fill(value, slots, data, "Items", depth)
    items: list[Any] = value["items"]
    return items


def _integer_reader(go_type: str) -> Read:
    bits = 32 if go_type.endswith("32") else 64
    if go_type.startswith("uint"):
        return lambda value, _before, _depth: value & ((1 << bits) - 1)
    return lambda value, _before, _depth: signed(value, bits)


def _read_special(data: bytes, message: str, integers: tuple[int, ...]) -> dict[int, Any]:
    """The fields of a message that is no object in JSON: integers for those numbers, else bytes."""
    found: dict[int, Any] = {}
    for number, wire_type, payload in read_fields(data, message):
        if number in integers:
            found[number] = signed(integer_of(wire_type, payload, message), 64)
        elif wire_type == BYTES:
            found[number] = payload
    return found


def _read_quantity(data: bytes, _before: Any, _depth: int) -> Any:
    text = _read_special(data, "Quantity", ()).get(1)
    return "0" if text is None else text_of(text)


def _read_int_or_string(data: bytes, _before: Any, _depth: int) -> Any:
    found = _read_special(data, "IntOrString", (1, 2))
    kind = found.get(1, INTEGER)
    if kind == INTEGER:
        return signed(found.get(2, 0), 32)
    if kind == STRING:
        return text_of(found.get(3, b""))
    raise DecodeError("impossible IntOrString.Type")


def _read_time(data: bytes, _before: Any, _depth: int) -> Any:
    seconds = _read_special(data, "Timestamp", (1, 2)).get(1, 0)
    return _moment(seconds, 0, "seconds") + "Z" if data and seconds != ZERO_TIME_SECONDS else None


def _read_micro_time(data: bytes, _before: Any, _depth: int) -> Any:
    found = _read_special(data, "Timestamp", (1, 2))
    seconds, microseconds = found.get(1, 0), int(found.get(2, 0) / 1000)
    if not data or (seconds, microseconds) == (ZERO_TIME_SECONDS, 0):
        return None
    return _moment(seconds, microseconds, "microseconds") + "Z"


def _moment(seconds: int, microseconds: int, precision: str) -> str:
    try:
        moment = EPOCH + timedelta(seconds=seconds, microseconds=microseconds)
    except OverflowError:
        raise DecodeError("Time.MarshalJSON: year outside of range [0,9999]") from None
    return moment.replace(tzinfo=None).isoformat(timespec=precision)


def _read_duration(data: bytes, _before: Any, _depth: int) -> Any:
    return duration_text(_read_special(data, "Duration", (1,)).get(1, 0))


def _read_raw_json(data: bytes, _before: Any, _depth: int) -> Any:
    """RawExtension, FieldsV1 and JSON: field 1 is a JSON text."""
    raw = _read_special(data, "RawExtension", ()).get(1)
    return parse_json(raw)[0] if raw else None


READERS: Mapping[str, Reader] = {
    "string": Reader(BYTES, lambda data, _before, _depth: text_of(data)),
    "boolean": Reader(VARINT, lambda value, _before, _depth: bool(value)),
    "number": Reader(FIXED64, lambda data, _before, _depth: struct.unpack("<d", data)[0]),
    "bytes": Reader(BYTES, lambda data, _before, _depth: binascii.b2a_base64(data, newline=False).decode()),
    "quantity": Reader(BYTES, _read_quantity),
    "int-or-string": Reader(BYTES, _read_int_or_string),
    "time": Reader(BYTES, _read_time),
    "micro-time": Reader(BYTES, _read_micro_time),
    "duration": Reader(BYTES, _read_duration),
    "any": Reader(BYTES, _read_raw_json),
}
"""By form; objects, lists and integers depend on more."""
