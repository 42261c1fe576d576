"""printf; upstream: POSIX's utility printf, busybox's errors."""

from __future__ import annotations

import re
from collections.abc import Sequence

from minikube_lite.programs.applets.echo import Stopped, unescaped

_DIRECTIVE = re.compile(
    r"%(%|([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?([diouxXcsbeEfFgG]))|\\(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)|[^%\\]+|.",
    re.DOTALL,
)
WIDTH_MAX = 10_000
_WHOLE = "diouxX"


class _Arguments:
    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self.used = False
        self.errors: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._words)

    def text(self) -> str:
        self.used = True
        return self._words.pop(0) if self._words else ""

    def whole(self) -> int:
        text = self.text()
        if text[:1] in ("'", '"'):
            return ord(text[1]) if len(text) > 1 else 0
        found = re.match(r"\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)", text)
        if found is None or found.end() != len(text):
            if text:
                self.errors.append(f"invalid number '{text}'")
        if found is None:
            return 0
        digits = found.group(2)
        base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
        return int(digits, base) * (-1 if found.group(1) == "-" else 1)

    def number(self) -> float:
        text = self.text()
        try:
            return float(text or 0)
        except ValueError:
            self.errors.append(f"invalid number '{text}'")
            return 0.0


def formatted(form: str, words: Sequence[str]) -> tuple[bytes, list[str]]:
    """What is written, and what is wrong with the words. The format is used again while words are left."""
    arguments = _Arguments(words)
    written = bytearray()
    try:
        while True:
            arguments.used = False
            for found in _DIRECTIVE.finditer(form):
                written += _piece(found, arguments)
            if not arguments or not arguments.used:
                break
    except Stopped as stop:
        written += stop.written
    except _BadFormat as error:
        arguments.errors.append(str(error))
    return bytes(written), arguments.errors


class _BadFormat(Exception):
    pass


def _piece(found: re.Match[str], arguments: _Arguments) -> bytes:
    text = found.group()
    if text[0] == "\\":
        return unescaped(text.encode(errors="surrogateescape"), zero=False)
    if text == "%%":
        return b"%"
    if text[0] != "%":
        return text.encode(errors="surrogateescape")
    if len(text) == 1:
        raise _BadFormat("%: invalid format")
    flags, kind = found.group(2), found.group(5)
    width = arguments.whole() if found.group(3) == "*" else int(found.group(3) or 0)
    if width < 0:
        flags, width = flags + "-", -width
    precision = found.group(4)
    limit = None if precision is None else max(arguments.whole(), 0) if precision == "*" else int(precision or 0)
    if width > WIDTH_MAX or (limit or 0) > WIDTH_MAX:
        raise _BadFormat(f"{text}: invalid format")
    return _padded(_converted(kind, flags, limit, arguments), flags, width, kind, limit)


def _converted(kind: str, flags: str, limit: int | None, arguments: _Arguments) -> bytes:
    if kind == "s":
        return arguments.text().encode(errors="surrogateescape")[:limit]
    if kind == "b":
        return unescaped(arguments.text().encode(errors="surrogateescape"))[:limit]
    if kind == "c":
        return arguments.text()[:1].encode(errors="surrogateescape")
    sign = "+" if "+" in flags else " " if " " in flags else ""
    if kind in _WHOLE:
        value = arguments.whole()
        if kind in "di":
            digits = str(abs(value)).rjust(limit or 0, "0")
            return f"{'-' if value < 0 else sign}{digits}".encode()
        digits = format(value % (1 << 64), {"u": "d", "o": "o", "x": "x", "X": "X"}[kind]).rjust(limit or 0, "0")
        prefix = {"o": "0", "x": "0x", "X": "0X"}.get(kind, "") if "#" in flags and value else ""
        return (prefix + digits).encode()
    return format(arguments.number(), f"{sign}.{6 if limit is None else limit}{kind}").encode()


def _padded(text: bytes, flags: str, width: int, kind: str, limit: int | None) -> bytes:
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and kind not in "sbc" and not (kind in _WHOLE and limit is not None):
        signed = text[:1] in (b"-", b"+", b" ")
        return text[:signed] + text[signed:].rjust(width - signed, b"0")
    return text.rjust(width)
