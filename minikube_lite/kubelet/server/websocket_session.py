"""exec and attach over a WebSocket, whose messages begin with a channel's number; upstream: websocket.go, wsstream/conn.go.

0 stdin, 1 stdout, 2 stderr, 3 error, 4 resize; with v5 also 255, and behind it a channel that the client ends.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from minikube_lite.clock import TransportTime
from minikube_lite.kubelet.server.carriers import MESSAGE_BYTES_MAX
from minikube_lite.kubelet.server.refusal import Refused
from minikube_lite.kubelet.server.resizing import report_size
from minikube_lite.kubelet.server.sessions import NO_INPUT, Discard, Outputs, Resize, Wanted
from minikube_lite.programs.streams import Input, Output, Pipe

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
V5 = "v5.channel.k8s.io"
JSON_STATUS = (V5, "v4.channel.k8s.io", "v4.base64.channel.k8s.io")
"""Protocols whose error channel carries a Status; older ones carry the message of a failure."""
PROTOCOLS = (*JSON_STATUS, "channel.k8s.io", "base64.channel.k8s.io")
FIRST_BYTE_SECONDS = 0.05
"""In real time: kubectl 1.30 and 1.31 lose what comes before they have made their streams."""


class WebSocketSession:
    """A client of exec or attach on a WebSocket."""

    def __init__(self, socket: web.WebSocketResponse, wanted: Wanted) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.response: web.StreamResponse = socket
        self.stdin: Input = NO_INPUT
        self.stdout: Output = Discard()
        self.stderr: Output = Discard()
        self._socket = socket
        self._protocol = socket.ws_protocol or "channel.k8s.io"
        self._base64 = "base64" in self._protocol
        self._stdin: Pipe | None = None
        self._outputs = Outputs()
        self._resize: Resize | None = None
        self._size: object = None
        if wanted.stdin:
            self.stdin = self._stdin = Pipe()
        if wanted.stdout:
            self.stdout = self._outputs.add(self._sender(STDOUT), "stdout")
        if wanted.stderr:
            self.stderr = self._outputs.add(self._sender(STDERR), "stderr")
        self._task = asyncio.create_task(self._run(), name="WebSocket of a client")

    @classmethod
    async def start(cls, request: web.BaseRequest, wanted: Wanted, time: TransportTime) -> WebSocketSession:
        """Shake hands. Raises Refused."""
        socket = await shake_hands(request, PROTOCOLS)
        session = cls(socket, wanted)
        try:
            if socket.ws_protocol == V5:
                await time.sleep(FIRST_BYTE_SECONDS)
            first = STDOUT if wanted.stdout else STDERR if wanted.stderr else ERROR
            await session._send(first, b"")  # the first sign of life
        except BaseException:
            await session.close()
            raise
        return session

    # To the client

    def _sender(self, channel: int) -> Callable[[bytes], Awaitable[None]]:
        async def send(data: bytes) -> None:
            if data:
                await self._send(channel, data)

        return send

    async def _send(self, channel: int, data: bytes) -> None:
        if self._base64:
            await self._socket.send_str(f"{channel}{base64.b64encode(data).decode()}")
        else:
            await self._socket.send_bytes(bytes((channel,)) + data)

    async def finish(self, status: Mapping[str, Any]) -> None:
        """Send what is left, then the status, and the end."""
        await self._outputs.flush()
        try:
            if self._protocol in JSON_STATUS:
                await self._send(ERROR, orjson.dumps(status))
            elif status.get("message"):
                await self._send(ERROR, status["message"].encode())
        except ConnectionError:
            pass

    async def close(self) -> None:
        """End the connection."""
        await self._outputs.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._socket.close()

    # From the client

    def on_resize(self, resize: Resize) -> None:
        """Follow the client's terminal."""
        self._resize = resize
        report_size(self._size, resize)

    async def _run(self) -> None:
        try:
            while (message := await self._socket.receive()).type in (WSMsgType.BINARY, WSMsgType.TEXT):
                data = message.data.encode() if isinstance(message.data, str) else bytes(message.data)
                if data:
                    await self._received(data)
        except (ConnectionError, binascii.Error):
            pass
        finally:
            if self._stdin is not None:
                self._stdin.end()
            if not self.gone.done():
                self.gone.set_result(None)

    async def _received(self, data: bytes) -> None:
        channel, payload = data[0], data[1:]
        if self._base64:
            channel, payload = channel - ord("0"), base64.b64decode(payload)
        if channel == STDIN and self._stdin is not None:
            try:
                self._stdin.write(payload)
                await self._stdin.drain()
            except BrokenPipeError:
                pass  # the program has gone; the rest is dropped
        elif channel == RESIZE:
            try:
                self._size = orjson.loads(payload)
            except orjson.JSONDecodeError:
                return
            if self._resize is not None:
                report_size(self._size, self._resize)
        elif channel == CLOSE and self._protocol == V5 and payload[:1] == bytes((STDIN,)) and self._stdin is not None:
            self._stdin.end()


async def shake_hands(request: web.BaseRequest, supported: tuple[str, ...]) -> web.WebSocketResponse:
    """Accept a WebSocket in the first protocol of the client's that is known here. Raises Refused."""
    header = request.headers.get("Sec-WebSocket-Protocol", "")
    offered = [word.strip() for word in header.split(",") if word.strip()]
    if offered and not any(name in supported for name in offered):
        raise Refused(400, f"unable to upgrade: none of the protocols [{' '.join(offered)}] is supported")
    socket = web.WebSocketResponse(
        protocols=supported if offered else (), compress=False, max_msg_size=MESSAGE_BYTES_MAX
    )
    try:
        await socket.prepare(request)
    except web.HTTPException as error:
        raise Refused(error.status, f"unable to upgrade: {error.text}") from None
    return socket
