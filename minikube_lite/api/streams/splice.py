"""Two connections made one: bytes go from each to the other until one of them ends; upstream: the upgrade-aware proxy's copying."""

from __future__ import annotations

import asyncio

from aiohttp import web

from minikube_lite.clock import TransportTime
from minikube_lite.network.ends import End

CLOSE_SECONDS_MAX = 10.0
"""How long, in real time, a client may take to read what is left when the other end has closed."""


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
