"""Values from outside become what Go's typed decoding and encoding would make of them. Upstream: sigs.k8s.io/json.

A decoder is compiled for each Schema at first use and kept on it. A wrong type is noted and decoding goes on, as in Go,
where the first noted error is told at the end; a value that refuses itself (a quantity, a time) ends decoding at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from minikube_lite.schema.model import Field, Schema
from minikube_lite.schema.parse import STRICT_ERRORS_MAX, DecodeError, parse_json, parse_yaml, strict_errors
from minikube_lite.schema.scalars import SCALAR_DECODERS, MismatchError

__all__ = ["DecodeError", "Decoded", "decode", "parse_json", "parse_yaml", "strict_errors", "zero_value"]

ABSENT: Any = object()
"""A decoder's answer where the value counts as not given."""

Place = tuple[Any, ...] | None
"""Where decoding stands: (place above, key or index, the struct's field or None)."""
Decoder = Callable[[Any, Place, "Run"], Any]


@dataclass(slots=True)
class Decoded:
    """A decoded value and what was in it that the type does not know, as `unknown field "spec.foo"`."""

    value: Any
    unknown: list[str]


def decode(schema: Schema, value: Any) -> Decoded:
    """Checks and normalises a JSON value; the value given is not changed. DecodeError for a wrong type."""
    run = Run()
    answer = decoder_of(schema)(value, None, run)
    if run.error:
        raise DecodeError(run.error)
    return Decoded(zero_value(schema) if answer is ABSENT else answer, run.unknown)


def zero_value(schema: Schema) -> Any:
    """What Go writes for this type's zero value, a fresh one each time."""
    if schema.form == "object" and schema.name:
        return decoder_of(schema)({}, None, Run())
    return _ZEROES.get(schema.form)


_ZEROES = {
    "string": "",
    "integer": 0,
    "number": 0,
    "boolean": False,
    "quantity": "0",
    "int-or-string": 0,
    "duration": "0s",
}


@dataclass(slots=True)
class Run:
    """What one decoding has found so far."""

    error: str = ""
    unknown: list[str] = field(default_factory=list)

    def mismatch(self, error: MismatchError, place: Place) -> Any:
        """Notes the first wrong type; decoding goes on without the value."""
        if not self.error:
            self.error = mismatch_text(error, place)
        return ABSENT

    def unknown_field(self, place: Place, name: str) -> None:
        """Notes a field that the struct does not have."""
        text = f'unknown field "{strict_path(place, name)}"'
        if len(self.unknown) < STRICT_ERRORS_MAX and text not in self.unknown:
            self.unknown.append(text)


def mismatch_text(error: MismatchError, place: Place) -> str:
    """Go's text: the innermost struct, then all fields on the way; list indices and map keys do not show."""
    if error.text:
        return error.text
    names: list[str] = []
    struct = ""
    while place is not None:
        place, _, entry = place
        if entry is not None:
            struct = struct or entry.struct
            names.append(".".join((*entry.embedded, entry.name)))
    into = f"Go struct field {struct}.{'.'.join(reversed(names))}" if struct else "Go value"
    return f"json: cannot unmarshal {error.found} into {into} of type {error.go_type}"


def strict_path(place: Place, name: str) -> str:
    """The path to a field as strict decoding writes it: `spec.containers[0].image`."""
    tokens = [name]
    while place is not None:
        place, token, _ = place
        tokens.append(token if isinstance(token, str) else f"[{token}]")
    path = ""
    for token in reversed(tokens):
        path += token if token.startswith("[") or not path else f".{token}"
    return path


def decoder_of(schema: Schema) -> Decoder:
    """The schema's decoder, compiled at first use."""
    if schema.decoder is None:
        schema.decoder = _compile(schema)
    decoder: Decoder = schema.decoder
    return decoder


def _compile(schema: Schema) -> Decoder:
    if schema.form == "object":
        return _object_decoder(schema)
    if schema.form == "list":
        return _list_decoder(schema)
    if schema.form == "map":
        return _map_decoder(schema)
    if schema.form == "any":
        return _choice_decoder(schema) if schema.alternatives else _any_decoder
    return _scalar_decoder(schema)


def _any_decoder(value: Any, _place: Place, _run: Run) -> Any:
    return value


def _scalar_decoder(schema: Schema) -> Decoder:
    convert = SCALAR_DECODERS[schema.form](schema.go_type)

    def decode_scalar(value: Any, place: Place, run: Run) -> Any:
        try:
            return convert(value)
        except MismatchError as error:
            if error.fatal:
                raise DecodeError(mismatch_text(error, place)) from None
            return run.mismatch(error, place)

    return decode_scalar


class Entry:
    """What an object's decoder knows of one field."""

    __slots__ = ("_decoder", "embedded", "falsy_is_zero", "is_string", "name", "schema", "struct")

    def __init__(self, struct: str, fact: Field) -> None:
        self.struct = struct
        self.name = fact.name
        self.embedded = fact.embedded
        self.schema = fact.schema
        self.is_string = self.schema.form == "string"
        self.falsy_is_zero = not fact.pointer and self.schema.form not in ("object", "any")
        self._decoder: Decoder | None = None

    @property
    def decoder(self) -> Decoder:
        """Found at first use, since types contain themselves."""
        if self._decoder is None:
            self._decoder = decoder_of(self.schema)
        return self._decoder


def _object_decoder(schema: Schema) -> Decoder:
    struct = schema.go_type.rpartition(".")[2]
    entries: dict[str, Entry] = {}
    fillers: list[tuple[str, Callable[[], Any]]] = []
    preserve = schema.preserve_unknown or not (schema.name or schema.fields)

    def decode_object(value: Any, place: Place, run: Run) -> Any:
        if value.__class__ is not dict:
            return ABSENT if value is None else run.mismatch(MismatchError(value, schema.go_type), place)
        if not entries:
            entries.update({name: Entry(struct, fact) for name, fact in schema.fields.items()})
            fillers.extend(_fillers(schema))
        answer = {}
        for key, item in value.items():
            entry = entries.get(key)
            if entry is None:
                if preserve:
                    answer[key] = item
                else:
                    run.unknown_field(place, key)
            elif item is None:
                continue
            elif entry.is_string and item.__class__ is str:
                if item or not entry.falsy_is_zero:
                    answer[key] = item
            else:
                result = entry.decoder(item, (place, key, entry), run)
                if result is not ABSENT and (result or not entry.falsy_is_zero):
                    answer[key] = result
        for key, zero in fillers:
            if key not in answer:
                answer[key] = zero()
        return answer

    return decode_object


def _fillers(schema: Schema) -> list[tuple[str, Callable[[], Any]]]:
    """The fields that Go writes though nothing was given, and how to make their values."""
    fillers: list[tuple[str, Callable[[], Any]]] = []
    for name, fact in schema.fields.items():
        form = fact.schema.form
        if fact.omit_empty and (fact.pointer or form not in _NEVER_EMPTY or fact.omit_zero):
            continue
        fillers.append((name, _none if fact.pointer else _zero_maker(fact.schema)))
    return fillers


_NEVER_EMPTY = ("object", "any", "time", "micro-time", "duration", "quantity", "int-or-string")
"""Structs in Go, which omitempty never leaves out."""


def _none() -> None:
    return None


def _zero_maker(schema: Schema) -> Callable[[], Any]:
    return lambda: zero_value(schema)


def _list_decoder(schema: Schema) -> Decoder:
    items = schema.items or Schema("any")
    is_string = items.form == "string"
    own: list[Decoder] = []

    def decode_list(value: Any, place: Place, run: Run) -> Any:
        if value.__class__ is not list:
            return ABSENT if value is None else run.mismatch(MismatchError(value, schema.go_type), place)
        if is_string and all(item.__class__ is str for item in value):
            return value.copy()
        if not own:
            own.append(decoder_of(items))
        answer = []
        for index, item in enumerate(value):
            result = ABSENT if item is None else own[0](item, (place, index, None), run)
            answer.append(zero_value(items) if result is ABSENT else result)
        return answer

    return decode_list


def _map_decoder(schema: Schema) -> Decoder:
    items = schema.items or Schema("any")
    is_string = items.form == "string"
    own: list[Decoder] = []

    def decode_map(value: Any, place: Place, run: Run) -> Any:
        if value.__class__ is not dict:
            return ABSENT if value is None else run.mismatch(MismatchError(value, schema.go_type), place)
        if is_string and all(item.__class__ is str for item in value.values()):
            return value.copy()
        if not own:
            own.append(decoder_of(items))
        answer = {}
        for key, item in value.items():
            result = ABSENT if item is None else own[0](item, (place, key, None), run)
            answer[key] = zero_value(items) if result is ABSENT else result
        return answer

    return decode_map


def _choice_decoder(schema: Schema) -> Decoder:
    """One of several types by the kind of value; what is unknown inside is dropped silently, as upstream does."""
    kinds: dict[str, type] = {"object": dict, "list": list, "boolean": bool}

    def decode_choice(value: Any, _place: Place, _run: Run) -> Any:
        for kind, alternative in schema.alternatives.items():
            if value.__class__ is kinds[kind]:
                return decode(alternative, value).value
        if "boolean" in schema.alternatives:
            raise DecodeError("boolean or JSON schema expected")
        return ABSENT

    return decode_choice
