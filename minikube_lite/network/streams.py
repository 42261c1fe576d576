"""Connections in memory: pairs of asyncio transports, so that any asyncio protocol speaks over them; upstream: TCP.

- Bytes arrive in order, in a later turn of the event loop, and only while the link is up.
- A window limits what is on the way: a writer that heeds flow control waits, one that does not is cut off.
- Bytes on the way are work in the ledger until they arrive or have to wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from minikube_lite.ledger import Ledger, Token
from minikube_lite.network.link import Link

STREAM_WINDOW_BYTES_MAX = 256 << 10
"""Bytes on the way after which a writer is asked to wait."""
STREAM_BUFFER_BYTES_MAX = 16 << 20
"""Bytes on the way after which a writer that did not wait loses its connection."""

Address = tuple[str, int]


class MemoryTransport(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, ledger: Ledger, link: Link | None, local: Address, remote: Address) -> None:
        super().__init__({"sockname": local, "peername": remote})
        self._loop = asyncio.get_running_loop()
        self._ledger = ledger
        self._link = link
        self._unwatch: Callable[[], None] | None = link.watch(self._link_changed) if link is not None else None
        self._peer: MemoryTransport | None = None
        self._protocol: asyncio.BaseProtocol | None = None
        self._buffer = bytearray()
        self._token: Token | None = None
        self._scheduled = False
        self._writer_paused = False
        self._reading = True
        self._eof = False
        self._eof_sent = False
        self._closing = False
        self._lost = False

    def attach(self, peer: MemoryTransport, protocol: asyncio.BaseProtocol) -> None:
        """Say who is at the other end, and who uses this one."""
        self._peer = peer
        self._protocol = protocol
        protocol.connection_made(self)

    @property
    def peer(self) -> MemoryTransport | None:
        """The other end."""
        return self._peer

    # What asyncio asks of transports

    def get_protocol(self) -> asyncio.BaseProtocol:
        assert self._protocol is not None
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return self._reading and not self._closing

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        if self._peer is not None:
            self._peer.schedule()

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return 0, STREAM_WINDOW_BYTES_MAX

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The window is the connection's, not the user's."""

    def can_write_eof(self) -> bool:
        return True

    def write(self, data: Any) -> None:
        if self._eof or self._closing or not data:
            return
        self._buffer += data
        if len(self._buffer) > STREAM_BUFFER_BYTES_MAX:
            self.abort()
            return
        if len(self._buffer) > STREAM_WINDOW_BYTES_MAX and not self._writer_paused:
            self._writer_paused = True
            self.get_protocol().pause_writing()
        self.schedule()

    def write_eof(self) -> None:
        self._eof = True
        self.schedule()

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self.schedule()

    def abort(self) -> None:
        self._buffer.clear()
        self._lose(ConnectionResetError("connection reset"))

    # Delivery

    def schedule(self) -> None:
        """Deliver in the next turn of the event loop."""
        if not self._scheduled and not self._lost:
            self._scheduled = True
            if self._token is None:
                self._token = self._ledger.start("network")
            self._loop.call_soon(self._deliver)

    def _link_changed(self, up: bool) -> None:
        if up:
            self.schedule()

    def _deliver(self) -> None:
        self._scheduled = False
        try:
            self._flush()
        finally:
            if self._token is not None and not self._scheduled:
                self._token.done()
                self._token = None

    def _flush(self) -> None:
        peer = self._peer
        if self._lost or peer is None or (self._link is not None and not self._link.up):
            return
        if self._buffer:
            if not peer.is_reading() and not peer.is_closing():
                return
            data, self._buffer = bytes(self._buffer), bytearray()
            peer.receive(data)
            if self._writer_paused:
                self._writer_paused = False
                self.get_protocol().resume_writing()
        if self._eof and not self._eof_sent:
            self._eof_sent = True
            peer.receive_eof()
        if self._closing:
            self._lose(None)

    def receive(self, data: bytes) -> None:
        """Bytes from the other end."""
        protocol = self.get_protocol()
        if not self._closing and isinstance(protocol, asyncio.Protocol):
            protocol.data_received(data)

    def receive_eof(self) -> None:
        """The other end has said all it has to say."""
        protocol = self.get_protocol()
        if not self._closing and isinstance(protocol, asyncio.Protocol) and not protocol.eof_received():
            self.close()

    def _lose(self, error: Exception | None) -> None:
        """The connection is no more, at both ends."""
        if self._lost:
            return
        self._lost = self._closing = True
        if self._unwatch is not None:
            self._unwatch()
        if self._token is not None and not self._scheduled:
            self._token.done()
            self._token = None
        if self._protocol is not None:
            self._loop.call_soon(self._protocol.connection_lost, error)
        peer = self._peer
        if peer is not None and not peer._lost:
            if error is not None:
                peer.abort()
            else:
                peer.receive_eof()
                peer.close()


def connect_pair(
    ledger: Ledger,
    link: Link | None,
    client: tuple[Address, Address],
    server: tuple[Address, Address],
    client_protocol: asyncio.BaseProtocol,
    server_protocol: asyncio.BaseProtocol,
) -> MemoryTransport:
    """Connect two protocols, of which each sees its own and the other's address; returns the client's transport."""
    near = MemoryTransport(ledger, link, *client)
    far = MemoryTransport(ledger, link, *server)
    far.attach(near, server_protocol)
    near.attach(far, client_protocol)
    return near


def stream_protocol() -> tuple[asyncio.StreamReader, asyncio.StreamReaderProtocol]:
    """A reader, and the protocol that fills it."""
    reader = asyncio.StreamReader(limit=STREAM_WINDOW_BYTES_MAX)
    return reader, asyncio.StreamReaderProtocol(reader)


def stream_writer(
    transport: asyncio.Transport, reader: asyncio.StreamReader, protocol: asyncio.StreamReaderProtocol
) -> asyncio.StreamWriter:
    """The writer that goes with them."""
    return asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
