"""Taking a connection over from an HTTP server, for another protocol; upstream: net/http's Hijacker."""

from __future__ import annotations

import asyncio

from aiohttp import web

from minikube_lite.network.streams import STREAM_WINDOW_BYTES_MAX


class Taken(web.StreamResponse):
    """The answer to a request whose connection was taken over: nothing more is written."""

    def __init__(self) -> None:
        super().__init__()
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> None:
        return None

    async def write_eof(self, data: bytes | bytearray | memoryview = b"") -> None:
        return None


class _TakenStream(asyncio.StreamReaderProtocol):
    """Fills a reader, and tells the HTTP server when the connection ends, which cancels the request's handler."""

    def __init__(self, reader: asyncio.StreamReader, server: asyncio.Protocol) -> None:
        super().__init__(reader)
        self._server = server

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._server.connection_lost(exc)


def take_over(request: web.BaseRequest) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The connection of a request as reader and writer. Raises ConnectionResetError when the client has left."""
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client left")
    reader = asyncio.StreamReader(limit=STREAM_WINDOW_BYTES_MAX)
    protocol = _TakenStream(reader, request.protocol)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    return reader, asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
