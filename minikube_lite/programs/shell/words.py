"""Reads words: quotes, escapes, and what begins with a dollar or a backquote; upstream: POSIX, Shell Command Language, 2.2 and 2.6.

Nothing is expanded here. What stands in `$(…)` is parsed by whoever is given as `nested`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Protocol

from minikube_lite.programs.shell.syntax import METACHARACTERS, SHELL_NAME, Incomplete, ShellSyntaxError
from minikube_lite.programs.shell.tree import Arithmetic, List, Parameter, Part, Substitution, Text, Word

SPECIAL_PARAMETERS = frozenset("@*#?-$!0123456789")
LENGTH = "length"
"""What stands for the operator of `${#name}`."""
DEFAULTING = (":-", ":=", ":?", ":+", "-", "=", "?", "+")
TRIMMING = ("%%", "%", "##", "#")
REPLACING = ("//", "/")
ESCAPED_IN_QUOTES = '$`"\\\n'
ESCAPED_IN_TEXT = "$`\\\n"


class Nested(Protocol):
    """Parses commands that stand within words."""

    def inside(self, text: str, position: int) -> tuple[List, int]:
        """The list that begins there, and the position after its closing parenthesis."""

    def whole(self, text: str) -> List:
        """A list that is the whole text."""


class WordReader:
    """Reads words from a text, from `position` on."""

    def __init__(self, text: str, position: int, nested: Nested) -> None:
        self.text = text
        self.position = position
        self._nested = nested

    def word(self) -> Word:
        """The word here; () where none begins."""
        return self._until(lambda char: char in METACHARACTERS, end_closes=True)

    def document(self) -> Word:
        """All the text, as in a here-document whose end is not quoted."""
        parts: list[Part] = []
        while self.position < len(self.text):
            self._quoted_step(parts, ESCAPED_IN_TEXT)
        return _joined(parts)

    # Steps

    def _peek(self, ahead: int = 0) -> str:
        at = self.position + ahead
        return self.text[at] if at < len(self.text) else ""

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise Incomplete("unterminated quoted string")
        self.position += 1
        return char

    def _until(self, closes: Callable[[str], bool], *, end_closes: bool = False) -> Word:
        """Parts, unquoted, up to a character that closes them, which is left."""
        parts: list[Part] = []
        while (char := self._peek()) or not end_closes:
            if char and closes(char):
                break
            self._step(parts)
        return _joined(parts)

    def _quoted_until(self, closes: str) -> Word:
        parts: list[Part] = []
        while self._peek() != closes:
            if not self._peek():
                raise Incomplete("unterminated quoted string")
            if closes == "}" and self._peek() == '"':
                self.position += 1
                parts.extend(self._quoted_until('"') or (Text("", quoted=True),))
                self.position += 1
            else:
                self._quoted_step(parts, ESCAPED_IN_QUOTES + closes)
        return _joined(parts)

    def _step(self, parts: list[Part]) -> None:
        char = self._take()
        if char == "\\":
            if not self._peek():
                parts.append(Text("\\", quoted=True))
            elif (escaped := self._take()) != "\n":
                parts.append(Text(escaped, quoted=True))
        elif char == "'":
            end = self.text.find("'", self.position)
            if end < 0:
                raise Incomplete("unterminated quoted string")
            parts.append(Text(self.text[self.position : end], quoted=True))
            self.position = end + 1
        elif char == '"':
            inner = self._quoted_until('"')
            self.position += 1
            parts.extend(inner or (Text("", quoted=True),))
        elif char == "$":
            parts.append(self._dollar(quoted=False))
        elif char == "`":
            parts.append(self._backquoted(quoted=False))
        else:
            parts.append(Text(char))

    def _quoted_step(self, parts: list[Part], escapes: str) -> None:
        char = self._take()
        if char == "\\" and self._peek() and self._peek() in escapes:
            escaped = self._take()
            if escaped != "\n":
                parts.append(Text(escaped, quoted=True))
        elif char == "$":
            parts.append(self._dollar(quoted=True))
        elif char == "`":
            parts.append(self._backquoted(quoted=True))
        else:
            parts.append(Text(char, quoted=True))

    # Dollars

    def _dollar(self, *, quoted: bool) -> Part:
        char = self._peek()
        if char == "(":
            arithmetic = self._arithmetic(quoted) if self._peek(1) == "(" else None
            if arithmetic is not None:
                return arithmetic
            body, self.position = self._nested.inside(self.text, self.position + 1)
            return Substitution(body, quoted)
        if char == "{":
            self.position += 1
            return self._braced(quoted)
        if char and char in SPECIAL_PARAMETERS:
            self.position += 1
            return Parameter(char, quoted=quoted)
        name = SHELL_NAME.match(self.text, self.position)
        if name is None:
            return Text("$", quoted)
        self.position = name.end()
        return Parameter(name.group(), quoted=quoted)

    def _arithmetic(self, quoted: bool) -> Arithmetic | None:
        """`$((…))`; None, and nothing read, where it is a subshell in a substitution instead."""
        begin, depth = self.position, 0
        self.position += 2
        parts: list[Part] = []
        while char := self._peek():
            if char == ")" and depth == 0:
                if self._peek(1) != ")":
                    self.position = begin
                    return None
                self.position += 2
                return Arithmetic(_joined(parts), quoted)
            depth += {"(": 1, ")": -1}.get(char, 0)
            if char == '"':
                self.position += 1
                continue
            self._quoted_step(parts, ESCAPED_IN_QUOTES)
        raise Incomplete('unexpected end of file (expecting "))")')

    def _backquoted(self, *, quoted: bool) -> Substitution:
        script: list[str] = []
        while (char := self._peek()) != "`":
            if not char:
                raise Incomplete("EOF in backquote substitution")
            self.position += 1
            if char == "\\" and self._peek() and self._peek() in ('$`\\"' if quoted else "$`\\"):
                char = self._take()
            script.append(char)
        self.position += 1
        return Substitution(self._nested.whole("".join(script)), quoted)

    # Braces

    def _braced(self, quoted: bool) -> Part:
        """What follows `${`."""
        if self._peek() == "#" and self._peek(1) != "}" and (self._peek(2) == "}" or self._peek(1) not in "-=?+%#:"):
            self.position += 1
            name = self._parameter_name()
            self._close()
            return Parameter(name, LENGTH, quoted=quoted)
        name = self._parameter_name()
        if self._peek() == "}":
            self.position += 1
            return Parameter(name, quoted=quoted)
        operator, words = self._operation(quoted)
        self._close()
        return Parameter(name, operator, words, quoted)

    def _parameter_name(self) -> str:
        found = SHELL_NAME.match(self.text, self.position)
        if found is None and self._peek().isdigit():
            end = self.position
            while end < len(self.text) and self.text[end].isdigit():
                end += 1
            name, self.position = self.text[self.position : end], end
            return name
        if found is None:
            char = self._take()
            if char not in SPECIAL_PARAMETERS:
                raise ShellSyntaxError("bad substitution")
            return char
        self.position = found.end()
        return found.group()

    def _operation(self, quoted: bool) -> tuple[str, tuple[Word, ...]]:
        for operator in (*DEFAULTING, *TRIMMING, *REPLACING, ":"):
            if self.text.startswith(operator, self.position):
                self.position += len(operator)
                break
        else:
            if not self._peek():
                raise Incomplete('unexpected end of file (expecting "}")')
            raise ShellSyntaxError("bad substitution")
        if operator in DEFAULTING:
            return operator, (self._quoted_until("}") if quoted else self._closed("}"),)
        if operator in TRIMMING:
            return operator, (self._closed("}"),)
        between = "/" if operator in REPLACING else ":"
        first = self._closed(f"{between}}}")
        if self._peek() != between:
            return operator, (first,)
        self.position += 1
        return operator, (first, self._closed("}"))

    def _closed(self, closers: str) -> Word:
        if not self._peek():
            raise Incomplete('unexpected end of file (expecting "}")')
        return self._until(lambda char: char in closers)

    def _close(self) -> None:
        if not self._peek():
            raise Incomplete('unexpected end of file (expecting "}")')
        if self._take() != "}":
            raise ShellSyntaxError("bad substitution")


def _joined(parts: list[Part]) -> Word:
    """Neighbouring texts that are quoted alike become one."""
    joined: list[Part] = []
    for quoted, run in itertools.groupby(parts, lambda part: part.quoted if isinstance(part, Text) else None):
        if quoted is None:
            joined.extend(run)
        else:
            joined.append(Text("".join(part.text for part in run if isinstance(part, Text)), quoted))
    return tuple(joined)
