"""echo, and the escapes that it and printf know; upstream: busybox's echo."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ESCAPE = re.compile(rb"\\(0[0-7]{0,3}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_OCTAL_ESCAPE = re.compile(rb"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_PLAIN = {
    b"a": b"\a",
    b"b": b"\b",
    b"e": b"\x1b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
    b"\\": b"\\",
}


class Stopped(Exception):
    """`\\c` ends all output; `written` is what stands before it."""

    def __init__(self, written: bytes) -> None:
        super().__init__()
        self.written = written


def echoed(words: Sequence[str]) -> bytes:
    """What `echo words` writes."""
    rest, newline, escapes = list(words), True, False
    while rest and re.fullmatch(r"-[neE]+", rest[0]):
        letters = rest.pop(0)
        newline = newline and "n" not in letters
        escapes = "e" in letters or (escapes and "E" not in letters)
    text = " ".join(rest).encode(errors="surrogateescape")
    if escapes:
        try:
            text = unescaped(text)
        except Stopped as stop:
            return stop.written
    return text + (b"\n" if newline else b"")


def unescaped(text: bytes, *, zero: bool = True) -> bytes:
    """With backslashes resolved; `zero` where octal numbers begin with 0. Raises Stopped at `\\c`."""
    written = bytearray()
    at = 0
    for found in (_ESCAPE if zero else _OCTAL_ESCAPE).finditer(text):
        written += text[at : found.start()]
        at = found.end()
        escape = found.group(1)
        if escape == b"c":
            raise Stopped(bytes(written))
        if escape[:1] == b"x" and len(escape) > 1:
            written.append(int(escape[1:], 16))
        elif escape.isdigit():
            written.append(int(escape, 8) & 0xFF)
        else:
            written += _PLAIN.get(escape, b"\\" + escape)
    return bytes(written + text[at:])
