"""Requests that become a connection of another protocol, as SPDY and WebSocket: passed on as bytes.

Upstream: apimachinery/pkg/util/proxy/upgradeaware.go.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from aiohttp import web
from multidict import CIMultiDict

from minikube_lite.api.streams.backends import Backends, DialError, port_number
from minikube_lite.api.streams.headers import forwarded
from minikube_lite.api.streams.splice import ClientEnd, splice
from minikube_lite.api.streams.targets import Target
from minikube_lite.clock import TransportTime
from minikube_lite.machinery import errors
from minikube_lite.network.ends import End
from minikube_lite.network.takeover import Taken

HEAD_BYTES_MAX = 64 << 10
"""What a backend's status line and headers may have."""
REFUSAL_BYTES_MAX = 64 << 10
"""What is passed on of the body of an answer that is no upgrade."""
REFUSAL_SECONDS_MAX = 10.0
"""How long, in real time, that body may take to come."""


class _Backend(End):
    """The connection to the backend, whose answer is looked at before it is joined to the client's."""

    def __init__(self) -> None:
        super().__init__()
        self._changed: asyncio.Future[None] | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._wake()

    async def head(self) -> bytes:
        """The status line and the headers. Raises DialError."""
        while (end := self.early.find(b"\r\n\r\n")) < 0:
            if self.lost.done():
                raise DialError("unexpected EOF")
            if len(self.early) > HEAD_BYTES_MAX:
                raise DialError("the head of the answer is too large")
            await self._change()
        return bytes(self.early[: end + 4])

    async def received(self, size: int) -> None:
        """Wait for so many bytes, or the end."""
        while len(self.early) < size and not self.lost.done():
            await self._change()

    async def _change(self) -> None:
        self._changed = asyncio.get_running_loop().create_future()
        await self._changed

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)


async def upgrade(
    request: web.BaseRequest, target: Target, backends: Backends, time: TransportTime
) -> web.StreamResponse:
    """Ask the target for the upgrade, and join the two connections if it agrees."""
    backend = _Backend()
    try:
        transport = backends.open(target.host, port_number(target.port), backend)
    except DialError as error:
        raise errors.unknown(f"error dialing backend: {error}") from None
    try:
        transport.write(_request_head(request, target))
        try:
            head = await backend.head()
        except DialError as error:
            raise errors.unknown(str(error)) from None
        status = _status(head)
        if status != HTTPStatus.SWITCHING_PROTOCOLS:
            if status < 400:
                raise errors.unknown(f"invalid upgrade response: status code {status}")
            return await _refused(head, backend, time)
        await splice(ClientEnd(request), backend, time)
        return Taken()
    finally:
        transport.close()


def _request_head(request: web.BaseRequest, target: Target) -> bytes:
    headers = forwarded(request, upgrade=True)
    lines = [
        f"{request.method} {target.request_target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _status(head: bytes) -> int:
    first = head.decode("latin-1").partition("\r\n")[0]
    words = first.split()
    if len(words) < 2 or not words[1].isdigit():
        raise errors.unknown(f'malformed HTTP response "{first}"')
    return int(words[1])


async def _refused(head: bytes, backend: _Backend, time: TransportTime) -> web.Response:
    """What the backend says instead."""
    lines = head.decode("latin-1").split("\r\n")
    fields = CIMultiDict(
        (name, value.strip()) for name, colon, value in (line.partition(":") for line in lines[1:]) if colon
    )
    length = fields.get("Content-Length", "")
    size = min(int(length), REFUSAL_BYTES_MAX) if length.isdigit() else REFUSAL_BYTES_MAX
    try:
        async with time.timeout(REFUSAL_SECONDS_MAX):
            await backend.received(len(head) + size)
    except TimeoutError:
        pass
    response = web.Response(status=_status(head), body=bytes(backend.early[len(head) : len(head) + size]))
    response.headers["Content-Type"] = fields.get("Content-Type", "text/plain; charset=utf-8")
    response.force_close()
    return response
