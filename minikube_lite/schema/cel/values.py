"""Values beyond JSON's, and how all of them compare; upstream: cel-go/common/types."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from minikube_lite.schema.cel.errors import CELError
from minikube_lite.schema.cel.words import KEYWORDS


class UInt(int):
    """An unsigned integer."""


@dataclass(frozen=True, order=True, slots=True)
class Timestamp:
    """A moment, in nanoseconds since 1970."""

    nanoseconds: int

    @classmethod
    def parse(cls, text: str) -> Timestamp:
        """From RFC 3339; CELError where it is none."""
        try:
            head, _, tail = text.partition(".")
            digits = ""
            if tail:
                count = next((n for n, sign in enumerate(tail) if not sign.isdigit()), len(tail))
                digits, head = tail[:count], head + tail[count:]
            moment = datetime.fromisoformat(head)
        except ValueError as error:
            raise CELError(str(error)) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return cls(int(moment.timestamp()) * 10**9 + int((digits + "0" * 9)[:9] or 0))

    def date(self, zone: Any = UTC) -> datetime:
        """In that zone, without what is below a second."""
        return datetime.fromtimestamp(self.nanoseconds // 10**9, zone)

    def text(self) -> str:
        """As RFC 3339."""
        rest = self.nanoseconds % 10**9
        fraction = f".{rest:09d}".rstrip("0") if rest else ""
        return self.date().strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


@dataclass(frozen=True, order=True, slots=True)
class Duration:
    """A time that passes, in nanoseconds."""

    nanoseconds: int

    def text(self) -> str:
        """In seconds, as `1.5s`."""
        sign = "-" if self.nanoseconds < 0 else ""
        whole, rest = divmod(abs(self.nanoseconds), 10**9)
        fraction = f".{rest:09d}".rstrip("0") if rest else ""
        return f"{sign}{whole}{fraction}s"


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may be absent."""

    present: bool = False
    content: Any = None


NONE = Optional()


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value."""

    name: str


class Struct(dict[str, Any]):
    """An object with declared fields, whose names are escaped."""


class SetList(list[Any]):
    """A list of type set: order does not count."""


class MapList(list[Any]):
    """A list of type map: order does not count; `keys` name an item."""

    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value of a Kubernetes type: `kind` is quantity, url, ip, cidr, semver or format."""

    kind: str
    content: Any


_ESCAPED = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}


def escape(name: str) -> str | None:
    """A field's name as expressions write it; None where they cannot."""
    if name in KEYWORDS:
        return f"__{name}__"
    out, position = "", 0
    while position < len(name):
        if name.startswith("__", position):
            out += _ESCAPED["__"]
            position += 2
            continue
        sign = name[position]
        out += _ESCAPED.get(sign, sign)
        position += 1
    return (
        out
        if out and (out[0].isalpha() or out[0] == "_") and out.replace("_", "a").isalnum() and out.isascii()
        else None
    )


def to_cel(value: Any, schema: Mapping[str, Any] | None) -> Any:
    """A JSON value as expressions see it by its schema; upstream: apiserver/pkg/cel/common/values.go."""
    if value is None or schema is None or schema.get("x-kubernetes-int-or-string"):
        return value
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        additional = schema.get("additionalProperties")
        if isinstance(additional, dict):
            return {name: to_cel(item, additional) for name, item in value.items()}
        struct = Struct()
        for name, item in value.items():
            below, known = properties.get(name), escape(name)
            if below is not None and known is not None:
                struct[known] = to_cel(item, below)
            elif schema.get("x-kubernetes-preserve-unknown-fields"):
                struct[name] = item
        return struct
    if isinstance(value, list):
        items = schema.get("items")
        converted = [to_cel(item, items if isinstance(items, dict) else None) for item in value]
        if schema.get("x-kubernetes-list-type") == "set":
            return SetList(converted)
        if schema.get("x-kubernetes-list-type") == "map":
            keyed = MapList(converted)
            keyed.keys = tuple(escape(name) or name for name in schema.get("x-kubernetes-list-map-keys") or ())
            return keyed
        return converted
    if schema.get("type") == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        return _formatted(value, schema.get("format") or "")
    return value


def _formatted(value: str, form: str) -> Any:
    try:
        if form in ("date-time", "datetime"):
            return Timestamp.parse(value)
        if form == "date":
            return Timestamp.parse(f"{value}T00:00:00Z")
        if form == "duration":
            from minikube_lite.schema.times import parse_duration

            return Duration(parse_duration(value))
        if form == "byte":
            return base64.b64decode(value)
    except (CELError, ValueError):
        return value
    return value


def type_name(value: Any) -> str:
    """The type of a value, in CEL's words."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Opaque):
        return {"quantity": "kubernetes.Quantity", "url": "kubernetes.URL", "ip": "net.IP", "cidr": "net.CIDR"}.get(
            value.kind, f"kubernetes.{value.kind}"
        )
    names: list[tuple[type, str]] = [
        (UInt, "uint"), (int, "int"), (float, "double"), (str, "string"), (bytes, "bytes"), (list, "list"), (dict, "map"),
        (Timestamp, "google.protobuf.Timestamp"), (Duration, "google.protobuf.Duration"), (Optional, "optional_type"), (TypeValue, "type"),
    ]  # fmt: skip
    return next((name for kind, name in names if isinstance(value, kind)), "null_type")


def is_number(value: Any) -> bool:
    """Whether it is an int, a uint or a double."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(left: Any, right: Any) -> bool:
    """Equality across types: numbers by value, lists of type set and map without order."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, SetList) and isinstance(right, list):
        return len(left) == len(right) and all(any(equal(a, b) for b in right) for a in left)
    if isinstance(left, MapList) and isinstance(right, list):

        def key(item: Any) -> list[Any]:
            return [item.get(name) for name in left.keys] if isinstance(item, dict) else [item]

        return len(left) == len(right) and all(any(key(a) == key(b) and equal(a, b) for b in right) for a in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[name], right[name]) for name in left)
    if isinstance(left, Optional) and isinstance(right, Optional):
        return left.present == right.present and (not left.present or equal(left.content, right.content))
    return type(left) is type(right) and bool(left == right)
