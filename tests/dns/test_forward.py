"""Names outside of the cluster: other servers are asked, where some were named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from dnslib import QTYPE, RCODE, RR, A, DNSRecord

from minikube_lite.clock import TransportTime
from minikube_lite.dns import forward
from minikube_lite.dns.server import Server
from minikube_lite.machinery.name_servers import parse_name_servers
from minikube_lite.testing import RunningCluster

HOST = "127.0.0.1"
ELSEWHERE = "198.51.100.7"


def answered(packet: bytes) -> bytes:
    """The same address for any name."""
    query = DNSRecord.parse(packet)
    reply = query.reply()
    reply.add_answer(RR(query.q.qname, QTYPE.A, rdata=A(ELSEWHERE), ttl=5))
    return bytes(reply.pack())


@asynccontextmanager
async def upstream(answer: Callable[[bytes], bytes | None]) -> AsyncIterator[tuple[str, int]]:
    """A DNS server somewhere else."""

    async def answers(packet: bytes) -> list[bytes]:
        reply = answer(packet)
        return [] if reply is None else [reply]

    server = Server(answer, answers, TransportTime())
    try:
        yield await server.start(HOST, 0)
    finally:
        await server.stop()


async def asked(feed: Any, name: str, *, tcp: bool = False) -> DNSRecord:
    """The reply of the cluster's server."""
    packet = bytes(DNSRecord.question(name).pack())
    if tcp:
        [reply] = await feed.server.replies(packet)
    else:
        reply = feed.server.respond(packet)
        reply = reply if isinstance(reply, bytes) else await reply
    return DNSRecord.parse(reply)


@pytest.mark.parametrize("tcp", [False, True])
async def test_another_server_answers(make_feed: Any, tcp: bool) -> None:
    async with upstream(answered) as address:
        feed = make_feed(upstreams=(address,))
        reply = await asked(feed, "example.com", tcp=tcp)
        assert [str(record.rdata) for record in reply.rr] == [ELSEWHERE]
        ours = await asked(feed, "nosuch.default.svc.cluster.local", tcp=tcp)
        assert ours.header.get_rcode() == RCODE.NXDOMAIN


async def test_the_next_is_asked_when_one_does_not_answer(make_feed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "ANSWER_SECONDS_MAX", 0.05)
    async with upstream(answered) as good, upstream(lambda packet: None) as silent:
        feed = make_feed(upstreams=(silent, good))
        for _ in range(4):
            assert (await asked(feed, "example.com")).rr
        alone = make_feed(upstreams=(silent,))
        assert (await asked(alone, "example.com")).header.get_rcode() == RCODE.SERVFAIL


async def test_a_reply_to_another_question_is_not_passed_on(make_feed: Any) -> None:
    async with upstream(lambda packet: b"\0\0" + answered(packet)[2:] if packet[:2] != b"\0\0" else None) as address:
        feed = make_feed(upstreams=(address,))
        assert (await asked(feed, "example.com")).header.get_rcode() == RCODE.SERVFAIL


async def test_without_any_foreign_names_are_refused(make_feed: Any) -> None:
    assert (await asked(make_feed(), "example.com")).header.get_rcode() == RCODE.REFUSED


def test_pods_and_the_host_find_names_elsewhere(minikube_lite_loop: Any) -> None:
    async def start() -> tuple[Server, tuple[str, int]]:
        async def answers(packet: bytes) -> list[bytes]:
            return [answered(packet)]

        server = Server(answered, answers, TransportTime())
        return server, await server.start(HOST, 0)

    server, (host, port) = minikube_lite_loop.run(start())
    with RunningCluster(minikube_lite_loop, nodes=1, dns_forward=f"{host}:{port}") as cluster:
        dns_host, _, dns_port = cluster.dns.rpartition(":")
        reply = DNSRecord.parse(DNSRecord.question("example.com").send(dns_host, int(dns_port), timeout=60))
        assert [str(record.rdata) for record in reply.rr] == [ELSEWHERE]
    minikube_lite_loop.run(server.stop())


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("1.1.1.1", (("1.1.1.1", 53),)),
        ("127.0.0.1:5353,::1", (("127.0.0.1", 5353), ("::1", 53))),
        ("[::1]:54", (("::1", 54),)),
    ],
)
def test_servers_are_named(text: str, servers: Any) -> None:
    assert parse_name_servers(text) == servers


def test_servers_are_named_by_a_file(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("search x\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n")
    assert parse_name_servers(str(file)) == (("10.0.0.1", 53), ("10.0.0.2", 53))


@pytest.mark.parametrize("text", ["", "x", "1.1.1.1:0", "1.1.1.1:x", "/nosuch", "[::1]:99999"])
def test_what_names_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no DNS server|cannot be read"):
        parse_name_servers(text)
