"""Patterns: `*`, `?`, `[…]`, for names of files, `case` and the trimming of values; upstream: POSIX, Shell Command Language, 2.13."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

MATCHES_MAX = 10_000
"""How many files a pattern may name."""
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}

Pattern = tuple[tuple[str, bool], ...]
"""Text, and whether it is quoted, which makes it stand for itself."""


def is_pattern(pattern: Pattern) -> bool:
    """Whether anything in it stands for something else."""
    return any(not quoted and any(char in text for char in "*?[") for text, quoted in pattern)


def plain(pattern: Pattern) -> str:
    """Its text, without quotes."""
    return "".join(text for text, _ in pattern)


def regex(pattern: Pattern, *, greedy: bool = True) -> str:
    """The regular expression that matches the same."""
    chars = [(char, quoted) for text, quoted in pattern for char in text]
    written: list[str] = []
    at = 0
    while at < len(chars):
        char, quoted = chars[at]
        at += 1
        if quoted:
            written.append(re.escape(char))
        elif char == "*":
            written.append(".*" if greedy else ".*?")
        elif char == "?":
            written.append(".")
        elif char == "[" and (found := _bracket(chars, at)) is not None:
            expression, at = found
            written.append(expression)
        else:
            written.append(re.escape(char))
    return "".join(written)


def _bracket(chars: list[tuple[str, bool]], at: int) -> tuple[str, int] | None:
    """A bracket expression that begins before `at`, and where it ends; None where it is none."""
    negated = at < len(chars) and chars[at] in (("!", False), ("^", False))
    at += negated
    inner: list[str] = []
    first = True
    while at < len(chars):
        char, quoted = chars[at]
        if char == "]" and not quoted and not first:
            return f"[{'^' if negated else ''}{''.join(inner)}]", at + 1
        first = False
        text = "".join(one for one, _ in chars[at : at + 12])
        if not quoted and (named := re.match(r"\[:(\w+):\]", text)) and named.group(1) in _CLASSES:
            inner.append(_CLASSES[named.group(1)])
            at += named.end()
            continue
        inner.append("-" if char == "-" and not quoted else re.escape(char))
        at += 1
    return None


def matches(pattern: Pattern, text: str) -> bool:
    """Whether the whole text matches."""
    return _compiled(regex(pattern)).fullmatch(text) is not None


def trimmed(value: str, pattern: Pattern, operator: str) -> str:
    """The value without what matches at its beginning (`#`, `##`) or end (`%`, `%%`): the shortest, or the longest."""
    lengths: Iterable[int] = range(len(value) + 1)
    if len(operator) == 2:
        lengths = reversed(range(len(value) + 1))
    expression = _compiled(regex(pattern))
    for length in lengths:
        part = value[:length] if operator[0] == "#" else value[len(value) - length :]
        if expression.fullmatch(part):
            return value[length:] if operator[0] == "#" else value[: len(value) - length]
    return value


def replaced(value: str, pattern: Pattern, by: str, *, everywhere: bool) -> str:
    """The value with the first match, or all, replaced."""
    if not plain(pattern):
        return value
    return _compiled(f"(?:{regex(pattern)})").sub(lambda _: by, value, count=0 if everywhere else 1)


def _compiled(expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression, re.DOTALL)
    except re.error:
        # A range that runs backwards matches nothing, as in every shell.
        return re.compile(r"(?!)")


def files(pattern: Pattern, entries: Callable[[str], list[str]], exists: Callable[[str], bool]) -> list[str]:
    """The names that match, sorted. `entries` gives the names in a directory, "" being the current one."""
    parts = _parts(pattern)
    absolute = len(parts) > 1 and not plain(parts[0])
    found = ["/"] if absolute else [""]
    for part in parts[1:] if absolute else parts:
        before = [f"{name}/" if name and not name.endswith("/") else name for name in found]
        if is_pattern(part):
            found = [prefix + name for prefix in before for name in _within(part, entries(prefix))][:MATCHES_MAX]
        else:
            found = [name for name in (prefix + plain(part) for prefix in before) if exists(name)]
    return sorted(found)


def _within(part: Pattern, names: list[str]) -> list[str]:
    hidden = plain(part).startswith(".")
    expression = _compiled(regex(part))
    return [name for name in names if (hidden or not name.startswith(".")) and expression.fullmatch(name)]


def _parts(pattern: Pattern) -> list[Pattern]:
    """What stands between slashes."""
    parts: list[list[tuple[str, bool]]] = [[]]
    for text, quoted in pattern:
        for index, piece in enumerate(text.split("/")):
            if index:
                parts.append([])
            if piece:
                parts[-1].append((piece, quoted))
    return [tuple(part) for part in parts]
