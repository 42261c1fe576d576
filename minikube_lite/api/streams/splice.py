"""Two connections made one: bytes go from each to the other until one of them ends; upstream: the upgrade-aware proxy's copying."""

from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import web

from minikube_lite.clock import TransportTime

CLOSE_SECONDS_MAX = 10.0
"""How long, in real time, a client may take to read what is left when the other end has closed."""


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


class ClientEnd(End):
    """A connection taken over from the HTTP server, which is told when it ends."""

    def __init__(self, request: web.BaseRequest) -> None:
        super().__init__()
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client left")
        self._server = request.protocol
        self.connection_made(transport)
        transport.set_protocol(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._server.connection_lost(exc)


async def splice(client: ClientEnd, backend: End, time: TransportTime) -> None:
    """Pass bytes both ways until one end closes; then close the other, which may still read what is on its way."""
    assert client.transport is not None and backend.transport is not None
    try:
        client.join(backend)
        backend.join(client)
        await asyncio.wait([client.lost, backend.lost], return_when=asyncio.FIRST_COMPLETED)
        client.transport.close()
        async with time.timeout(CLOSE_SECONDS_MAX):
            await asyncio.shield(client.lost)
    except TimeoutError:
        client.transport.abort()
    finally:
        client.transport.close()
        backend.transport.close()
