"""Sockets: UDP and TCP on one port, several queries on a connection, limits and the end."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from dnslib import QTYPE, DNSHeader, DNSQuestion, DNSRecord

from minikube_lite.clock import TransportTime
from minikube_lite.dns import server as dns_server
from minikube_lite.dns.server import Server

pytestmark = pytest.mark.asyncio
HOST = "127.0.0.1"


class NoPatience(TransportTime):
    """The host's time, in which every wait is over at once."""

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        assert seconds == dns_server.TCP_IDLE_SECONDS_MAX
        return asyncio.timeout(0)


class UnluckyServer(Server):
    """Finds the first ports taken for TCP."""

    refused = 0

    async def _listen(self, host: str, port: int) -> tuple[str, int]:
        bound = await super()._listen(host, port)
        if self.refused < 3:
            self.refused += 1
            raise OSError("in use")
        return bound


class Datagrams(asyncio.DatagramProtocol):
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received.put_nowait(data)


def query(name: str, kind: str = "A") -> bytes:
    return bytes(DNSRecord(DNSHeader(rd=1), q=DNSQuestion(name, getattr(QTYPE, kind))).pack())


def framed(packet: bytes) -> bytes:
    return len(packet).to_bytes(2, "big") + packet


async def read_reply(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


def echo(packet: bytes) -> bytes | None:
    return packet or None


async def echoes(packet: bytes) -> list[bytes]:
    return [packet] if packet else []


async def test_udp_and_tcp_answer_on_one_port(golden: Any) -> None:
    host, port = await golden.server.start(HOST, 0)
    assert host == HOST
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, remote_addr=(host, port))
    name = "crowd.dns-b.svc.cluster.local"
    transport.sendto(b"not DNS")
    transport.sendto(query(name))
    cut = DNSRecord.parse(await protocol.received.get())
    assert cut.header.tc
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(framed(query(name)))
    whole = DNSRecord.parse(await read_reply(reader))
    assert (whole.header.tc, len(whole.rr)) == (0, 60)
    writer.close()
    transport.close()
    await golden.server.stop()


async def test_a_connection_takes_many_queries_at_once(golden: Any) -> None:
    host, port = await golden.server.start(HOST, 0)
    reader, writer = await asyncio.open_connection(host, port)
    names = [f"crowd-{number}.crowd.dns-b.svc.cluster.local" for number in range(60)]
    writer.write(b"".join(framed(query(name)) for name in names))
    for number, name in enumerate(names):
        reply = DNSRecord.parse(await read_reply(reader))
        assert str(reply.q.qname) == f"{name}."
        assert str(reply.rr[0].rdata) == f"10.9.9.{number + 1}"
    half = framed(query(names[0]))
    writer.write(half[:5])
    await writer.drain()
    writer.write(half[5:])
    assert DNSRecord.parse(await read_reply(reader)).rr
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await golden.server.stop()


async def test_what_is_not_dns_ends_the_connection() -> None:
    server = Server(lambda packet: None, echoes, TransportTime())
    host, port = await server.start(HOST, 0)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(framed(b""))
    assert await reader.read() == b""
    writer.close()
    await server.stop()


async def test_a_silent_client_is_sent_away() -> None:
    server = Server(echo, echoes, NoPatience())
    host, port = await server.start(HOST, 0)
    reader, writer = await asyncio.open_connection(host, port)
    assert await reader.read() == b""
    writer.close()
    await server.stop()


async def test_connections_beyond_the_limit_are_closed() -> None:
    server = Server(echo, echoes, TransportTime())
    host, port = await server.start(HOST, 0)
    writers = []
    for _ in range(dns_server.TCP_CONNECTIONS_MAX):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(framed(b"hello"))
        assert await read_reply(reader) == b"hello"
        writers.append(writer)
    reader, writer = await asyncio.open_connection(host, port)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await read_reply(reader)
    for each in (writer, *writers):
        each.close()
    await server.stop()


async def test_stop_closes_everything_and_start_may_follow() -> None:
    server = Server(echo, echoes, TransportTime())
    host, port = await server.start(HOST, 0)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(framed(b"hello"))
    assert await read_reply(reader) == b"hello"
    await server.stop()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await read_reply(reader)
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, port)
    assert await server.start(host, port) == (host, port)
    await server.stop()
    await server.stop()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
async def test_a_port_that_is_taken_is_an_error(kind: socket.SocketKind) -> None:
    server = Server(echo, echoes, TransportTime())
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((HOST, 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        with pytest.raises(OSError, match="in use"):
            await server.start(HOST, taken.getsockname()[1])


async def test_a_free_port_is_free_for_both() -> None:
    server = UnluckyServer(echo, echoes, TransportTime())
    _, port = await server.start(HOST, 0)
    assert server.refused == 3
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(framed(b"hello"))
    assert await read_reply(reader) == b"hello"
    writer.close()
    await server.stop()
