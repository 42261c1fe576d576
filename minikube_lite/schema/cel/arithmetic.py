"""Numbers, texts, lists and times added and multiplied; upstream: cel-go/common/types."""

from __future__ import annotations

import math
from typing import Any

from minikube_lite.schema.cel.errors import CELError
from minikube_lite.schema.cel.values import Duration, MapList, SetList, Timestamp, UInt, equal

INT_MAX, INT_MIN, UINT_MAX = 2**63 - 1, -(2**63), 2**64 - 1


def checked_int(value: int, like: Any) -> int:
    """The number, if it is in the range of its type."""
    if isinstance(like, UInt):
        if not 0 <= value <= UINT_MAX:
            raise CELError("unsigned integer overflow")
        return UInt(value)
    if not INT_MIN <= value <= INT_MAX:
        raise CELError("integer overflow")
    return value


def _same(left: Any, right: Any) -> None:
    if type(left) is not type(right) or isinstance(left, bool):
        raise TypeError


def add(left: Any, right: Any) -> Any:
    """`+`, of numbers, texts, lists and times."""
    if isinstance(left, Timestamp) and isinstance(right, Duration):
        return Timestamp(left.nanoseconds + right.nanoseconds)
    if isinstance(left, Duration) and isinstance(right, Timestamp):
        return Timestamp(left.nanoseconds + right.nanoseconds)
    if isinstance(left, SetList) and isinstance(right, list):
        return SetList([*left, *(item for item in right if not any(equal(item, each) for each in left))])
    if isinstance(left, MapList) and isinstance(right, list):
        return _merge(left, right)
    if isinstance(left, list) and isinstance(right, list):
        return [*left, *right]
    _same(left, right)
    if isinstance(left, Duration):
        return Duration(left.nanoseconds + right.nanoseconds)
    if isinstance(left, int):
        return checked_int(int(left) + int(right), left)
    if isinstance(left, float | str | bytes):
        return left + right
    raise TypeError


def _merge(left: MapList, right: list[Any]) -> MapList:
    def key(item: Any) -> list[Any]:
        return [item.get(name) for name in left.keys]

    merged = MapList([next((new for new in right if key(new) == key(old)), old) for old in left])
    merged.extend(item for item in right if not any(key(item) == key(old) for old in left))
    merged.keys = left.keys
    return merged


def subtract(left: Any, right: Any) -> Any:
    """`-`."""
    if isinstance(left, Timestamp):
        amount = left.nanoseconds - right.nanoseconds
        return Duration(amount) if isinstance(right, Timestamp) else Timestamp(amount)
    _same(left, right)
    if isinstance(left, Duration):
        return Duration(left.nanoseconds - right.nanoseconds)
    return checked_int(int(left) - int(right), left) if isinstance(left, int) else left - right


def multiply(left: Any, right: Any) -> Any:
    """`*`."""
    _same(left, right)
    if isinstance(left, int):
        return checked_int(int(left) * int(right), left)
    if isinstance(left, float):
        return left * right
    raise TypeError


def divide(left: Any, right: Any) -> Any:
    """`/`, which cuts off what is below one of integers."""
    _same(left, right)
    if isinstance(left, float):
        return left / right if right else math.nan if not left or math.isnan(left) else math.copysign(math.inf, left)
    if not isinstance(left, int):
        raise TypeError
    if right == 0:
        raise CELError("division by zero")
    quotient = abs(int(left)) // abs(int(right))
    return checked_int(quotient if (left < 0) == (right < 0) else -quotient, left)


def modulo(left: Any, right: Any) -> Any:
    """`%`, with the sign of the first."""
    _same(left, right)
    if not isinstance(left, int):
        raise TypeError
    if right == 0:
        raise CELError("modulus by zero")
    return checked_int(int(math.copysign(abs(int(left)) % abs(int(right)), left)), left)


def negate(value: Any) -> Any:
    """`-` before a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return checked_int(-value, value) if isinstance(value, int) else -value


def negation(value: Any) -> bool:
    """`!`."""
    if not isinstance(value, bool):
        raise TypeError
    return not value
