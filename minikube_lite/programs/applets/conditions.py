"""What `test` and `[` decide; upstream: POSIX's utility test."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

DEPTH_MAX = 100

_FILES: dict[str, Callable[[Path], bool]] = {
    "-e": lambda place: place.exists(),
    "-a": lambda place: place.exists(),
    "-f": lambda place: place.is_file(),
    "-d": lambda place: place.is_dir(),
    "-s": lambda place: place.exists() and place.stat().st_size > 0,
    "-r": lambda place: place.exists(),
    "-x": lambda place: place.is_dir() or (place.exists() and bool(place.stat().st_mode & 0o111)),
    "-L": lambda place: place.is_symlink(),
    "-h": lambda place: place.is_symlink(),
    "-p": lambda place: place.is_fifo(),
    "-S": lambda place: place.is_socket(),
    "-b": lambda place: place.is_block_device(),
    "-c": lambda place: place.is_char_device(),
    "-k": lambda place: place.exists() and bool(place.stat().st_mode & 0o1000),
    "-u": lambda place: place.exists() and bool(place.stat().st_mode & 0o4000),
    "-g": lambda place: place.exists() and bool(place.stat().st_mode & 0o2000),
    "-O": lambda place: place.exists(),
    "-G": lambda place: place.exists(),
}
_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda left, right: left == right,
    "-ne": lambda left, right: left != right,
    "-lt": lambda left, right: left < right,
    "-le": lambda left, right: left <= right,
    "-gt": lambda left, right: left > right,
    "-ge": lambda left, right: left >= right,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda left, right: left == right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
}
_OF_FILES = ("-nt", "-ot", "-ef")
BINARY = frozenset({*_NUMBERS, *_TEXTS, *_OF_FILES})
UNARY = frozenset({*_FILES, "-w", "-n", "-z", "-t"})


class ConditionError(Exception):
    """The words are no condition, in busybox's words."""


def holds(
    words: Sequence[str],
    place: Callable[[str], Path],
    is_writable: Callable[[str], bool],
    *,
    terminal: bool = False,
) -> bool:
    """Whether the condition holds. `place` gives where a file is kept, or raises OSError. Raises ConditionError."""
    condition = _Condition(list(words), place, is_writable, terminal)
    return condition.decide()


class _Condition:
    def __init__(
        self, words: list[str], place: Callable[[str], Path], is_writable: Callable[[str], bool], terminal: bool
    ) -> None:
        self._words = words
        self._at = 0
        self._place = place
        self._is_writable = is_writable
        self._terminal = terminal
        self._depth = 0

    def decide(self) -> bool:
        """By the number of words, as POSIX says for up to four; else by precedence."""
        words = self._words
        match len(words):
            case 0:
                return False
            case 1:
                return bool(words[0])
            case 2 if words[0] == "!":
                return not words[1]
            case 3 if words[1] in BINARY:
                return self._binary(*words)
            case 3 if words[0] == "(" and words[2] == ")":
                return bool(words[1])
            case 4 if words[0] == "!" and words[2] in BINARY:
                return not self._binary(*words[1:])
        value = self._or()
        if self._at < len(words):
            raise ConditionError(f"{words[self._at]}: unknown operand")
        return value

    def _peek(self, ahead: int = 0) -> str | None:
        at = self._at + ahead
        return self._words[at] if at < len(self._words) else None

    def _or(self) -> bool:
        value = self._and()
        while self._peek() == "-o":
            self._at += 1
            value = self._and() or value
        return value

    def _and(self) -> bool:
        value = self._not()
        while self._peek() == "-a":
            self._at += 1
            value = self._not() and value
        return value

    def _not(self) -> bool:
        negated = False
        while self._peek() == "!" and self._peek(1) is not None and self._peek(1) not in BINARY:
            self._at += 1
            negated = not negated
        return self._primary() != negated

    def _primary(self) -> bool:
        word = self._peek()
        if word is None:
            raise ConditionError("argument expected")
        following = self._peek(1)
        if following in BINARY and self._peek(2) is not None:
            self._at += 3
            return self._binary(word, following or "", self._words[self._at - 1])
        if word == "(":
            return self._parenthesis()
        if word in UNARY and following is not None:
            self._at += 2
            return self._unary(word, following)
        self._at += 1
        if word in UNARY and following is None and self._at > 1:
            raise ConditionError(f"{word}: argument expected")
        return bool(word)

    def _parenthesis(self) -> bool:
        self._at += 1
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise ConditionError("nested too deeply")
        value = self._or()
        self._depth -= 1
        if self._peek() != ")":
            raise ConditionError("closing paren expected")
        self._at += 1
        return value

    def _unary(self, operator: str, operand: str) -> bool:
        if operator in ("-n", "-z"):
            return bool(operand) == (operator == "-n")
        if operator == "-t":
            return self._terminal and operand in ("0", "1", "2")
        try:
            place = self._place(operand)
            if operator == "-w":
                return place.exists() and self._is_writable(operand)
            return _FILES[operator](place)
        except OSError:
            return False

    def _binary(self, left: str, operator: str, right: str) -> bool:
        if operator in _NUMBERS:
            return _NUMBERS[operator](_number(left), _number(right))
        if operator in _TEXTS:
            return _TEXTS[operator](left, right)
        times = [self._modified(path) for path in (left, right)]
        if operator == "-ef":
            return None not in times and self._place(left).samefile(self._place(right))
        first, second = times if operator == "-nt" else reversed(times)
        return first is not None and (second is None or first > second)

    def _modified(self, path: str) -> int | None:
        try:
            return self._place(path).stat().st_mtime_ns
        except OSError:
            return None


def _number(text: str) -> int:
    if not re.fullmatch(r"\s*[-+]?\d+\s*", text):
        raise ConditionError(f"{text}: bad number")
    return int(text)
