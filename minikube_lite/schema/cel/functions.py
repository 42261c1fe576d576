"""The functions of the language itself; upstream: cel-go/common/stdlib, ext.Strings, ext.Sets and optional types."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from minikube_lite.schema.cel.arithmetic import add, checked_int, divide, modulo, multiply, negate, negation, subtract
from minikube_lite.schema.cel.errors import CELError
from minikube_lite.schema.cel.kubernetes import KUBERNETES_FUNCTIONS, pattern
from minikube_lite.schema.cel.values import (
    NONE,
    Duration,
    Opaque,
    Optional,
    Timestamp,
    TypeValue,
    UInt,
    equal,
    is_number,
    type_name,
)
from minikube_lite.schema.times import TimeError, parse_duration


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        if not (is_number(left) and is_number(right)) and type(left) is not type(right):
            raise TypeError
        if isinstance(left, list | dict | Opaque) or left is None:
            raise TypeError
        return test(left, right)

    return compare


def _contains(item: Any, among: Any) -> bool:
    if isinstance(among, dict):
        return not isinstance(item, list | dict) and item in among
    if isinstance(among, list):
        return any(equal(item, each) for each in among)
    raise TypeError


def _index(operand: Any, key: Any) -> Any:
    if isinstance(operand, Optional):
        return _optional_index(operand, key)
    if isinstance(operand, dict):
        if isinstance(key, list | dict) or key not in operand:
            raise CELError(f"no such key: {key}")
        return operand[key]
    if isinstance(operand, list):
        if isinstance(key, float) and key.is_integer():
            key = int(key)
        if not isinstance(key, int) or isinstance(key, bool):
            raise CELError(f"unsupported index type '{type_name(key)}' in list")
        if not 0 <= key < len(operand):
            raise CELError(f"index out of bounds: {key}")
        return operand[key]
    raise TypeError


def _optional_index(operand: Any, key: Any) -> Optional:
    if isinstance(operand, Optional):
        if not operand.present:
            return NONE
        operand = operand.content
    try:
        return Optional(True, _index(operand, key))
    except CELError:
        return NONE


def _size(value: Any) -> int:
    if isinstance(value, str | bytes | list | dict):
        return len(value)
    raise TypeError


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise CELError("invalid UTF-8 in bytes, cannot convert to string") from None
    if isinstance(value, Timestamp | Duration):
        return value.text()
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, Opaque) and value.kind in ("ip", "cidr"):
        return str(value.content)
    raise TypeError


def _integer(value: Any) -> int:
    try:
        if isinstance(value, Timestamp):
            return value.nanoseconds // 10**9
        if isinstance(value, Duration):
            return value.nanoseconds
        if isinstance(value, float) and not -(2.0**63) < value < 2.0**63:
            raise CELError("integer overflow")
        return checked_int(int(value), 0)
    except ValueError:
        raise CELError(f'strconv.ParseInt: parsing "{value}": invalid syntax') from None


def _unsigned(value: Any) -> UInt:
    try:
        return UInt(checked_int(int(value), UInt(0)))
    except ValueError:
        raise CELError(f'strconv.ParseUint: parsing "{value}": invalid syntax') from None


def _double(value: Any) -> float:
    try:
        return float(value)
    except ValueError:
        raise CELError(f'strconv.ParseFloat: parsing "{value}": invalid syntax') from None


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"):
        return value in ("1", "t", "T", "TRUE", "true", "True")
    raise CELError(f'strconv.ParseBool: parsing "{value}": invalid syntax')


def _timestamp(value: Any) -> Timestamp:
    if isinstance(value, int) and not isinstance(value, bool):
        return Timestamp(value * 10**9)
    return value if isinstance(value, Timestamp) else Timestamp.parse(value)


def _duration(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    if isinstance(value, int):
        return Duration(value)
    try:
        return Duration(parse_duration(value))
    except (TimeError, ValueError) as error:
        raise CELError(str(error)) from None


def _at(part: Callable[[Any], int]) -> Callable[..., int]:
    def accessor(value: Any, zone: str = "UTC") -> int:
        if not isinstance(value, Timestamp):
            raise TypeError
        try:
            return part(value.date(ZoneInfo(zone)))
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise CELError(f"unknown time zone {zone}: {error}") from None

    return accessor


def _clock(unit: int, part: Callable[[Any], int]) -> Callable[..., int]:
    at = _at(part)
    return lambda value, zone="UTC": value.nanoseconds // unit if isinstance(value, Duration) else at(value, zone)


def _milliseconds(value: Any, zone: str = "UTC") -> int:
    if isinstance(value, Duration):
        return value.nanoseconds // 10**6
    return int(value.nanoseconds % 10**9 // 10**6)


def _string(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of texts alone."""

    def checked(first: Any, *rest: Any) -> Any:
        if not isinstance(first, str):
            raise TypeError
        return function(first, *rest)

    return checked


def _char_at(text: str, position: int) -> str:
    if not 0 <= position <= len(text):
        raise CELError(f"index out of range: {position}")
    return text[position : position + 1]


def _substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    if not 0 <= start <= len(text) or not 0 <= stop <= len(text):
        raise CELError(f"index out of range: {start if not 0 <= start <= len(text) else stop}")
    if start > stop:
        raise CELError(f"invalid substring range. start: {start}, end: {stop}")
    return text[start:stop]


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    return text.replace(old, new, count)


def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if not separator:
        return list(text)
    return text.split(separator, count - 1 if count > 0 else -1)


def _join(items: list[str], separator: str = "") -> str:
    return separator.join(items)


def _format(template: str, args: list[Any]) -> str:
    remaining = iter(args)

    def one(match: re.Match[str]) -> str:
        precision, verb = match.groups()
        if verb == "%":
            return "%"
        try:
            value = next(remaining)
        except StopIteration:
            raise CELError("index out of range while formatting") from None
        if verb in "fe":
            return f"{float(value):.{precision[1:] if precision else 6}{verb}}"
        if verb in "xXob" and isinstance(value, str | bytes):
            data = value.encode() if isinstance(value, str) else value
            return data.hex() if verb == "x" else data.hex().upper()
        return f"{int(value):{verb}}" if verb in "dxXob" else _shown(value)

    return re.sub(r"%(\.\d+)?([%sdfexXob])", one, template)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_shown(key)}: {_shown(value[key])}" for key in sorted(value, key=str)) + "}"
    if value is None:
        return "null"
    return value.name if isinstance(value, TypeValue) else _text(value)


def _quote(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _optional_value(value: Optional) -> Any:
    if not value.present:
        raise CELError("optional.none() dereference")
    return value.content


def _is_zero(value: Any) -> bool:
    return value is None or value in (0, "", b"", False) or value in ([], {})


def _index_of(value: Any, item: Any, start: int = 0) -> int:
    if isinstance(value, str):
        return value.find(item, start)
    return next((n for n, each in enumerate(value) if equal(each, item)), -1)


def _last_index_of(value: Any, item: Any, end: int | None = None) -> int:
    if isinstance(value, str):
        return value.rfind(item, 0, len(value) if end is None else end + len(item))
    return next((n for n in reversed(range(len(value))) if equal(value[n], item)), -1)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "_+_": add, "_-_": subtract, "_*_": multiply, "_/_": divide, "_%_": modulo, "-_": negate, "!_": negation,
    "_==_": equal, "_!=_": lambda left, right: not equal(left, right), "@in": _contains, "_[_]": _index, "_[?_]": _optional_index,
    "_<_": _ordered(lambda a, b: a < b), "_<=_": _ordered(lambda a, b: a <= b), "_>_": _ordered(lambda a, b: a > b),
    "_>=_": _ordered(lambda a, b: a >= b),
    "size": _size, "string": _text, "int": _integer, "uint": _unsigned, "double": _double, "bool": _boolean, "dyn": lambda value: value,
    "bytes": lambda value: value if isinstance(value, bytes) else value.encode(), "type": lambda value: TypeValue(type_name(value)),
    "timestamp": _timestamp, "duration": _duration,
    "matches": _string(lambda text, expression: pattern(expression).search(text) is not None),
    "startsWith": _string(lambda text, start: text.startswith(start)), "endsWith": _string(lambda text, end: text.endswith(end)),
    "contains": _string(lambda text, part: part in text),
    "charAt": _string(_char_at), "indexOf": _index_of,
    "lastIndexOf": _last_index_of, "substring": _string(_substring),
    "lowerAscii": _string(lambda text: "".join(c.lower() if c.isascii() else c for c in text)),
    "upperAscii": _string(lambda text: "".join(c.upper() if c.isascii() else c for c in text)),
    "replace": _string(_replace), "split": _string(_split), "trim": _string(lambda text: text.strip()), "join": _join,
    "format": _string(_format), "strings.quote": _quote, "reverse": lambda value: value[::-1],
    "getFullYear": _at(lambda d: d.year), "getMonth": _at(lambda d: d.month - 1), "getDate": _at(lambda d: d.day),
    "getDayOfMonth": _at(lambda d: d.day - 1), "getDayOfWeek": _at(lambda d: d.isoweekday() % 7),
    "getDayOfYear": _at(lambda d: d.timetuple().tm_yday - 1),
    "getHours": _clock(3600 * 10**9, lambda d: d.hour), "getMinutes": _clock(60 * 10**9, lambda d: d.minute),
    "getSeconds": _clock(10**9, lambda d: d.second), "getMilliseconds": _milliseconds,
    "optional.of": lambda value: Optional(True, value), "optional.none": lambda: NONE,
    "optional.ofNonZeroValue": lambda value: NONE if _is_zero(value) else Optional(True, value),
    "hasValue": lambda value: value.present, "value": _optional_value,
    "sets.contains": lambda all_of, some: all(_contains(item, all_of) for item in some),
    "sets.equivalent": lambda a, b: all(_contains(i, b) for i in a) and all(_contains(i, a) for i in b),
    "sets.intersects": lambda a, b: any(_contains(item, b) for item in a),
    "base64.encode": lambda data: base64.b64encode(data).decode(),
    "base64.decode": base64.b64decode,
    **KUBERNETES_FUNCTIONS,
}  # fmt: skip
