"""Go's regular expressions, which are RE2's, with Python's; upstream: regexp."""

from __future__ import annotations

import functools
import re

PATTERNS_KEPT_MAX = 1024
"""Compiled patterns that are kept."""
_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7F", "blank": r"\t ", "cntrl": r"\x00-\x1F\x7F", "digit": "0-9",
    "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\t\n\v\f\r ", "upper": "A-Z",
    "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_ESCAPES = {"z": r"\Z", "C": ".", "pL": r"[^\W\d_]", "PL": r"[\W\d_]", "pN": r"\d", "pLu": "[A-Z]", "pLl": "[a-z]"}
_REPEATS = "*+?"


class PatternError(ValueError):
    """The pattern is none; the text is Go's."""

    def __init__(self, reason: str, found: str) -> None:
        super().__init__(f"error parsing regexp: {reason}: `{found}`")


@functools.lru_cache(maxsize=PATTERNS_KEPT_MAX)
def compile_go(pattern: str) -> re.Pattern[str]:
    """The pattern; PatternError in Go's words where it is none."""
    translated = _translate(pattern)
    try:
        return re.compile(translated, re.ASCII)
    except (re.error, OverflowError) as error:
        raise PatternError(*_reason(pattern, str(error))) from None


def _reason(pattern: str, text: str) -> tuple[str, str]:
    if "missing )" in text:
        return "missing closing )", pattern
    if "unbalanced parenthesis" in text:
        return "unexpected )", pattern
    if "unterminated character set" in text:
        return "missing closing ]", pattern[pattern.rindex("[") :]
    if "bad character range" in text:
        return "invalid character class range", text.split()[3]
    if "nothing to repeat" in text or "multiple repeat" in text:
        found = next((sign for sign in pattern if sign in _REPEATS), pattern)
        return "missing argument to repetition operator", found
    if "bad escape" in text:
        return (
            ("trailing backslash at end of expression", "")
            if "end of pattern" in text
            else (
                "invalid escape sequence",
                text.split()[2],
            )
        )
    return "invalid or unsupported Perl syntax", pattern


def _translate(pattern: str) -> str:
    out: list[str] = []
    position, in_class = 0, False
    while position < len(pattern):
        sign = pattern[position]
        if sign == "\\":
            step = _escape(pattern, position, out, in_class)
            position += step
            continue
        if in_class:
            if pattern.startswith("[:", position) and (end := pattern.find(":]", position)) > 0:
                name = pattern[position + 2 : end]
                if name.lstrip("^") not in _CLASSES:
                    raise PatternError("invalid character class range", pattern[position : end + 2])
                out.append(_CLASSES[name.lstrip("^")])
                position = end + 2
                continue
            if sign == "]":
                in_class = False
            out.append(r"\[" if sign == "[" else sign)
        elif sign == "[":
            in_class = True
            out.append(sign)
            for extra in ("^", "]"):
                if pattern.startswith(extra, position + 1):
                    out.append("\\]" if extra == "]" else extra)
                    position += 1
        elif sign == "$":
            out.append(r"\Z" if "(?m" not in pattern else sign)
        elif sign == "(" and pattern.startswith("(?", position):
            _check_group(pattern, position)
            named = pattern.startswith("(?<", position)
            out.append("(?P<" if named else "(?")
            position += 3 if named else 2
            continue
        else:
            out.append(sign)
        position += 1
    return "".join(out)


def _check_group(pattern: str, position: int) -> None:
    """Go has no look-around, no atomic groups, no conditions."""
    for found in ("(?=", "(?!", "(?<=", "(?<!", "(?>", "(?(", "(?#"):
        if pattern.startswith(found, position):
            raise PatternError("invalid or unsupported Perl syntax", found)


def _escape(pattern: str, position: int, out: list[str], in_class: bool) -> int:
    following = pattern[position + 1 : position + 2]
    if not following:
        raise PatternError("trailing backslash at end of expression", "")
    if following == "Q":
        end = pattern.find("\\E", position)
        end = len(pattern) if end < 0 else end
        out.append(re.escape(pattern[position + 2 : end]))
        return end + 2 - position
    if following in "pP":
        if pattern[position + 2 : position + 3] == "{":
            end = pattern.index("}", position)
            name = following + pattern[position + 3 : end]
        else:
            name, end = pattern[position + 1 : position + 3], position + 2
        out.append(_ESCAPES.get(name, r"\w"))
        return end + 1 - position
    if following in "123456789":
        raise PatternError("invalid escape sequence", pattern[position : position + 2])
    if following == "Z":
        raise PatternError("invalid escape sequence", "\\Z")
    if following == "x" and pattern[position + 2 : position + 3] == "{":
        end = pattern.index("}", position)
        out.append(re.escape(chr(int(pattern[position + 3 : end], 16))))
        return end + 1 - position
    out.append(_ESCAPES.get(following, pattern[position : position + 2]))
    return 2
