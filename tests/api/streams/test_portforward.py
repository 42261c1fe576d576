"""port-forward byte by byte: SPDY on a plain connection and in a WebSocket, and WebSockets with channels."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from minikube_lite.kubelet.server.spdy.frames import (
    GOAWAY,
    PING,
    RST_STREAM,
    SYN_REPLY,
    Control,
    Data,
    Frame,
    FrameReader,
    FrameWriter,
)
from minikube_lite.machinery.resources import PODS
from minikube_lite.programs.program import PodContext

PATH = "/api/v1/namespaces/default/pods/upper/portforward"
PORT = 7000


async def upper(context: PodContext) -> None:
    """Answers in capitals until it hears the end."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(1000):
            writer.write(part.upper())
            await writer.drain()
        writer.close()

    context.network.listen_streams(PORT, handler)
    await context.clock.sleep(3600)


class Client:
    """A SPDY client over whatever carries its bytes."""

    def __init__(self, send: Callable[[bytes], Awaitable[Any]], receive: Callable[[], Awaitable[bytes]]) -> None:
        self._send = send
        self._receive = receive
        self._reader = FrameReader()
        self._frames: list[Frame] = []
        self.write = FrameWriter()

    async def send(self, *frames: bytes) -> None:
        for frame in frames:
            await self._send(frame)

    async def next(self) -> Frame | None:
        """The next frame; None at the end."""
        while not self._frames:
            data = await self._receive()
            if not data:
                return None
            self._frames.extend(self._reader.feed(data))
        return self._frames.pop(0)

    async def open(self, first: int, port: int, request: str = "0") -> None:
        """A stream of errors and one of data, as client-go opens them."""
        for stream, kind in ((first, "error"), (first + 2, "data")):
            await self.send(self.write.open(stream, {"streamtype": kind, "port": str(port), "requestid": request}))
            assert await self.next() == Control(SYN_REPLY, stream)
        await self.send(self.write.data(first, b"", last=True))


@pytest.fixture(params=["SPDY", "tunnel"])
async def client(streamed, request) -> AsyncIterator[Client]:
    """A client of port-forward in both ways in which SPDY comes."""
    streamed.cluster.programs["upper"] = upper
    await streamed.run("upper")
    server = urlsplit(streamed.cluster.addresses.server)
    if request.param == "SPDY":
        reader, writer = await asyncio.open_connection(server.hostname, server.port)
        head = f"POST {PATH} HTTP/1.1\r\nHost: {server.netloc}\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
        writer.write(f"{head}X-Stream-Protocol-Version: portforward.k8s.io\r\nContent-Length: 0\r\n\r\n".encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        assert answer[0] == "HTTP/1.1 101 Switching Protocols"
        assert {"Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: portforward.k8s.io"} <= set(answer)

        async def send(data: bytes) -> None:
            writer.write(data)

        yield Client(send, lambda: reader.read(1 << 16))
        writer.close()
        return
    protocol = "SPDY/3.1+portforward.k8s.io"
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{server.geturl()}{PATH}", protocols=[protocol])
        assert socket.protocol == protocol

        async def in_pieces(data: bytes) -> None:
            for at in range(0, len(data), 7):
                await socket.send_bytes(data[at : at + 7])

        async def receive() -> bytes:
            message = await socket.receive()
            return message.data if message.type == aiohttp.WSMsgType.BINARY else b""

        yield Client(in_pieces, receive)


async def test_a_connection(client: Client) -> None:
    await client.open(1, PORT)
    await client.send(client.write.data(3, b"hello"))
    assert await client.next() == Data(3, b"HELLO")
    await client.send(client.write.data(3, b"bye", last=True))
    assert await client.next() == Data(3, b"BYE")
    assert await client.next() == Data(3, b"", True)
    assert await client.next() == Data(1, b"", True)
    await client.open(5, PORT, "1")
    await client.send(client.write.data(7, b"again"))
    assert await client.next() == Data(7, b"AGAIN")


async def test_connections_side_by_side(client: Client) -> None:
    for number in range(5):
        await client.open(4 * number + 1, PORT, str(number))
    for number in reversed(range(5)):
        await client.send(client.write.data(4 * number + 3, f"n{number}".encode()))
        assert await client.next() == Data(4 * number + 3, f"N{number}".encode())


async def test_a_port_that_nobody_listens_on(client: Client) -> None:
    await client.open(1, 81)
    said = await client.next()
    assert isinstance(said, Data)
    assert (said.stream, said.last) == (1, True)
    assert said.data.startswith(b"error forwarding port 81 to pod ")
    assert b"dial tcp4 127.0.0.1:81: connect: connection refused" in said.data
    assert await client.next() == Control(RST_STREAM, 3, status=5)


async def test_pings_and_the_end(client: Client) -> None:
    await client.send(client.write.ping(1), client.write.ping(2), client.write.ping(3))
    assert [await client.next(), await client.next()] == [Control(PING, 1), Control(PING, 3)]
    await client.send(client.write.go_away(0))
    assert await client.next() == Control(GOAWAY, 0)
    assert await client.next() is None


@pytest.mark.parametrize(
    "headers",
    [
        {"streamtype": "other", "port": "80", "requestid": "1"},
        {"streamtype": "data", "port": "x", "requestid": "1"},
        {"streamtype": "data", "port": "0", "requestid": "1"},
        {"streamtype": "data", "port": "65536", "requestid": "1"},
        {},
    ],
)
async def test_streams_that_are_refused(client: Client, headers: dict[str, str]) -> None:
    await client.send(client.write.open(1, headers))
    assert await client.next() == Control(RST_STREAM, 1, status=3)
    await client.open(3, PORT)


async def test_a_stream_that_is_reset_ends_its_connection_only(client: Client) -> None:
    await client.open(1, PORT)
    await client.open(5, PORT, "1")
    await client.send(client.write.reset(3, 5), client.write.data(3, b"late"), client.write.data(7, b"on"))
    seen = [await client.next() for _ in range(2)]
    assert Data(7, b"ON") in seen


async def test_noise_ends_the_connection(client: Client) -> None:
    await client.send(b"\x80\x07GET / HTTP/1.1\r\n")
    assert await client.next() == Control(GOAWAY, 0)
    assert await client.next() is None


async def test_channels(streamed) -> None:
    streamed.cluster.programs["upper"] = upper
    await streamed.run("upper")
    url = f"{streamed.cluster.addresses.server}{PATH}?ports={PORT}&ports=81"
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(url, protocols=["v4.channel.k8s.io"])
        first = [(await socket.receive_bytes()) for _ in range(4)]
        assert first == [bytes((channel,)) + struct.pack("<H", (PORT, 81)[channel // 2]) for channel in range(4)]
        refused = await socket.receive_bytes()
        assert refused[:1] == b"\x03"
        assert b"connection refused" in refused
        await socket.send_bytes(b"\x00hello")
        assert await socket.receive_bytes() == b"\x00HELLO"
        await streamed.cluster.client.delete(PODS, "default", "upper")
        assert (await socket.receive()).type == aiohttp.WSMsgType.CLOSE


async def test_a_pod_that_has_no_address(streamed) -> None:
    """As kubectl would not ask."""
    await streamed.run("upper", "quiet", restartPolicy="Never", activeDeadlineSeconds=1)
    await streamed.cluster.advance(120)
    headers = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1", "X-Stream-Protocol-Version": "portforward.k8s.io"}
    answer = await streamed.http.post(PATH, headers=headers)
    assert (answer.status_code, answer.text) == (500, 'pod not found ("upper_default")')


async def test_a_cluster_stops_with_clients_connected(client: Client, streamed) -> None:
    await client.open(1, PORT)
    await streamed.cluster.stop()
    with suppress(ConnectionError):
        while await client.next() is not None:
            pass
