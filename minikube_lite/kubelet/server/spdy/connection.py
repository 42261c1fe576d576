"""A SPDY connection as its server sees it: the client opens streams, each of which carries bytes both ways.

Neither end of Kubernetes' streaming keeps to SPDY's windows. What a stream's reader has not taken is held up to a limit; beyond
it the whole connection waits, as TCP does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from minikube_lite.kubelet.server.spdy.frames import (
    FIN,
    GOAWAY,
    PING,
    RST_STREAM,
    SYN_STREAM,
    Control,
    Data,
    FrameReader,
    FrameWriter,
    ProtocolError,
)
from minikube_lite.programs.streams import Pipe

DATA_BYTES_MAX = 32 << 10
"""What goes out in one data frame."""
READ_BYTES_MAX = 64 << 10
STREAM_BYTES_MAX = 256 << 10
"""What a stream holds for its reader before the connection waits."""
STREAMS_MAX = 2000
"""Streams of one connection at once."""
STATUS_REFUSED = 3
STATUS_CANCEL = 5


class Carrier(Protocol):
    """What the frames travel in: a connection, or the messages of a WebSocket."""

    async def receive(self) -> bytes:
        """Some bytes; b"" at the end."""

    async def send(self, data: bytes) -> None:
        """Send bytes; waits while the other end lags behind."""

    async def close(self) -> None:
        """End it."""


class Stream:
    """One stream. What the client sends is read from `input`."""

    def __init__(self, connection: Connection, number: int, headers: dict[str, str]) -> None:
        self.id = number
        self.headers = headers
        self.input = Pipe(STREAM_BYTES_MAX)
        self.open = True
        """Whether this end may still send."""
        self._connection = connection

    async def send(self, data: bytes, *, last: bool = False) -> None:
        """Send bytes; `last`: and no more. Does nothing on a stream that is closed."""
        if not self.open:
            return
        if last:
            self.open = False
        parts = [data[at : at + DATA_BYTES_MAX] for at in range(0, len(data), DATA_BYTES_MAX)] or [b""]
        for number, part in enumerate(parts, 1):
            await self._connection.send(self._connection.writer.data(self.id, part, last=last and number == len(parts)))
        self._connection.forget_if_done(self)

    async def reset(self) -> None:
        """End it at once."""
        if self.open:
            self.open = False
            await self._connection.send(self._connection.writer.reset(self.id, STATUS_CANCEL))
        self.abandon()
        self._connection.forget_if_done(self)

    def abandon(self) -> None:
        """The client has ended it, or has gone."""
        self.open = False
        if not self.input.ended:
            self.input.end()


class Connection:
    """Runs until the client leaves or speaks no SPDY."""

    def __init__(self, carrier: Carrier) -> None:
        self.writer = FrameWriter()
        self._reader = FrameReader()
        self._carrier = carrier
        self._streams: dict[int, Stream] = {}
        self._last = 0
        self._sending = asyncio.Lock()

    async def run(self, accept: Callable[[Stream], bool]) -> None:
        """Serve. `accept` says of each new stream whether it is taken. All streams have ended when this returns."""
        try:
            while data := await self._carrier.receive():
                for frame in self._reader.feed(data):
                    if isinstance(frame, Data):
                        await self._take(frame)
                    elif frame.type == GOAWAY:
                        return
                    else:
                        await self._obey(frame, accept)
        except (ProtocolError, ConnectionError):
            pass
        finally:
            for stream in list(self._streams.values()):
                stream.abandon()
            self._streams.clear()

    async def send(self, frames: bytes) -> None:
        """Send frames. Raises ConnectionError when the client has gone."""
        async with self._sending:
            await self._carrier.send(frames)

    async def close(self) -> None:
        """Say that no more streams are accepted, and end the connection."""
        with suppress(ConnectionError):
            await self.send(self.writer.go_away(self._last))
        await self._carrier.close()

    def forget_if_done(self, stream: Stream) -> None:
        """Drop a stream that both ends have closed."""
        if not stream.open and stream.input.ended:
            self._streams.pop(stream.id, None)

    async def _take(self, frame: Data) -> None:
        stream = self._streams.get(frame.stream)
        if stream is None or stream.input.ended:
            return
        try:
            if frame.data:
                stream.input.write(frame.data)
                await stream.input.drain()
        except BrokenPipeError:
            pass  # whoever read it has gone; the rest is dropped
        if frame.last:
            stream.input.end()
            self.forget_if_done(stream)

    async def _obey(self, frame: Control, accept: Callable[[Stream], bool]) -> None:
        if frame.type == SYN_STREAM:
            await self._open(frame, accept)
        elif frame.type == RST_STREAM:
            stream = self._streams.pop(frame.id, None)
            if stream is not None:
                stream.abandon()
        elif frame.type == PING and frame.id % 2:  # the client's; ours would be even
            await self.send(self.writer.ping(frame.id))

    async def _open(self, frame: Control, accept: Callable[[Stream], bool]) -> None:
        if frame.id <= self._last or not frame.id % 2:
            raise ProtocolError(f"stream {frame.id} is opened after {self._last}")
        self._last = frame.id
        stream = Stream(self, frame.id, dict(frame.headers))
        if len(self._streams) >= STREAMS_MAX or not accept(stream):
            await self.send(self.writer.reset(frame.id, STATUS_REFUSED))
            return
        self._streams[frame.id] = stream
        if frame.flags & FIN:
            stream.input.end()
        await self.send(self.writer.reply(frame.id))
