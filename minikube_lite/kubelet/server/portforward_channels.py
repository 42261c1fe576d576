"""port-forward on a WebSocket with two channels for each port: data, and errors as text; upstream: portforward/websocket.go."""

from __future__ import annotations

import asyncio
import base64
import binascii
import struct
from collections.abc import Sequence

from aiohttp import WSMsgType, web

from minikube_lite.kubelet.server.place import PORT_MAX, Place
from minikube_lite.kubelet.server.refusal import Refused
from minikube_lite.kubelet.server.websocket_session import shake_hands

PROTOCOLS = ("v4.channel.k8s.io", "v4.base64.channel.k8s.io")
PORTS_MAX = 64
"""Ports of one WebSocket."""
READ_BYTES_MAX = 32 << 10


async def serve_channels(request: web.BaseRequest, place: Place) -> web.StreamResponse:
    """Serve until the client leaves. The ports are those of the query. Raises Refused."""
    ports = [int(word) for word in request.query.get("port", "").split(",") if word.isascii() and word.isdigit()]
    if not ports:
        raise Refused(400, 'query parameter "port" is required')
    if len(ports) > PORTS_MAX or not all(0 < port <= PORT_MAX for port in ports):
        raise Refused(400, f"up to {PORTS_MAX} ports from 1 to {PORT_MAX} can be forwarded")
    socket = await shake_hands(request, PROTOCOLS)
    channels = [_Channel(socket, 2 * number, port, place) for number, port in enumerate(ports)]
    ending: asyncio.Task[None] | None = None
    try:
        for channel in channels:
            await channel.announce()
        for channel in channels:
            await channel.connect()
        ending = asyncio.create_task(_close_after(channels, socket), name="end of a client's channels")
        while (message := await socket.receive()).type in (WSMsgType.BINARY, WSMsgType.TEXT):
            number, data = _decoded(message.data, "base64" in (socket.ws_protocol or ""))
            if number % 2 == 0 and number // 2 < len(channels):
                await channels[number // 2].write(data)
    except (ConnectionError, binascii.Error):
        pass
    finally:
        if ending is not None:
            ending.cancel()
            await asyncio.gather(ending, return_exceptions=True)
        for channel in channels:
            await channel.close()
        await socket.close()
    return socket


async def _close_after(channels: Sequence[_Channel], socket: web.WebSocketResponse) -> None:
    """When the pod has ended every connection, the client is told so: a channel by itself has no end."""
    for channel in channels:
        await channel.ended.wait()
    await socket.close()


def _decoded(message: str | bytes, is_base64: bool) -> tuple[int, bytes]:
    """A message's channel and data."""
    data = message.encode() if isinstance(message, str) else bytes(message)
    if not data:
        return 1, b""
    return (data[0] - ord("0"), base64.b64decode(data[1:])) if is_base64 else (data[0], data[1:])


class _Channel:
    """The connection to one port."""

    def __init__(self, socket: web.WebSocketResponse, number: int, port: int, place: Place) -> None:
        self._socket = socket
        self._number = number
        self._port = port
        self._place = place
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self.ended = asyncio.Event()
        """Whether nothing more comes from the pod."""

    async def announce(self) -> None:
        """Both channels begin with the port's number, the lower byte first."""
        for number in (self._number, self._number + 1):
            await self._send(number, struct.pack("<H", self._port))

    async def connect(self) -> None:
        """Connect to the pod; what goes wrong is told on the channel for errors."""
        try:
            reader, self._writer = self._place.connect(self._port)
        except OSError:
            await self._send(self._number + 1, self._place.refusal(self._port).encode())
            self.ended.set()
            return
        self._task = asyncio.create_task(self._read(reader), name=f"port {self._port} of {self._place.state.key}")

    async def write(self, data: bytes) -> None:
        """Pass on what the client sent; what comes for a connection that is over is dropped."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)
            await self._writer.drain()

    async def close(self) -> None:
        """End the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while part := await reader.read(READ_BYTES_MAX):
                await self._send(self._number, part)
        except ConnectionError:
            pass
        finally:
            self.ended.set()

    async def _send(self, number: int, data: bytes) -> None:
        if "base64" in (self._socket.ws_protocol or ""):
            await self._socket.send_str(f"{number}{base64.b64encode(data).decode()}")
        else:
            await self._socket.send_bytes(bytes((number,)) + data)
