"""sed: s, p, d, q, a, i, c, y, =, n, N, h, H, g, G, x, D, P, b, t, with addresses and groups; upstream: busybox's sed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from minikube_lite.programs.applets.applet import Call, UsageError, applet, lines_of
from minikube_lite.programs.applets.sed_script import LAST, Address, Command, Script
from minikube_lite.programs.files import close
from minikube_lite.programs.streams import Collector, Output

CYCLE_STEPS_MAX = 100_000
"""How many commands one line may take, so that a loop of branches ends."""


class _Quit(Exception):
    pass


class _NextCycle(Exception):
    pass


class Editor:
    """Runs commands on the lines of an input."""

    def __init__(self, commands: list[Command], output: Output, *, quiet: bool) -> None:
        self._program = list(_flat(commands))
        self._output = output
        self._quiet = quiet
        self._space = b""
        self._hold = b""
        self._number = 0
        self._appended: list[bytes] = []
        self._ahead: bytes | None = None
        self._again: bytes | None = None
        """What `D` left of the lines, which is edited before another is read."""
        self._lines: AsyncIterator[bytes]

    async def run(self, lines: AsyncIterator[bytes]) -> None:
        """Edit all lines."""
        self._lines = lines
        self._ahead = await anext(lines, None)
        try:
            while await self._next():
                try:
                    await self._cycle()
                except _NextCycle:
                    self._flush()
                    continue
                self._end_of_cycle()
                await self._output.drain()
        except _Quit:
            self._end_of_cycle()
        await self._output.drain()

    async def _next(self) -> bool:
        if self._again is not None:
            self._space, self._again = self._again, None
            return True
        if self._ahead is None:
            return False
        self._space, self._number = self._ahead, self._number + 1
        self._ahead = await anext(self._lines, None)
        return True

    def _end_of_cycle(self) -> None:
        if not self._quiet:
            self._output.write(self._space + b"\n")
        self._flush()

    def _flush(self) -> None:
        for text in self._appended:
            self._output.write(text)
        self._appended.clear()

    async def _cycle(self) -> None:
        at, replaced, steps = 0, False, 0
        while at < len(self._program):
            command, skip = self._program[at]
            at += 1
            steps += 1
            if steps > CYCLE_STEPS_MAX:
                raise UsageError("too many steps for one line")
            if not self._selected(command):
                at += skip
                continue
            if command.name == "s":
                replaced = self._substitute(command) or replaced
            elif command.name in ("b", "t", "T"):
                jumps = command.name == "b" or replaced == (command.name == "t")
                replaced = replaced and command.name == "b"
                at = self._label(command.text) if jumps else at
            else:
                await self._do(command)

    def _label(self, name: bytes) -> int:
        if not name:
            return len(self._program)
        for place, (command, _) in enumerate(self._program):
            if command.name == ":" and command.text == name:
                return place
        raise UsageError(f"can't find label for jump to '{name.decode()}'")

    def _selected(self, command: Command) -> bool:
        match command.addresses:
            case []:
                chosen = True
            case [one]:
                chosen = self._is_at(one)
            case [first, last]:
                chosen = self._in_range(command, first, last)
            case _:
                chosen = False
        return chosen != command.negated

    def _in_range(self, command: Command, first: Address, last: Address) -> bool:
        if not command.active:
            if not self._is_at(first):
                return False
            command.until = self._number - last.step if last.step < 0 else last.number
            command.active = last.regex is not None or last.number == LAST or command.until > self._number
            return True
        if last.regex is not None or last.number == LAST:
            command.active = not self._is_at(last)
            return True
        command.active = self._number < command.until
        return self._number <= command.until

    def _is_at(self, address: Address) -> bool:
        if address.regex is not None:
            return address.regex.search(self._space) is not None
        if address.number == LAST:
            return self._ahead is None
        if address.step > 0:
            return self._number >= address.number and (self._number - address.number) % address.step == 0
        return self._number == address.number

    def _substitute(self, command: Command) -> bool:
        assert command.regex is not None
        nth = int("".join(char for char in command.flags if char.isdigit()) or 1)
        count = 0

        def replace(found: re.Match[bytes]) -> bytes:
            nonlocal count
            count += 1
            if count < nth or (count > nth and "g" not in command.flags):
                return found.group()
            return _filled(command.replacement, found)

        space = command.regex.sub(replace, self._space)
        changed = count >= nth
        if changed:
            self._space = space
            if "p" in command.flags:
                self._output.write(self._space + b"\n")
        return changed

    async def _do(self, command: Command) -> None:
        if command.name in ("n", "N"):
            await self._read(command.name)
        elif command.name in ("d", "D", "q", "c"):
            self._leave(command)
        elif command.name in ("h", "H", "g", "G", "x"):
            self._exchange(command.name)
        elif command.name == "y":
            self._space = self._space.translate(command.table)
        elif command.name == "a":
            self._appended.append(command.text)
        else:
            first_line = self._space.partition(b"\n")[0]
            written = {
                "p": self._space + b"\n",
                "P": first_line + b"\n",
                "i": command.text,
                "=": b"%d\n" % self._number,
            }
            self._output.write(written.get(command.name, b""))

    async def _read(self, name: str) -> None:
        """The next line, in place of this one (`n`) or behind it (`N`)."""
        before = self._space
        if name == "n":
            self._end_of_cycle()
            if not await self._next():
                raise _NextCycle
        elif not await self._next():
            raise _Quit
        else:
            self._space = before + b"\n" + self._space

    def _leave(self, command: Command) -> None:
        if command.name == "q":
            raise _Quit
        if command.name == "c" and not command.active:
            self._output.write(command.text)
        _, newline, rest = self._space.partition(b"\n")
        if command.name == "D" and newline:
            self._again = rest
        raise _NextCycle

    def _exchange(self, name: str) -> None:
        if name == "h":
            self._hold = self._space
        elif name == "H":
            self._hold += b"\n" + self._space
        elif name == "g":
            self._space = self._hold
        elif name == "G":
            self._space += b"\n" + self._hold
        else:
            self._space, self._hold = self._hold, self._space


def _flat(commands: list[Command]) -> list[tuple[Command, int]]:
    """The commands in a row; each with how many to skip if it is not chosen, which are those of a group."""
    found: list[tuple[Command, int]] = []
    for command in commands:
        body = _flat(command.body)
        found += [(command, len(body)), *body]
    return found


def _filled(replacement: bytes, found: re.Match[bytes]) -> bytes:
    def piece(escape: re.Match[bytes]) -> bytes:
        text = escape.group()
        if text == b"&":
            return found.group()
        if text[1:].isdigit():
            return found.group(int(text[1:])) or b""
        return {b"n": b"\n", b"t": b"\t"}.get(text[1:], text[1:])

    return re.sub(rb"\\(?:.|\n)|&", piece, replacement)


@applet("ne:f:Eri", long={"quiet": "n", "expression": "e", "regexp-extended": "E", "in-place": "i"})
async def sed(call: Call) -> None:
    """sed [-nEri] [-e SCRIPT] [-f FILE] [SCRIPT] [FILE]…"""
    scripts = list(call.options.get("e", []))
    for path in call.options.get("f", []):
        source = call.open(path)
        scripts.append((await source.read(-1)).decode(errors="surrogateescape"))
        close(source)
    if not scripts:
        if not call.operands:
            raise UsageError("missing script")
        scripts = [call.operands.pop(0)]

    def editor(output: Output) -> Editor:
        commands = Script("\n".join(scripts), extended=call.has("E", "r")).commands()
        return Editor(commands, output, quiet=call.has("n"))

    if not call.has("i"):
        await editor(call.context.stdout).run(call.lines())
        return
    for path in call.operands:
        kept = Collector()
        source = call.open(path)
        try:
            await editor(kept).run(lines_of(source))
        finally:
            close(source)
        output = call.create(path)
        output.write(bytes(kept.data))
        close(output)
