"""The scalar forms: what of JSON becomes what, and how Go names a value of the wrong type."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import Any

from minikube_lite.schema.parse import DecodeError
from minikube_lite.schema.quantity import QuantityError, canonical
from minikube_lite.schema.times import TimeError, canonical_micro_time, canonical_time, duration_text, parse_duration

_INTEGER_BITS = {"int32": 32, "int16": 16, "int8": 8, "uint32": 32, "uint16": 16, "uint8": 8, "int64": 64, "uint64": 64}
_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NEWLINES = b"\r\n"
_PADDING = ord("=")


class MismatchError(Exception):
    """A value of a wrong type, or wrong as `text` says. `fatal` where the type reads itself: Go stops."""

    def __init__(self, value: Any, go_type: str, *, fatal: bool = False, literal: bool = False, text: str = "") -> None:
        super().__init__()
        self.text = text
        self.found = f"number {number_text(value)}" if literal else json_kind(value)
        self.go_type = go_type
        self.fatal = fatal


def json_kind(value: Any) -> str:
    """A value's kind in Go's words."""
    if value is None:
        return "null"
    kinds = {bool: "bool", str: "string", dict: "object", list: "array"}
    return kinds.get(value.__class__, "number")


def number_text(value: Any) -> str:
    """A number's literal; what the text was exactly is no longer known for floats."""
    return repr(value)


def _string(go_type: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if value.__class__ is str:
            return value
        raise MismatchError(value, go_type)

    return convert


def _boolean(go_type: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if value.__class__ is bool:
            return value
        raise MismatchError(value, go_type)

    return convert


def _integer(go_type: str) -> Callable[[Any], Any]:
    bits = _INTEGER_BITS.get(go_type, 64)
    least, most = (0, 2**bits - 1) if go_type.startswith("uint") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

    def convert(value: Any) -> Any:
        if value.__class__ is int and least <= value <= most:
            return value
        raise MismatchError(value, go_type, literal=value.__class__ in (int, float))

    return convert


def _number(go_type: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if value.__class__ in (int, float):
            return int(value) if value == int(value) and abs(value) < 1e21 else value
        raise MismatchError(value, go_type)

    return convert


def _bytes(go_type: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if value.__class__ is not str:
            raise MismatchError(value, go_type)
        try:
            data = binascii.a2b_base64(value, strict_mode=True)
        except (binascii.Error, ValueError):
            fault = base64_fault(value.encode())
            if fault is not None:
                raise MismatchError(value, go_type, text=f"illegal base64 data at input byte {fault}") from None
            data = binascii.a2b_base64(value)
        return binascii.b2a_base64(data, newline=False).decode()

    return convert


def base64_fault(text: bytes) -> int | None:
    """Where Go's decoder stops, or None: newlines do not count, padding is needed, nothing may follow it."""
    position, end = 0, len(text)
    while position < end:
        digits = 0
        while digits < 4:
            if position == end:
                return position - digits if digits else None
            character = text[position]
            position += 1
            if character in _BASE64_ALPHABET:
                digits += 1
            elif character not in _NEWLINES:
                return _padding_fault(text, position, digits) if character == _PADDING else position - 1
    return None


def _padding_fault(text: bytes, position: int, digits: int) -> int | None:
    """`position` is behind the first `=` of a group that has that many digits."""
    if digits < 2:
        return position - 1
    if digits == 2:
        position = _behind_newlines(text, position)
        if position == len(text):
            return position
        if text[position] != _PADDING:
            return position - 1
        position += 1
    position = _behind_newlines(text, position)
    return position if position < len(text) else None


def _behind_newlines(text: bytes, position: int) -> int:
    while position < len(text) and text[position] in _NEWLINES:
        position += 1
    return position


def _quantity(_go_type: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if value.__class__ is str:
            text = value.strip()
        elif value.__class__ in (int, float):
            text = number_text(value)
        else:
            text = "{}"
        try:
            return canonical(text)
        except QuantityError as error:
            raise DecodeError(str(error)) from None

    return convert


def _int_or_string(_go_type: str) -> Callable[[Any], Any]:
    integer = _integer("int32")

    def convert(value: Any) -> Any:
        if value.__class__ is str:
            return value
        try:
            return integer(value)
        except MismatchError as error:
            error.fatal = True
            raise

    return convert


def _text_form(read: Callable[[str], str]) -> Callable[[str], Callable[[Any], Any]]:
    def of_type(_go_type: str) -> Callable[[Any], Any]:
        def convert(value: Any) -> Any:
            if value.__class__ is not str:
                raise MismatchError(value, "string", fatal=True)
            try:
                return read(value)
            except TimeError as error:
                raise DecodeError(str(error)) from None

        return convert

    return of_type


def _canonical_duration(text: str) -> str:
    return duration_text(parse_duration(text))


SCALAR_DECODERS: dict[str, Callable[[str], Callable[[Any], Any]]] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "bytes": _bytes,
    "quantity": _quantity,
    "int-or-string": _int_or_string,
    "time": _text_form(canonical_time),
    "micro-time": _text_form(canonical_micro_time),
    "duration": _text_form(_canonical_duration),
}
"""By form: from the Go type's name to what converts a value or raises MismatchError or DecodeError."""
