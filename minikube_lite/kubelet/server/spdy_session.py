"""exec and attach over SPDY/3.1: a stream each for stdin, stdout, stderr, resizing and the error; upstream: httpstream.go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson
from aiohttp import web

from minikube_lite.clock import TransportTime
from minikube_lite.kubelet.server.carriers import ConnectionCarrier
from minikube_lite.kubelet.server.refusal import Refused
from minikube_lite.kubelet.server.resizing import parse_sizes
from minikube_lite.kubelet.server.sessions import (
    LINGER_SECONDS_MAX,
    NO_INPUT,
    STREAM_CREATION_SECONDS_MAX,
    Discard,
    Outputs,
    Resize,
    Wanted,
)
from minikube_lite.kubelet.server.spdy.connection import Connection, Stream
from minikube_lite.network.takeover import Taken
from minikube_lite.programs.streams import Input, Output

PROTOCOLS = ("v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io")
HEADER = "X-Stream-Protocol-Version"
ACCEPTED_HEADER = "X-Accepted-Stream-Protocol-Versions"


class SpdySession:
    """A client of exec or attach that speaks SPDY."""

    def __init__(self, connection: Connection, protocol: str, wanted: Wanted, time: TransportTime) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.response: web.StreamResponse = Taken()
        self.stdin: Input = NO_INPUT
        self.stdout: Output = Discard()
        self.stderr: Output = Discard()
        self._connection = connection
        self._protocol = protocol
        self._wanted = wanted
        self._time = time
        self._streams: dict[str, Stream] = {}
        self._complete = asyncio.Event()
        self._outputs = Outputs()
        self._resizing: asyncio.Task[None] | None = None
        self._task = asyncio.create_task(self._run(), name="SPDY connection of a client")

    @classmethod
    async def start(cls, request: web.BaseRequest, wanted: Wanted, time: TransportTime) -> SpdySession:
        """Agree to the upgrade and wait for the streams. Raises Refused, and ConnectionError when they do not come."""
        protocol = negotiated(request, PROTOCOLS)
        carrier = ConnectionCarrier.upgraded(request, protocol)
        session = cls(Connection(carrier), protocol, wanted, time)
        try:
            async with time.timeout(STREAM_CREATION_SECONDS_MAX):
                await session._complete.wait()
        except TimeoutError:
            await session.close()
            raise ConnectionError("timed out waiting for client to create streams") from None
        except BaseException:
            await session.close()
            raise
        session._connect()
        return session

    @property
    def _expected(self) -> list[str]:
        wanted = self._wanted
        names = [("stdin", wanted.stdin), ("stdout", wanted.stdout), ("stderr", wanted.stderr)]
        resize = wanted.tty and self._protocol not in ("v2.channel.k8s.io", "channel.k8s.io")
        return ["error", *(name for name, asked in names if asked), *(["resize"] if resize else [])]

    def _accept(self, stream: Stream) -> bool:
        name = stream.headers.get("streamtype", "")
        if name not in self._expected or name in self._streams:
            return False
        self._streams[name] = stream
        if len(self._streams) == len(self._expected):
            self._complete.set()
        return True

    def _connect(self) -> None:
        if self._wanted.stdin:
            self.stdin = self._streams["stdin"].input
        if self._wanted.stdout:
            self.stdout = self._outputs.add(_sender(self._streams["stdout"]), "stdout")
        if self._wanted.stderr:
            self.stderr = self._outputs.add(_sender(self._streams["stderr"]), "stderr")

    async def _run(self) -> None:
        try:
            await self._connection.run(self._accept)
        finally:
            if not self.gone.done():
                self.gone.set_result(None)

    def on_resize(self, resize: Resize) -> None:
        """Follow the client's terminal."""
        stream = self._streams.get("resize")
        if stream is not None:
            self._resizing = asyncio.create_task(parse_sizes(stream.input, resize), name="resizing of a terminal")

    async def finish(self, status: Mapping[str, Any]) -> None:
        """Send what is left, then the status, and let the client close."""
        await self._outputs.flush()
        is_json = self._protocol == PROTOCOLS[0]
        text = orjson.dumps(status) if is_json else status.get("message", "").encode()
        try:
            await self._streams["error"].send(text, last=True)
            async with self._time.timeout(LINGER_SECONDS_MAX):
                await asyncio.shield(self.gone)
        except (TimeoutError, ConnectionError):
            pass

    async def close(self) -> None:
        """End the connection."""
        await self._outputs.close()
        tasks = [task for task in (self._task, self._resizing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._connection.close()


def _sender(stream: Stream) -> Callable[[bytes], Awaitable[None]]:
    async def send(data: bytes) -> None:
        await stream.send(data, last=not data)

    return send


def negotiated(request: web.BaseRequest, supported: Sequence[str]) -> str:
    """The first protocol of the client's that is known here; the oldest one for a client that names none. Raises Refused."""
    offered = [
        word.strip() for value in request.headers.getall(HEADER, ()) for word in value.split(",") if word.strip()
    ]
    if not offered:
        return supported[-1]
    for name in offered:
        if name in supported:
            return name
    client, server = " ".join(offered), " ".join(supported)
    text = f"unable to upgrade: unable to negotiate protocol: client supports [{client}], server accepts [{server}]"
    raise Refused(403, text, {ACCEPTED_HEADER: ",".join(supported)})
