"""JSONPath as columns and selectable fields write it; upstream: client-go/util/jsonpath, of which templates and ranges are left out.

e.g. `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`, `.metadata.labels.app\\.kubernetes\\.io/name`, `.items[-1:]`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Step = Callable[[Any], Iterator[Any]]

_FIELD = re.compile(r"\.((?:\\.|[^.\[\]\s\\])+)")
_QUOTED = re.compile(r"\[\s*(['\"])((?:\\.|(?!\1).)*)\1\s*\]")
_SLICE = re.compile(r"\[\s*(-?\d*)\s*(:?)\s*(-?\d*)\s*(?::\s*(-?\d*))?\s*\]")
_UNION = re.compile(r"\[\s*(-?\d+(?:\s*,\s*-?\d+)+)\s*\]")
_FILTER = re.compile(r"\[\?\(\s*(.+?)\s*\)\]")
_COMPARISON = re.compile(r"@((?:\.[^=<>!\s]+)?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+))?")


class JSONPathError(ValueError):
    """The text is no path."""


class JSONPath:
    """A compiled path."""

    def __init__(self, text: str) -> None:
        self._steps = list(_parse(text))

    def find(self, value: Any) -> list[Any]:
        """All that the path leads to; empty where a field is missing."""
        found = [value]
        for step in self._steps:
            found = [below for each in found for below in step(each)]
        return found


def _parse(text: str) -> Iterator[Step]:
    position = 0
    while position < len(text):
        if text[position:] == "." and position == 0:
            return
        if text.startswith("..", position):
            yield _descend
            position += 1
            continue
        if text.startswith((".*", "[*]"), position):
            yield _every
            position += 2 if text[position] == "." else 3
            continue
        for pattern, make in _FORMS:
            if match := pattern.match(text, position):
                yield make(match)
                position = match.end()
                break
        else:
            raise JSONPathError(f"unrecognized path {text!r}")


def _field(match: re.Match[str]) -> Step:
    return _named(re.sub(r"\\(.)", r"\1", match.group(match.lastindex or 1)))


def _named(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _every(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descend(value: Any) -> Iterator[Any]:
    yield value
    for below in _every(value):
        if isinstance(below, dict | list):
            yield from _descend(below)


def _slice(match: re.Match[str]) -> Step:
    first, colon, last, stride = match.groups()
    if not colon and not first:
        raise JSONPathError("an empty index")

    def step(value: Any) -> Iterator[Any]:
        if not isinstance(value, list):
            return
        if colon:
            yield from value[_number(first) : _number(last) : _number(stride)]
        elif -len(value) <= int(first) < len(value):
            yield value[int(first)]

    return step


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _union(match: re.Match[str]) -> Step:
    positions = [int(text) for text in match.group(1).split(",")]

    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from (value[position] for position in positions if -len(value) <= position < len(value))

    return step


def _filter(match: re.Match[str]) -> Step:
    comparison = _COMPARISON.fullmatch(match.group(1))
    if comparison is None:
        raise JSONPathError(f"unrecognized filter {match.group(1)!r}")
    path, sign, operand = comparison.groups()
    inner = JSONPath(path)
    wanted = _literal(operand) if sign else None

    def step(value: Any) -> Iterator[Any]:
        if not isinstance(value, list):
            return
        for item in value:
            found = inner.find(item)
            if found and (not sign or _compare(found[0], sign, wanted)):
                yield item

    return step


def _literal(text: str) -> Any:
    text = text.strip()
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise JSONPathError(f"unrecognized value {text!r}") from None


def _compare(left: Any, sign: str, right: Any) -> bool:
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    try:
        return bool(
            {
                "==": lambda: left == right,
                "!=": lambda: left != right,
                "<": lambda: left < right,
                "<=": lambda: left <= right,
                ">": lambda: left > right,
                ">=": lambda: left >= right,
            }[sign]()
        )
    except TypeError:
        return False


_FORMS = ((_FIELD, _field), (_QUOTED, _field), (_UNION, _union), (_SLICE, _slice), (_FILTER, _filter))
