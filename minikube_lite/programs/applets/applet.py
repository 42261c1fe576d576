"""How an applet is declared and called: its options, its files, and what it says when something is wrong; upstream: busybox's libbb."""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from minikube_lite.programs.files import close, open_input, open_output, place_of, writable_place
from minikube_lite.programs.program import PodContext, Program
from minikube_lite.programs.streams import Input, Output

PART_BYTES = 64 << 10
"""How much is read and written at once."""
LINE_BYTES_MAX = 16 << 20


class UsageError(Exception):
    """The options or operands are wrong."""


@dataclass(slots=True)
class Call:
    """One call of an applet."""

    context: PodContext
    name: str
    options: dict[str, list[str]] = field(default_factory=dict)
    """The values of each option that was given, "" where it takes none."""
    operands: list[str] = field(default_factory=list)
    status: int = 0
    """What the applet ends with, unless it says otherwise."""

    def has(self, *names: str) -> bool:
        """Whether one of the options was given."""
        return any(name in self.options for name in names)

    def value(self, name: str, default: str = "") -> str:
        """The last value of an option."""
        return self.options.get(name, [default])[-1]

    def number(self, name: str, default: int) -> int:
        """The same as a number. Raises UsageError."""
        return whole(self.value(name, str(default)))

    def complain(self, message: str, status: int = 1) -> None:
        """Say what is wrong; the applet goes on, and ends with that status."""
        self.context.stderr.print(f"{self.name}: {message}")
        self.status = status

    def complain_of(self, error: OSError, path: str, doing: str = "") -> None:
        """The same, of something that the system refused."""
        reason = error.strerror or os.strerror(error.errno or errno.EIO)
        self.complain(f"can't {doing} '{path}': {reason}" if doing else f"{path}: {reason}")

    async def write(self, data: str | bytes) -> None:
        """Write to stdout, and wait until there is room for more."""
        self.context.stdout.write(data)
        await self.context.stdout.drain()

    # Files

    def place(self, path: str) -> Path:
        """Where a file is kept. Raises OSError."""
        return place_of(self.context, path)

    def writable(self, path: str) -> Path:
        """The same, for something to be made or changed. Raises OSError."""
        return writable_place(self.context, path)

    def open(self, path: str) -> Input:
        """A file to read; `-` is stdin. Raises OSError."""
        return self.context.stdin if path == "-" else open_input(self.context, path)

    def create(self, path: str, *, append: bool = False) -> Output:
        """A file to write. Raises OSError."""
        return open_output(self.context, path, append=append)

    async def inputs(self) -> AsyncIterator[tuple[str, Input]]:
        """The operands as files, or stdin where there are none. What cannot be opened is said and left out."""
        for path in self.operands or ["-"]:
            try:
                source = self.open(path)
            except OSError as error:
                self.complain_of(error, path, "open" if error.errno != errno.EISDIR else "read")
                continue
            try:
                yield path, source
            finally:
                close(source)

    async def lines(self) -> AsyncIterator[bytes]:
        """All lines of the inputs, without their ends."""
        async for _, source in self.inputs():
            async for line in lines_of(source):
                yield line


async def lines_of(source: Input) -> AsyncIterator[bytes]:
    """The lines of an input, without their ends."""
    rest = b""
    while part := await source.read(PART_BYTES):
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > LINE_BYTES_MAX:
            yield rest
            rest = b""
    if rest:
        yield rest


async def copy(source: Input, target: Output) -> None:
    """All that comes, part by part."""
    while part := await source.read(PART_BYTES):
        target.write(part)
        await target.drain()


def whole(text: str) -> int:
    """A whole number. Raises UsageError."""
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"invalid number '{text}'") from None


def seconds(text: str) -> float:
    """A duration, as `1.5`, `2m`, `1h`, `infinity`. Raises UsageError."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    unit = units.get(text[-1:], 1.0)
    try:
        duration = float(text[:-1] if text[-1:] in units else text) * unit
    except ValueError:
        duration = -1.0
    if duration < 0:
        raise UsageError(f"invalid number '{text}'")
    return duration


Applet = Callable[[Call], Awaitable[int | None]]


def applet(
    options: str = "", *, long: Mapping[str, str] | None = None, in_order: bool = False, usage_status: int = 1
) -> Callable[[Applet], Program]:
    """Make a program of a function. `options` are letters, each with a colon if it takes a value, as getopt has them.

    `long` maps `--name` to a letter; `in_order`: options end at the first operand, what follows is another command.
    """

    def make(function: Applet) -> Program:
        async def program(context: PodContext) -> int:
            call = Call(context, context.argv[0].rpartition("/")[2])
            try:
                _parse(call, list(context.argv[1:]), options, long or {}, in_order=in_order)
                status = await function(call)
            except UsageError as error:
                call.complain(str(error), usage_status)
                return usage_status
            except BrokenPipeError:
                raise
            except OSError as error:
                call.complain_of(error, str(error.filename or ""))
                return 1
            return call.status if status is None else status

        return program

    return make


def _parse(call: Call, words: list[str], letters: str, long: Mapping[str, str], *, in_order: bool) -> None:
    while words:
        word = words.pop(0)
        if word == "--":
            call.operands.extend(words)
            return
        if word.startswith("--"):
            _long(call, word[2:], words, letters, long)
        elif word.startswith("-") and len(word) > 1:
            _short(call, word[1:], words, letters)
        else:
            call.operands.append(word)
            if in_order:
                call.operands.extend(words)
                return


def _long(call: Call, word: str, words: list[str], letters: str, long: Mapping[str, str]) -> None:
    name, equals, value = word.partition("=")
    letter = long.get(name)
    if letter is None:
        raise UsageError(f"unrecognized option '--{name}'")
    if f"{letter}:" in letters and not equals:
        if not words:
            raise UsageError(f"option '--{name}' requires an argument")
        value = words.pop(0)
    call.options.setdefault(letter, []).append(value)


def _short(call: Call, word: str, words: list[str], letters: str) -> None:
    for at, letter in enumerate(word, 1):
        place = letters.find(letter)
        if place < 0 or letter == ":":
            if word.isdigit() and "#" in letters:
                call.options.setdefault("n", []).append(word)
                return
            raise UsageError(f"invalid option -- '{letter}'")
        if letters[place + 1 : place + 2] != ":":
            call.options.setdefault(letter, []).append("")
            continue
        if not word[at:] and not words:
            raise UsageError(f"option requires an argument -- '{letter}'")
        call.options.setdefault(letter, []).append(word[at:] or words.pop(0))
        return
