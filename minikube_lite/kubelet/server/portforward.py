"""port-forward: connections of a client to ports of a pod; upstream: cri-streaming's portforward."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from minikube_lite.clock import TransportTime
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.server.carriers import ConnectionCarrier, WebSocketCarrier
from minikube_lite.kubelet.server.place import PORT_MAX, Place
from minikube_lite.kubelet.server.portforward_channels import serve_channels
from minikube_lite.kubelet.server.refusal import Refused
from minikube_lite.kubelet.server.spdy.connection import Carrier, Connection, Stream
from minikube_lite.kubelet.server.spdy_session import negotiated
from minikube_lite.kubelet.server.websocket_session import shake_hands
from minikube_lite.kubelet.state import PodState
from minikube_lite.network.takeover import Taken

PROTOCOLS = ("portforward.k8s.io",)
TUNNEL_PROTOCOLS = ("SPDY/3.1+portforward.k8s.io",)
READ_BYTES_MAX = 32 << 10
PAIR_SECONDS_MAX = 30.0
"""How long, in real time, a stream of data may wait for its stream of errors."""


async def serve_port_forward(request: web.BaseRequest, state: PodState, host: Host) -> web.StreamResponse:
    """Serve a client in the protocol that it asks for. Raises Refused."""
    place, time = Place(state, host), host.clock.transport
    if request.headers.get("Upgrade", "").lower() == "spdy/3.1":
        await _Forwarding(ConnectionCarrier.upgraded(request, negotiated(request, PROTOCOLS)), place, time).run()
        return Taken()
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise Refused(400, "unable to upgrade: missing upgrade headers in request")
    if any(name in request.headers.get("Sec-WebSocket-Protocol", "") for name in TUNNEL_PROTOCOLS):
        socket = await shake_hands(request, TUNNEL_PROTOCOLS)
        await _Forwarding(WebSocketCarrier(socket), place, time).run()
        return socket
    return await serve_channels(request, place)


@dataclass(slots=True)
class _Pair:
    port: int
    streams: dict[str, Stream] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)


class _Forwarding:
    """A SPDY connection on which each forwarded connection is a stream of data and one of errors."""

    def __init__(self, carrier: Carrier, place: Place, time: TransportTime) -> None:
        self._connection = Connection(carrier)
        self._place = place
        self._time = time
        self._pairs: dict[str, _Pair] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until the client leaves."""
        try:
            await self._connection.run(self._accept)
        finally:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._connection.close()

    def _accept(self, stream: Stream) -> bool:
        kind, port = stream.headers.get("streamtype", ""), stream.headers.get("port", "")
        if kind not in ("data", "error") or not (port.isascii() and port.isdigit() and 0 < int(port) <= PORT_MAX):
            return False
        request_id = stream.headers.get("requestid", "")
        if not request_id:  # old clients: a stream of data follows its stream of errors
            request_id = str(stream.id if kind == "error" else stream.id - 2)
        pair = self._pairs.get(request_id)
        if pair is None:
            pair = self._pairs[request_id] = _Pair(int(port))
            task = asyncio.create_task(self._forward(request_id, pair), name=f"port {port} of {self._place.state.key}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if kind in pair.streams:
            return False
        pair.streams[kind] = stream
        if len(pair.streams) == 2:
            pair.complete.set()
        return True

    async def _forward(self, request_id: str, pair: _Pair) -> None:
        try:
            async with self._time.timeout(PAIR_SECONDS_MAX):
                await pair.complete.wait()
        except TimeoutError:
            for stream in pair.streams.values():
                await stream.reset()
            return
        finally:
            self._pairs.pop(request_id, None)
        data, error = pair.streams["data"], pair.streams["error"]
        try:
            try:
                reader, writer = self._place.connect(pair.port)
            except OSError:
                await error.send(self._place.refusal(pair.port).encode(), last=True)
                await data.reset()
                return
            await _join(data, reader, writer)
            await data.send(b"", last=True)
            await error.send(b"", last=True)
        except ConnectionError:
            await data.reset()
            await error.reset()


async def _join(stream: Stream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes both ways. It ends when the pod's end does; the client's end is passed on, for there may be an answer."""

    async def upwards() -> None:
        while part := await stream.input.read(READ_BYTES_MAX):
            writer.write(part)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    sending = asyncio.create_task(upwards(), name="client to pod")
    try:
        while part := await reader.read(READ_BYTES_MAX):
            await stream.send(part)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
