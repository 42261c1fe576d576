"""What SPDY travels in: the connection itself, or the messages of a WebSocket (`SPDY/3.1+portforward.k8s.io`)."""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web

from minikube_lite.network.takeover import take_over

READ_BYTES_MAX = 64 << 10
MESSAGE_BYTES_MAX = 16 << 20
"""What one message of a WebSocket may have."""


class ConnectionCarrier:
    """A connection that was taken over from the HTTP server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    def upgraded(cls, request: web.BaseRequest, protocol: str) -> ConnectionCarrier:
        """Take a request's connection over, and agree to its upgrade."""
        reader, writer = take_over(request)
        head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
        writer.write(f"{head}X-Stream-Protocol-Version: {protocol}\r\n\r\n".encode())
        return cls(reader, writer)

    async def receive(self) -> bytes:
        """Some bytes; b"" at the end."""
        return await self._reader.read(READ_BYTES_MAX)

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        """End it."""
        self._writer.close()


class WebSocketCarrier:
    """A WebSocket, whose messages may be cut anywhere."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def receive(self) -> bytes:
        """Some bytes; b"" at the end."""
        while True:
            message = await self._socket.receive()
            if message.type == WSMsgType.BINARY:
                if message.data:
                    return bytes(message.data)
            elif message.type != WSMsgType.TEXT:
                return b""

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        await self._socket.send_bytes(data)

    async def close(self) -> None:
        """End it."""
        await self._socket.close()
