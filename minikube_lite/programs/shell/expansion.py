"""From words to fields: parameters, substitutions, arithmetic, splitting, names of files; upstream: POSIX, Shell Command Language, 2.6."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from minikube_lite.programs.shell import patterns
from minikube_lite.programs.shell.arithmetic import BadArithmetic, evaluate
from minikube_lite.programs.shell.errors import ShellError
from minikube_lite.programs.shell.patterns import Pattern
from minikube_lite.programs.shell.tree import Arithmetic, List, Parameter, Part, Substitution, Text, Word
from minikube_lite.programs.shell.variables import Environment
from minikube_lite.programs.shell.words import DEFAULTING, LENGTH, REPLACING, TRIMMING

FIELD_BYTES_MAX = 16 << 20
"""What the words of one command may come to."""
IFS_DEFAULT = " \t\n"


class Surroundings(Protocol):
    """What words are expanded with."""

    substitute: Callable[[List], Awaitable[str]]
    """Gives what commands write, without newlines at the end."""

    @property
    def variables(self) -> Environment:
        """Those of the shell."""

    @property
    def arguments(self) -> Sequence[str]:
        """`$1` and so on."""

    def special(self, name: str) -> str | None:
        """`$?`, `$$`, `$!`, `$-`, `$0`; None where it is not set."""

    def option(self, name: str) -> bool:
        """Whether `set -o name` was said."""

    def entries(self, directory: str) -> list[str]:
        """The names in a directory of the container."""

    def exists(self, path: str) -> bool:
        """Whether the container has such a file."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text on its way into fields. What is not quoted is split and may be a pattern; `breaks` ends the field before it."""

    text: str
    quoted: bool
    split: bool = False
    breaks: bool = False


class Expander:
    """Expands the words of one shell."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def fields(self, words: Sequence[Word]) -> list[str]:
        """All fields of the words, split, with names of files in place of patterns. Raises ShellError."""
        found: list[str] = []
        size = 0
        for word in words:
            for field in self._split(await self._pieces(_with_tilde(word))):
                found.extend(self._names(field))
            size += sum(map(len, found[-1:]))
            if size > FIELD_BYTES_MAX:
                raise ShellError("argument list too long")
        return found

    async def one(self, word: Word, *, assigned: bool = False) -> str:
        """The word as a single field, neither split nor a pattern. Raises ShellError."""
        pieces = await self._pieces(_with_tilde(word, assigned=assigned))
        return "".join(self._joined(pieces))

    async def pattern(self, word: Word) -> Pattern:
        """The word as a pattern. Raises ShellError."""
        pieces = await self._pieces(_with_tilde(word))
        return tuple((piece.text, piece.quoted) for piece in pieces)

    def _joined(self, pieces: list[_Piece]) -> list[str]:
        """The texts, with a blank where fields would end."""
        return [" " + piece.text if piece.breaks and index else piece.text for index, piece in enumerate(pieces)]

    # Parts

    async def _pieces(self, word: Word) -> list[_Piece]:
        pieces: list[_Piece] = []
        for part in word:
            pieces.extend(await self._part(part))
        return pieces

    async def _part(self, part: Part) -> list[_Piece]:
        match part:
            case Text(text, quoted):
                return [_Piece(text, quoted)]
            case Substitution(body, quoted):
                return [_Piece(await self._around.substitute(body), quoted, split=not quoted)]
            case Arithmetic(word, quoted):
                text = await self.one(word)
                return [_Piece(str(self._evaluate(text)), quoted, split=not quoted)]
            case Parameter():
                return await self._parameter(part)

    def _evaluate(self, text: str) -> int:
        try:
            return evaluate(text, self._around.variables)
        except BadArithmetic as error:
            raise ShellError(str(error)) from None

    async def _parameter(self, part: Parameter) -> list[_Piece]:
        if part.name in ("@", "*") and part.operator not in (LENGTH, *TRIMMING, *REPLACING):
            return await self._all_arguments(part)
        value = self._value(part.name)
        if part.operator in DEFAULTING:
            return await self._defaulted(part, value)
        if value is None and self._around.option("nounset"):
            raise ShellError(f"{part.name}: parameter not set")
        return [self._plain(await self._changed(part, value or ""), part.quoted)]

    def _plain(self, text: str, quoted: bool) -> _Piece:
        return _Piece(text, quoted, split=not quoted)

    def _value(self, name: str) -> str | None:
        if name in ("@", "*"):
            return " ".join(self._around.arguments)
        if name.isdigit() and name != "0":
            position = int(name) - 1
            return self._around.arguments[position] if position < len(self._around.arguments) else None
        if name == "#":
            return str(len(self._around.arguments))
        return self._around.special(name) if not name[0].isalpha() and name[0] != "_" else self._get(name)

    def _get(self, name: str) -> str | None:
        return self._around.variables.get(name)

    async def _all_arguments(self, part: Parameter) -> list[_Piece]:
        """`$@` and `$*`: each a field of its own, but for `"$*"`, which joins them."""
        arguments = list(self._around.arguments)
        if part.operator in DEFAULTING:
            kept = bool(arguments) and (not part.operator.startswith(":") or any(arguments))
            if kept == (part.operator[-1] == "+"):
                return await self._defaulted(part, "x" if kept else None)
        if part.operator == ":":
            arguments = await self._sliced_arguments(part, arguments)
        if part.name == "*" and part.quoted:
            ifs = self._around.variables.get("IFS")
            return [_Piece((IFS_DEFAULT if ifs is None else ifs)[:1].join(arguments), quoted=True)]
        return [
            _Piece(text, part.quoted, split=not part.quoted, breaks=index > 0) for index, text in enumerate(arguments)
        ]

    async def _sliced_arguments(self, part: Parameter, arguments: list[str]) -> list[str]:
        begin = self._evaluate(await self.one(part.words[0]))
        from_zero = [self._around.special("0") or "", *arguments]
        begin = max(begin + len(from_zero), 0) if begin < 0 else begin
        length = self._evaluate(await self.one(part.words[1])) if len(part.words) > 1 else len(from_zero)
        return from_zero[begin : begin + max(length, 0)]

    async def _defaulted(self, part: Parameter, value: str | None) -> list[_Piece]:
        """`:-`, `:=`, `:?`, `:+`, and the same without the colon, for which an empty value is one."""
        kind = part.operator[-1]
        missing = value is None or (part.operator.startswith(":") and not value)
        if kind == "+":
            return [_Piece("", part.quoted)] if missing else await self._pieces_of_default(part)
        if not missing:
            return [self._plain(value or "", part.quoted)]
        if kind == "-":
            return await self._pieces_of_default(part)
        text = await self.one(part.words[0])
        if kind == "?":
            unset = "parameter null or not set" if part.operator.startswith(":") else "parameter not set"
            raise ShellError(f"{part.name}: {text or unset}")
        if not (part.name[0].isalpha() or part.name[0] == "_"):
            raise ShellError(f"{part.name}: bad variable name")
        self._around.variables[part.name] = text
        return [self._plain(text, part.quoted)]

    async def _pieces_of_default(self, part: Parameter) -> list[_Piece]:
        """What stands unquoted in an unquoted default is split like a value."""
        pieces = await self._pieces(part.words[0]) or [_Piece("", part.quoted)]
        return [_Piece(piece.text, piece.quoted, not piece.quoted, piece.breaks) for piece in pieces]

    async def _changed(self, part: Parameter, value: str) -> str:
        operator, words = part.operator, part.words
        if operator == LENGTH:
            return str(len(self._around.arguments)) if part.name in ("@", "*") else str(len(value))
        if operator in TRIMMING:
            return patterns.trimmed(value, await self.pattern(words[0]), operator)
        if operator in REPLACING:
            by = await self.one(words[1]) if len(words) > 1 else ""
            return patterns.replaced(value, await self.pattern(words[0]), by, everywhere=operator == "//")
        if operator == ":":
            begin = self._evaluate(await self.one(words[0]))
            begin = max(begin + len(value), 0) if begin < 0 else begin
            length = self._evaluate(await self.one(words[1])) if len(words) > 1 else len(value)
            return value[begin : begin + length] if length >= 0 else value[begin : len(value) + length]
        return value

    # Fields

    def _split(self, pieces: list[_Piece]) -> list[Pattern]:
        ifs = self._around.variables.get("IFS")
        splitter = _Splitter(IFS_DEFAULT if ifs is None else ifs)
        for piece in pieces:
            splitter.add(piece)
        return splitter.finish()

    def _names(self, field: Pattern) -> list[str]:
        """The files that a field names if it is a pattern; else its text."""
        if self._around.option("noglob") or not patterns.is_pattern(field):
            return [patterns.plain(field)]
        return patterns.files(field, self._around.entries, self._around.exists) or [patterns.plain(field)]


class _Splitter:
    """Splits at the characters of IFS: blanks of it count once and not at the ends, others each."""

    def __init__(self, ifs: str) -> None:
        self._blanks = "".join(char for char in ifs if char in IFS_DEFAULT)
        self._others = "".join(char for char in ifs if char not in IFS_DEFAULT)
        self._fields: list[Pattern] = []
        self._field: list[tuple[str, bool]] | None = None
        self._pending = False
        """Whether blanks ended a field, so that another separator right after them ends the same one."""

    def add(self, piece: _Piece) -> None:
        if piece.breaks:
            self._end()
        if not piece.split:
            if piece.text or piece.quoted:
                self._append(piece.text, piece.quoted)
            return
        run: list[str] = []
        for char in piece.text:
            if char not in self._blanks and char not in self._others:
                run.append(char)
                continue
            self._take(run)
            if char in self._others:
                self._separate()
            elif self._field is not None:
                self._end()
                self._pending = True
        self._take(run)

    def _take(self, run: list[str]) -> None:
        if run:
            self._append("".join(run), quoted=False)
            run.clear()

    def _append(self, text: str, quoted: bool) -> None:
        self._field = [] if self._field is None else self._field
        self._field.append((text, quoted))
        self._pending = False

    def _separate(self) -> None:
        if self._field is None and self._pending:
            self._pending = False
            return
        self._field = [] if self._field is None else self._field
        self._end()

    def _end(self) -> None:
        if self._field is not None:
            self._fields.append(tuple(self._field))
        self._field = None

    def finish(self) -> list[Pattern]:
        self._end()
        return self._fields


def _with_tilde(word: Word, *, assigned: bool = False) -> Word:
    """`~` at the beginning is the home directory; in what is assigned also after a colon."""
    if not any(isinstance(part, Text) and not part.quoted and "~" in part.text for part in word):
        return word
    parts: list[Part] = []
    for index, part in enumerate(word):
        if not isinstance(part, Text) or part.quoted or (index and not assigned):
            parts.append(part)
            continue
        pieces = part.text.split(":") if assigned else [part.text]
        for place, piece in enumerate(pieces):
            if place:
                parts.append(Text(":"))
            begins = place > 0 or index == 0
            closed = len(piece) > 1 or place < len(pieces) - 1 or index == len(word) - 1
            home = begins and (piece.startswith("~/") or (piece == "~" and closed))
            parts.extend([Parameter("HOME", quoted=True), Text(piece[1:])] if home else [Text(piece)])
    return tuple(parts)
