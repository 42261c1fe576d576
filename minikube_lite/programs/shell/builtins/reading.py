"""read: a line of input into variables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from minikube_lite.programs.shell.errors import ShellError
from minikube_lite.programs.shell.expansion import IFS_DEFAULT
from minikube_lite.programs.shell.simple import Builtin, Shell
from minikube_lite.programs.shell.syntax import SHELL_NAME
from minikube_lite.programs.streams import Input

LINE_BYTES_MAX = 1 << 20


Characters = list[tuple[str, bool]]
"""And whether each was escaped."""
Line = tuple[Characters, bool]
"""And whether the line had an end."""


async def read_line(source: Input, *, raw: bool = True, end: bytes = b"\n", count: int = 0) -> Line:
    """A line of input, or so many bytes of it.

    It is read byte by byte, because what follows belongs to the next command.
    """
    data = bytearray()
    escaped: list[bool] = []
    escape = False
    ended = False
    while len(data) < LINE_BYTES_MAX and not (count and len(data) >= count):
        byte = await source.read(1)
        if not byte:
            break
        if escape:
            escape = False
            if byte != b"\n":
                data += byte
                escaped.append(True)
        elif byte == b"\\" and not raw:
            escape = True
        elif byte == end:
            ended = True
            break
        else:
            data += byte
            escaped.append(False)
    return _characters(data, escaped), ended or bool(count and len(data) >= count)


def _characters(data: bytearray, escaped: list[bool]) -> Characters:
    text = data.decode(errors="surrogateescape")
    found: Characters = []
    at = 0
    for char in text:
        found.append((char, escaped[at]))
        at += len(char.encode(errors="surrogateescape"))
    return found


async def read(shell: Shell, words: Sequence[str]) -> int:
    """`read [-r] [-p PROMPT] [-n COUNT] [-t SECONDS] [-d END] name…`; 1 at the end of input."""
    names, options = _options(shell, words)
    state = shell.state
    if "p" in options and state.context.tty:
        state.streams.stderr.write(options["p"])
    count = int(options["n"]) if options.get("n", "").isdecimal() else 0
    end = (options["d"][:1].encode() or b"\0") if "d" in options else b"\n"
    line = read_line(state.streams.stdin, raw="r" in options, end=end, count=count)
    try:
        characters, ended = await _within(shell, line, options.get("t"))
    except TimeoutError:
        return 1
    except OSError as error:
        shell.complain(f"read error: {error.strerror}")
        return 1
    ifs = state.variables.get("IFS")
    for name, value in _split(characters, names, IFS_DEFAULT if ifs is None else ifs):
        state.variables[name] = value
    return 0 if ended else 1


async def _within(shell: Shell, line: Coroutine[Any, Any, Line], seconds: str | None) -> Line:
    if seconds is None:
        return await line
    clock = shell.state.context.clock
    reading = asyncio.ensure_future(line)
    waiting = asyncio.ensure_future(clock.sleep(float(seconds)))
    try:
        await asyncio.wait([reading, waiting], return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            raise TimeoutError
        return reading.result()
    finally:
        reading.cancel()
        waiting.cancel()


def _options(shell: Shell, words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    rest, options = list(words[1:]), {}
    while rest and rest[0].startswith("-") and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            break
        for at, letter in enumerate(word[1:], 2):
            if letter in "rs":
                options[letter] = ""
            elif letter in "pntd":
                options[letter] = word[at:] or (rest.pop(0) if rest else "")
                break
            else:
                raise ShellError(f"read: illegal option -{letter}")
    names = rest or ["REPLY"]
    for name in names:
        if not SHELL_NAME.fullmatch(name):
            raise ShellError(f"read: {name}: bad variable name")
    return names, options


def _split(characters: Characters, names: Sequence[str], ifs: str) -> list[tuple[str, str]]:
    """Each name with its field; the last has all that is left, without separating blanks at its end."""
    blanks = "".join(char for char in ifs if char in IFS_DEFAULT)

    def is_in(place: int, chars: str) -> bool:
        return place < len(characters) and characters[place][0] in chars and not characters[place][1]

    def text(begin: int, end: int) -> str:
        return "".join(char for char, _ in characters[begin:end])

    found: list[tuple[str, str]] = []
    at = 0
    while is_in(at, blanks):
        at += 1
    for name in names[:-1]:
        begin = at
        while at < len(characters) and not is_in(at, ifs):
            at += 1
        found.append((name, text(begin, at)))
        while is_in(at, blanks):
            at += 1
        if is_in(at, ifs):
            at += 1
            while is_in(at, blanks):
                at += 1
    return [*found, (names[-1], text(at, _end_of_rest(characters, at, ifs, is_in)))]


def _end_of_rest(characters: Characters, at: int, ifs: str, is_in: Callable[[int, str], bool]) -> int:
    """Where the last field ends: blanks at the end go, and one other separator if nothing else separates."""
    blanks = "".join(char for char in ifs if char in IFS_DEFAULT)
    end = len(characters)
    while end > at and is_in(end - 1, blanks):
        end -= 1
    others = [place for place in range(at, end) if is_in(place, ifs) and not is_in(place, blanks)]
    if others == [end - 1]:
        end -= 1
        while end > at and is_in(end - 1, blanks):
            end -= 1
    return end


READING = {"read": Builtin(read)}
