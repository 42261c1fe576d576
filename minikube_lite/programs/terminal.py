"""The terminal between somebody who types and a program: echo, lines that can be edited, ^C and ^D; upstream: Linux's n_tty.

What is written to it goes to the screen, with a carriage return before each newline.
"""

from __future__ import annotations

from collections.abc import Callable

from minikube_lite.programs.streams import Output, Pipe

LINE_BYTES_MAX = 4096
"""What is typed beyond it, before the line ends, is lost, as on Linux."""
INTERRUPTS = (0x03, 0x1C)
"""^C and ^\\."""
END_OF_FILE, ERASE, BACKSPACE, KILL_LINE, KILL_WORD = 0x04, 0x7F, 0x08, 0x15, 0x17


class Terminal(Output):
    """One terminal. The program reads whole lines from `input`."""

    def __init__(self, screen: Output, keyboard: Pipe | None = None) -> None:
        self.input = keyboard or Pipe()
        self.columns = 80
        self.rows = 24
        self.on_interrupt: Callable[[], None] | None = None
        """Called at ^C, in place of SIGINT."""
        self._screen = screen
        self._line = bytearray()

    # The program's side

    def write(self, data: str | bytes, /) -> None:
        """Show it."""
        shown = data.encode() if isinstance(data, str) else data
        self._screen.write(shown.replace(b"\n", b"\r\n"))

    async def drain(self) -> None:
        """Wait until the screen has kept up."""
        await self._screen.drain()

    # The other side

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size."""
        self.columns, self.rows = columns, rows

    def typed(self, data: bytes) -> None:
        """Keys. Raises BrokenPipeError when the program has gone."""
        for key in data:
            self._key(0x0A if key == 0x0D else key)

    def hang_up(self) -> None:
        """Nobody types any more."""
        self.input.end()

    def _key(self, key: int) -> None:
        if key in INTERRUPTS:
            self._interrupt(key)
        elif key == END_OF_FILE:
            if self._line:
                self._enter()
            else:
                self.input.end()
        elif key in (ERASE, BACKSPACE):
            self._erase()
        elif key == KILL_LINE:
            while self._line:
                self._erase()
        elif key == KILL_WORD:
            while self._line.endswith(b" "):
                self._erase()
            while self._line and not self._line.endswith(b" "):
                self._erase()
        elif len(self._line) < LINE_BYTES_MAX or key == 0x0A:
            self._line.append(key)
            self._screen.write(_echo(key))
            if key == 0x0A:
                self._enter()

    def _interrupt(self, key: int) -> None:
        self._line.clear()
        self._screen.write(_echo(key) + b"\r\n")
        if self.on_interrupt is not None:
            self.on_interrupt()

    def _enter(self) -> None:
        line, self._line = bytes(self._line), bytearray()
        self.input.write(line)

    def _erase(self) -> None:
        """Take the last character away, which may have several bytes."""
        if not self._line:
            return
        while len(self._line) > 1 and self._line[-1] & 0xC0 == 0x80:
            self._line.pop()
        key = self._line.pop()
        width = 2 if key < 0x20 and key != 0x09 else 1
        self._screen.write(b"\b \b" * width)


def _echo(key: int) -> bytes:
    if key == 0x0A:
        return b"\r\n"
    if key < 0x20 and key != 0x09:
        return bytes((0x5E, key + 0x40))
    return bytes((key,))
