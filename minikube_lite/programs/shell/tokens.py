"""Takes a script apart: words, operators, and the texts of here-documents; upstream: POSIX, Shell Command Language, 2.3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from minikube_lite.programs.shell.syntax import OPERATORS, Incomplete
from minikube_lite.programs.shell.tree import Redirect, Text, Word
from minikube_lite.programs.shell.words import Nested, WordReader

_BLANKS = re.compile(r"(?:[ \t]|\\\n)*(?:#[^\n]*)?")
_FD = re.compile(r"(\d+)(?=[<>])")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a script."""

    kind: Literal["word", "operator", "fd", "end"]
    text: str = ""
    """An operator's characters, the digits of a descriptor, or a word that is wholly unquoted text; else ""."""
    word: Word = ()


END = Token("end")


class Tokens:
    """Reads tokens from a text, one ahead."""

    def __init__(self, text: str, position: int, nested: Nested) -> None:
        self.text = text
        self._position = position
        self._nested = nested
        self._ahead: Token | None = None
        self._begun = position
        self._documents: list[tuple[Redirect, str, bool]] = []

    def peek(self) -> Token:
        """The next token, which stays."""
        if self._ahead is None:
            self._ahead = self._read()
        return self._ahead

    def take(self) -> Token:
        """The next token. After a newline the texts of here-documents are read that were asked for before it."""
        token = self.peek()
        self._ahead = None
        if token.kind == "operator" and token.text == "\n":
            self._read_documents()
        return token

    @property
    def position(self) -> int:
        """Where the next token begins."""
        return self._begun if self._ahead is not None else self._position

    def expect_document(self, redirect: Redirect, end: Word) -> None:
        """Give the redirect its text when the line is over."""
        quoted = any(not isinstance(part, Text) or part.quoted for part in end)
        self._documents.append((redirect, "".join(part.text for part in end if isinstance(part, Text)), quoted))

    def finish(self) -> None:
        """The script is over. Raises Incomplete when a here-document has not come."""
        if self._documents:
            self._read_documents()

    def _read(self) -> Token:
        blanks = _BLANKS.match(self.text, self._position)
        assert blanks is not None
        self._begun = self._position = blanks.end()
        if self._position >= len(self.text):
            return END
        for operator in OPERATORS:
            if self.text.startswith(operator, self._position):
                self._position += len(operator)
                return Token("operator", operator)
        if found := _FD.match(self.text, self._position):
            self._position = found.end()
            return Token("fd", found.group())
        reader = WordReader(self.text, self._position, self._nested)
        word = reader.word()
        self._position = reader.position
        plain = len(word) == 1 and isinstance(word[0], Text) and not word[0].quoted
        return Token("word", word[0].text if plain and isinstance(word[0], Text) else "", word)

    def _read_documents(self) -> None:
        waiting, self._documents = self._documents, []
        for redirect, end, quoted in waiting:
            text = self._document(end, strip=redirect.operator == "<<-")
            redirect.word = (Text(text, quoted=True),) if quoted else WordReader(text, 0, self._nested).document()

    def _document(self, end: str, *, strip: bool) -> str:
        """The lines up to the one that is `end`."""
        lines: list[str] = []
        while self._position < len(self.text):
            newline = self.text.find("\n", self._position)
            after = len(self.text) if newline < 0 else newline + 1
            line, self._position = self.text[self._position : after], after
            line = line.lstrip("\t") if strip else line
            if line.removesuffix("\n") == end:
                return "".join(lines)
            lines.append(line)
        raise Incomplete(f'unexpected end of file (expecting "{end}")')
