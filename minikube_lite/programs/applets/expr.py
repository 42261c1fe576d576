"""expr: arithmetic, comparison and matching of words; upstream: POSIX's utility expr."""

from __future__ import annotations

import re
from collections.abc import Callable

from minikube_lite.programs.applets.applet import UsageError
from minikube_lite.programs.applets.grep import compiled

_COMPARISONS: dict[str, Callable[[int | str, int | str], bool]] = {
    "=": lambda left, right: left == right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,  # type: ignore[operator]
    "<=": lambda left, right: left <= right,  # type: ignore[operator]
    ">": lambda left, right: left > right,  # type: ignore[operator]
    ">=": lambda left, right: left >= right,  # type: ignore[operator]
}
_LEVELS = (("|",), ("&",), tuple(_COMPARISONS), ("+", "-"), ("*", "/", "%"), (":",))
DEPTH_MAX = 100


class ExprError(Exception):
    """The words are no expression."""


def evaluated(words: list[str]) -> str:
    """The value of an expression. Raises ExprError."""
    parser = _Expression(words)
    value = parser.level(0)
    if parser.words:
        raise ExprError("syntax error")
    return value


class _Expression:
    def __init__(self, words: list[str]) -> None:
        self.words = words
        self._depth = 0

    def level(self, level: int) -> str:
        if level == len(_LEVELS):
            return self._operand()
        left = self.level(level + 1)
        while self.words and self.words[0] in _LEVELS[level]:
            operator = self.words.pop(0)
            left = _applied(operator, left, self.level(level + 1))
        return left

    def _operand(self) -> str:
        if not self.words:
            raise ExprError("syntax error")
        word = self.words.pop(0)
        if word != "(":
            return self._function(word)
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise ExprError("nested too deeply")
        value = self.level(0)
        self._depth -= 1
        if not self.words or self.words.pop(0) != ")":
            raise ExprError("syntax error")
        return value

    def _function(self, word: str) -> str:
        if word == "length" and self.words:
            return str(len(self._operand()))
        if word == "substr" and len(self.words) > 2:
            text, begin, length = self._operand(), _number(self._operand()), _number(self._operand())
            return text[max(begin - 1, 0) : max(begin - 1, 0) + length] if begin > 0 else ""
        if word == "index" and len(self.words) > 1:
            text, chars = self._operand(), self._operand()
            return str(next((place for place, char in enumerate(text, 1) if char in chars), 0))
        if word == "match" and len(self.words) > 1:
            return _matched(self._operand(), self._operand())
        return word


def _applied(operator: str, left: str, right: str) -> str:
    if operator == "|":
        return left if left not in ("", "0") else right
    if operator == "&":
        return left if left not in ("", "0") and right not in ("", "0") else "0"
    if operator == ":":
        return _matched(left, right)
    if operator in _COMPARISONS:
        numbers = _is_number(left) and _is_number(right)
        pair: tuple[int | str, int | str] = (int(left), int(right)) if numbers else (left, right)
        return str(int(_COMPARISONS[operator](*pair)))
    one, other = _number(left), _number(right)
    if operator in ("/", "%"):
        if other == 0:
            raise ExprError("division by zero")
        quotient = abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
        return str(quotient if operator == "/" else one - quotient * other)
    return str({"+": one + other, "-": one - other, "*": one * other}[operator])


def _matched(text: str, pattern: str) -> str:
    try:
        found = compiled(pattern.removeprefix("^"), extended=False).match(text.encode(errors="surrogateescape"))
    except UsageError as error:
        raise ExprError(str(error)) from None
    if found is None:
        return "" if r"\(" in pattern else "0"
    if found.re.groups:
        return (found.group(1) or b"").decode(errors="surrogateescape")
    return str(len(found.group().decode(errors="surrogateescape")))


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+", text) is not None


def _number(text: str) -> int:
    if not _is_number(text):
        raise ExprError("non-integer argument")
    return int(text)
