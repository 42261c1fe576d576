"""UDP and TCP on one port; upstream: core/dnsserver/server.go.

Over TCP a client may send several queries without waiting, and gets the replies in their order.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from minikube_lite.clock import TransportTime
from minikube_lite.dns.query import HEADER_BYTES

log = logging.getLogger(__name__)

TCP_CONNECTIONS_MAX = 256
"""Connections beyond these are closed at once."""
TCP_IDLE_SECONDS_MAX = 10.0
"""How long, in the host's time, a client may take for one query, or for taking its reply."""
UDP_RECEIVE_BUFFER_BYTES = 1 << 20
"""Datagrams that may wait in the kernel while the event loop is busy; the kernel may allow less."""
PORT_ATTEMPTS_MAX = 16
"""How many free UDP ports are tried until one is free for TCP too."""

Reply = Callable[[bytes], bytes | None | Awaitable[bytes]]
"""The reply to a datagram, now or later; None is silence."""
Replies = Callable[[bytes], Awaitable[Sequence[bytes]]]
"""The replies to a message that came over TCP; none is silence, several are a zone transfer."""


class Server:
    """Takes packets from sockets and sends the replies."""

    def __init__(self, reply: Reply, replies: Replies, time: TransportTime) -> None:
        self._reply = reply
        self._replies = replies
        self._time = time
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; port 0 takes one that is free for both. Returns the address."""
        attempts = 1 if port else PORT_ATTEMPTS_MAX
        while True:
            attempts -= 1
            try:
                return await self._listen(host, port)
            except OSError:
                await self.stop()
                if not attempts:
                    raise

    async def stop(self) -> None:
        """Close the sockets and every connection."""
        if self._udp is not None:
            self._udp.close()
            self._udp = None
        if self._tcp is not None:
            self._tcp.close()
            self._tcp = None
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _listen(self, host: str, port: int) -> tuple[str, int]:
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self._reply), local_addr=(host, port))
        udp_socket: socket.socket = self._udp.get_extra_info("socket")
        udp_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_RECEIVE_BUFFER_BYTES)
        bound_host, bound_port = udp_socket.getsockname()[:2]
        self._tcp = await asyncio.start_server(self._connected, bound_host, bound_port)
        return bound_host, bound_port

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        if len(self._connections) >= TCP_CONNECTIONS_MAX:
            writer.transport.abort()
            return
        self._connections[task] = writer
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # the client has gone, or has fallen silent
        except asyncio.CancelledError:
            pass  # stopped: to end quietly is all that is left to do
        finally:
            del self._connections[task]
            if self._tcp is None:
                writer.transport.abort()  # stopped: nobody waits for what is still unsent
            else:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with self._time.timeout(TCP_IDLE_SECONDS_MAX):
                length = int.from_bytes(await reader.readexactly(2), "big")
                packet = await reader.readexactly(length)
                replies = await self._replies(packet)
                if not replies and length < HEADER_BYTES:
                    return  # not DNS
                for reply in replies:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                    await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP side. While the kernel takes no more replies, queries are dropped, as UDP may."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._paused = False
        self._transport: asyncio.DatagramTransport | None = None
        self._later: dict[asyncio.Task[None], None] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False

    def error_received(self, exc: Exception) -> None:
        log.debug("a client does not take its reply: %s", exc)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self._paused and self._transport is not None:
            reply = self._reply(data)
            if isinstance(reply, bytes):
                self._transport.sendto(reply, addr)
            elif reply is not None:
                task = asyncio.ensure_future(self._send_later(reply, addr))
                self._later[task] = None
                task.add_done_callback(lambda done: self._later.pop(done, None))

    async def _send_later(self, reply: Awaitable[bytes], addr: tuple[str, int]) -> None:
        answer = await reply
        if answer and self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(answer, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        for task in list(self._later):
            task.cancel()
