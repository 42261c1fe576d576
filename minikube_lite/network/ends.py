"""One connection passed on to another: bytes go on as they come, and the end of one is the end of the other."""

from __future__ import annotations

import asyncio
from typing import cast


class End(asyncio.Protocol):
    """One of the two connections. What it receives before the other is there waits in `early`, and reading stops."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.early = bytearray()
        self._other: End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Another event loop's transports, as uvloop's, are of other classes.
        self.transport = cast("asyncio.Transport", transport)

    def join(self, other: End) -> None:
        """Pass on to another connection from now on."""
        self._other = other
        early, self.early = self.early, bytearray()
        if early and other.transport is not None:
            other.transport.write(bytes(early))
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self._other is None:
            self.early += data
        elif self._other.transport is not None:
            self._other.transport.write(data)

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        if self._other is not None and self._other.transport is not None:
            self._other.transport.pause_reading()

    def resume_writing(self) -> None:
        other = self._other.transport if self._other is not None else None
        if other is not None and not other.is_closing():
            other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        if self._other is not None and self._other.transport is not None:
            self._other.transport.close()
