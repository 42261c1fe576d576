"""The scripts of sed: what its commands are, and how they are read; upstream: busybox's sed, POSIX's utility sed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from minikube_lite.programs.applets.applet import UsageError
from minikube_lite.programs.applets.grep import compiled

LAST = -1


@dataclass(slots=True)
class Address:
    """Which line: a number, LAST for `$`, or those that match."""

    number: int = 0
    step: int = 0
    regex: re.Pattern[bytes] | None = None


@dataclass(slots=True)
class Command:
    """One command of a script."""

    name: str
    addresses: list[Address]
    negated: bool = False
    regex: re.Pattern[bytes] | None = None
    replacement: bytes = b""
    flags: str = ""
    text: bytes = b""
    table: bytes = b""
    body: list[Command] = field(default_factory=list)
    active: bool = False
    """Whether a range of lines has begun."""
    until: int = 0


class Script:
    """Reads a script. Raises UsageError."""

    def __init__(self, text: str, *, extended: bool) -> None:
        self._text = text
        self._at = 0
        self._extended = extended
        self._last: re.Pattern[bytes] | None = None

    def commands(self, *, inside: bool = False) -> list[Command]:
        """All of it, or up to a closing brace."""
        found: list[Command] = []
        while True:
            self._skip(" \t\n;")
            if self._at >= len(self._text):
                if inside:
                    raise UsageError("unmatched '{'")
                return found
            if self._text[self._at] == "#":
                self._line()
                continue
            if self._text[self._at] == "}":
                if not inside:
                    raise UsageError("unexpected '}'")
                self._at += 1
                return found
            found.append(self._command())

    def _skip(self, chars: str) -> None:
        while self._at < len(self._text) and self._text[self._at] in chars:
            self._at += 1

    def _take(self) -> str:
        if self._at >= len(self._text):
            raise UsageError("missing command")
        self._at += 1
        return self._text[self._at - 1]

    def _line(self) -> str:
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        line, self._at = self._text[self._at : end], end
        return line

    def _address(self) -> Address | None:
        text = self._text[self._at :]
        if found := re.match(r"(\d+)(?:~(\d+))?", text):
            self._at += found.end()
            return Address(int(found.group(1)), int(found.group(2) or 0))
        if text.startswith("$"):
            self._at += 1
            return Address(LAST)
        if text.startswith(("/", "\\")):
            self._at += 1 if text[0] == "/" else 2
            regex = self._regex(self._delimited("/" if text[0] == "/" else text[1]), "")
            if self._text[self._at : self._at + 1] == "I":
                self._at += 1
                regex = re.compile(regex.pattern, re.IGNORECASE)
            return Address(regex=regex)
        return None

    def _regex(self, text: str, flags: str) -> re.Pattern[bytes]:
        if text:
            self._last = compiled(text, extended=self._extended, ignore_case="I" in flags or "i" in flags)
        if self._last is None:
            raise UsageError("no previous regexp")
        return self._last

    def _delimited(self, delimiter: str) -> str:
        """Text up to the delimiter, which is taken; behind a backslash it stands for itself."""
        written: list[str] = []
        brackets = False
        while True:
            if self._at >= len(self._text):
                raise UsageError(f"unmatched '{delimiter}'")
            char = self._take()
            if char == "\\" and self._at < len(self._text):
                escaped = self._take()
                written.append({"n": "\n"}.get(escaped, f"\\{escaped}") if escaped != delimiter else escaped)
            elif char == delimiter and not brackets:
                return "".join(written)
            else:
                brackets = (char == "[") or (brackets and char != "]")
                written.append(char)

    def _command(self) -> Command:
        addresses = [address for address in [self._address()] if address]
        if addresses and self._text[self._at : self._at + 1] == ",":
            self._at += 1
            second = self._address()
            if second is None and (found := re.match(r"\+(\d+)", self._text[self._at :])):
                self._at += found.end()
                second = Address(step=-int(found.group(1)))
            if second is None:
                raise UsageError("no address after comma")
            addresses.append(second)
        self._skip(" \t")
        negated = self._text[self._at : self._at + 1] == "!"
        self._at += negated
        self._skip(" \t")
        command = Command(self._take(), addresses, negated)
        self._rest(command)
        return command

    def _rest(self, command: Command) -> None:
        match command.name:
            case "{":
                command.body = self.commands(inside=True)
            case "s":
                delimiter = self._take()
                pattern, replacement = self._delimited(delimiter), self._delimited(delimiter)
                flags = re.match(r"[gpIi\d]*", self._text[self._at :])
                command.flags = flags.group() if flags else ""
                self._at += len(command.flags)
                command.regex = self._regex(pattern, command.flags)
                command.replacement = replacement.encode(errors="surrogateescape")
            case "y":
                delimiter = self._take()
                one, other = (self._delimited(delimiter).encode("latin-1", "replace") for _ in range(2))
                if len(one) != len(other):
                    raise UsageError("y: strings are of different lengths")
                command.table = bytes.maketrans(one, other)
            case "a" | "i" | "c":
                self._skip(" \t")
                if self._text.startswith("\\\n", self._at):
                    self._at += 2
                elif self._text[self._at : self._at + 1] == "\\":
                    self._at += 1
                command.text = self._line().encode(errors="surrogateescape") + b"\n"
            case "b" | "t" | "T" | ":" | "r" | "w":
                if command.name in ("r", "w"):
                    raise UsageError(f"unsupported command {command.name}")
                self._skip(" \t")
                found = re.match(r"[^;\n}]*", self._text[self._at :])
                command.text = (found.group() if found else "").strip().encode()
                self._at += found.end() if found else 0
            case "p" | "d" | "q" | "=" | "n" | "N" | "h" | "H" | "g" | "G" | "x" | "D" | "P" | "l":
                pass
            case _:
                raise UsageError(f"unsupported command {command.name}")
