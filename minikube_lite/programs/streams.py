"""Standard streams of a process in a container: what it reads and writes, and pipes between two; upstream: pipe(7)."""

from __future__ import annotations

import asyncio
from typing import Protocol

PIPE_BYTES_MAX = 64 << 10
"""What a pipe holds before its writer is asked to wait, as Linux has it."""
PIPE_HARD_BYTES_MAX = 64 << 20
"""What a pipe holds before a writer that does not wait loses it."""


class Input(Protocol):
    """Where a process reads from. An asyncio.StreamReader is one."""

    async def read(self, n: int = -1, /) -> bytes:
        """Up to `n` bytes, as soon as there are any; all until the end for -1; b"" at the end."""


class NoInput:
    """The stdin of a container that has none: at its end from the start."""

    async def read(self, n: int = -1, /) -> bytes:
        """b""."""
        return b""


class BytesInput:
    """What stands there already."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self, n: int = -1, /) -> bytes:
        """The next bytes."""
        size = len(self._data) if n < 0 else n
        part, self._data = self._data[:size], self._data[size:]
        return part


class Output:
    """Where a process writes to."""

    def write(self, data: str | bytes, /) -> None:
        """Add output. Never waits; raises BrokenPipeError when nobody reads any more."""
        raise NotImplementedError

    async def drain(self) -> None:
        """Wait until the reader has kept up. A log always has."""

    def print(self, *words: object) -> None:
        """Add a line, as print does."""
        self.write(" ".join(map(str, words)) + "\n")


class Collector(Output):
    """Keeps what is written, up to a limit; raises BrokenPipeError beyond it."""

    def __init__(self, bytes_max: int = PIPE_HARD_BYTES_MAX) -> None:
        self.data = bytearray()
        self._bytes_max = bytes_max

    def write(self, data: str | bytes, /) -> None:
        """Keep it."""
        self.data += data.encode() if isinstance(data, str) else data
        if len(self.data) > self._bytes_max:
            raise BrokenPipeError(f"more than {self._bytes_max} bytes of output")


class Pipe(Output):
    """Bytes from a writer to a reader, in order. The writer waits in `drain` while the reader lags behind."""

    def __init__(self, bytes_max: int = PIPE_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._buffer = bytearray()
        self._ended = False
        self._broken = False
        self._readers: list[asyncio.Future[None]] = []
        self._writers: list[asyncio.Future[None]] = []

    @property
    def ended(self) -> bool:
        """Whether no more is written."""
        return self._ended

    def write(self, data: str | bytes, /) -> None:
        """Add bytes. Raises BrokenPipeError when the reader has gone, or the writer never waits."""
        if self._broken:
            raise BrokenPipeError("nobody reads any more")
        if self._ended:
            return
        self._buffer += data.encode() if isinstance(data, str) else data
        _wake(self._readers)
        if len(self._buffer) > max(PIPE_HARD_BYTES_MAX, self._bytes_max):
            self.break_off()
            raise BrokenPipeError("the writer of a pipe never waited for its reader")

    async def drain(self) -> None:
        """Wait until there is room. Raises BrokenPipeError when the reader has gone."""
        while len(self._buffer) >= self._bytes_max and not self._broken:
            await _wait(self._writers)
        if self._broken:
            raise BrokenPipeError("nobody reads any more")

    def end(self) -> None:
        """No more is written: what is left is read, then comes the end."""
        self._ended = True
        _wake(self._readers)

    def break_off(self) -> None:
        """Nobody reads any more."""
        self._broken = True
        self._buffer.clear()
        _wake(self._writers)
        _wake(self._readers)

    async def read(self, n: int = -1, /) -> bytes:
        """Up to `n` bytes, as soon as there are any; all until the end for -1; b"" at the end."""
        if n < 0:
            parts = []
            while part := await self.read(PIPE_HARD_BYTES_MAX):
                parts.append(part)
            return b"".join(parts)
        while not self._buffer and not self._ended and not self._broken:
            await _wait(self._readers)
        part = bytes(self._buffer[:n])
        del self._buffer[:n]
        if len(self._buffer) < self._bytes_max:
            _wake(self._writers)
        return part


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
    waiters.clear()


async def _wait(waiters: list[asyncio.Future[None]]) -> None:
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiters.append(waiter)
    try:
        await waiter
    finally:
        if waiter in waiters:
            waiters.remove(waiter)
