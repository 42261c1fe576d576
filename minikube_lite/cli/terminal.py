"""What is written for eyes only: colours, and a line that says what is going on and vanishes. None of it where nobody looks.

NO_COLOR (no-color.org) turns colours off; a terminal of type `dumb` gets neither.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

ERASE_LINE = "\r\x1b[2K"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A stream, and what it can show."""

    stream: TextIO
    moves: bool
    """Whether a line that was written can be taken back."""
    colours: bool

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str] = os.environ) -> Terminal:
        """What a stream can show, by what it is and what the environment wishes."""
        moves = stream.isatty() and environment.get("TERM", "") not in ("", "dumb")
        return cls(stream, moves, moves and not environment.get("NO_COLOR"))

    def bold(self, text: str) -> str:
        """Text that stands out."""
        return self._painted("1", text)

    def dim(self, text: str) -> str:
        """Text that stands back."""
        return self._painted("2", text)

    def red(self, text: str) -> str:
        """Text that says that something is wrong."""
        return self._painted("31", text)

    def green(self, text: str) -> str:
        """Text that says that all is well."""
        return self._painted("32", text)

    def cyan(self, text: str) -> str:
        """Text that can be typed."""
        return self._painted("36", text)

    def _painted(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours else text

    @contextmanager
    def progress(self, text: str) -> Iterator[None]:
        """Show the line while the block runs; without movement, since a start takes half a second."""
        if not self.moves:
            yield
            return
        self.stream.write(self.dim(text))
        self.stream.flush()
        try:
            yield
        finally:
            self.stream.write(ERASE_LINE)
            self.stream.flush()
