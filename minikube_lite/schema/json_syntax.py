"""Finds what is wrong with JSON text and says it in Go's words. Upstream: the scanner of encoding/json."""

from __future__ import annotations

from collections.abc import Callable

DEPTH_MAX = 10000
END_OF_INPUT = "unexpected end of JSON input"
_SPACE = b" \t\r\n"
_DIGITS = b"0123456789"
_HEX = b"0123456789abcdefABCDEF"
_ESCAPES = b'bfnrt\\/"'
_LITERALS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}


class JSONSyntaxError(ValueError):
    """The text is not JSON; the message is Go's."""


def check_syntax(data: bytes) -> None:
    """Returns when the bytes are one JSON value, else raises JSONSyntaxError."""
    scanner = _Scanner(data)
    scanner.value(0)
    scanner.space()
    if scanner.position < len(data):
        raise scanner.unexpected("after top-level value")


class _Scanner:
    """A recursive reader that keeps nothing but its place."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def unexpected(self, context: str) -> JSONSyntaxError:
        if self.position >= len(self._data):
            return JSONSyntaxError(END_OF_INPUT)
        return JSONSyntaxError(f"invalid character {_quote(self._data[self.position])} {context}")

    def _peek(self) -> int:
        if self.position >= len(self._data):
            raise JSONSyntaxError(END_OF_INPUT)
        return self._data[self.position]

    def space(self) -> None:
        while self.position < len(self._data) and self._data[self.position] in _SPACE:
            self.position += 1

    def value(self, depth: int) -> None:
        self.space()
        first = self._peek()
        if first in b"{[" and depth >= DEPTH_MAX:
            raise self.unexpected("exceeded max depth")
        if first == ord("{"):
            self._items(ord("}"), lambda: self._pair(depth + 1), "after object key:value pair")
        elif first == ord("["):
            self._items(ord("]"), lambda: self.value(depth + 1), "after array element")
        elif first == ord('"'):
            self._string()
        elif first in _LITERALS:
            self._literal(_LITERALS[first])
        elif first == ord("-") or first in _DIGITS:
            self._number()
        else:
            raise self.unexpected("looking for beginning of value")

    def _items(self, end: int, read: Callable[[], None], context: str) -> None:
        self.position += 1
        self.space()
        if self._peek() == end:
            self.position += 1
            return
        while True:
            read()
            self.space()
            character = self._peek()
            if character not in (end, ord(",")):
                raise self.unexpected(context)
            self.position += 1
            if character == end:
                return

    def _pair(self, depth: int) -> None:
        self.space()
        if self._peek() != ord('"'):
            raise self.unexpected("looking for beginning of object key string")
        self._string()
        self.space()
        if self._peek() != ord(":"):
            raise self.unexpected("after object key")
        self.position += 1
        self.value(depth)

    def _string(self) -> None:
        self.position += 1
        while True:
            character = self._peek()
            if character == ord('"'):
                self.position += 1
                return
            if character < 0x20:
                raise self.unexpected("in string literal")
            if character == ord("\\"):
                self._escape()
            else:
                self.position += 1

    def _escape(self) -> None:
        self.position += 1
        character = self._peek()
        if character == ord("u"):
            for _ in range(4):
                self.position += 1
                if self._peek() not in _HEX:
                    raise self.unexpected("in \\u hexadecimal character escape")
        elif character not in _ESCAPES:
            raise self.unexpected("in string escape code")
        self.position += 1

    def _literal(self, word: bytes) -> None:
        for expected in word:
            if self._peek() != expected:
                raise self.unexpected(f"in literal {word.decode()} (expecting '{chr(expected)}')")
            self.position += 1

    def _number(self) -> None:
        if self._peek() == ord("-"):
            self.position += 1
        first = self._digit("in numeric literal")
        if first != ord("0"):
            self._digits()
        if self._next_in(b"."):
            self._digit("after decimal point in numeric literal")
            self._digits()
        if self._next_in(b"eE"):
            self._next_in(b"+-")
            self._digit("in exponent of numeric literal")
            self._digits()

    def _next_in(self, characters: bytes) -> bool:
        found = self.position < len(self._data) and self._data[self.position] in characters
        self.position += found
        return found

    def _digit(self, context: str) -> int:
        character = self._peek()
        if character not in _DIGITS:
            raise self.unexpected(context)
        self.position += 1
        return character

    def _digits(self) -> None:
        while self._next_in(_DIGITS):
            pass


def _quote(character: int) -> str:
    special = {ord("'"): r"'\''", ord('"'): "'\"'", ord("\\"): r"'\\'", 0x07: r"'\a'", 0x08: r"'\b'", 0x0C: r"'\f'"}
    special |= {ord("\n"): r"'\n'", ord("\r"): r"'\r'", ord("\t"): r"'\t'", 0x0B: r"'\v'"}
    if character in special:
        return special[character]
    if character < 0x20 or character == 0x7F:
        return f"'\\x{character:02x}'"
    if 0x80 <= character < 0xA0:
        return f"'\\u{character:04x}'"
    return f"'{chr(character)}'"
