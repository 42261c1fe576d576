"""DNS: queries a second over UDP, beside a bare UDP echo."""

from __future__ import annotations

import asyncio
import importlib.util
import time
import tracemalloc
from typing import Any, NamedTuple

from dnslib import DNSRecord

from benchmarks.baseline import baseline
from benchmarks.measure import Result, beside, processor_seconds
from benchmarks.requests import Scale
from benchmarks.target import Target, launched
from minikube_lite.clock import Clock
from minikube_lite.dns.plugin import DnsServer

QUERIES = 60_000
IN_FLIGHT = 50
RCODE_BITS = 0x0F
ENDPOINTS, ENDPOINTS_A_SLICE = 10_000, 100
NAME = "kubernetes.default.svc.cluster.local"


class Asker(asyncio.DatagramProtocol):
    """Keeps so many questions under way until all are answered."""

    def __init__(self, query: bytes, count: int, answers: bool) -> None:
        self._query = query
        self._answers = answers
        self._left_to_send = count
        self._left = count
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        for _ in range(IN_FLIGHT):
            self._send()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """An answer came: ask again."""
        self._left -= 1
        is_answer = not data[3] & RCODE_BITS and (data[7] > 0) == self._answers
        if not is_answer and not self.done.done():
            self.done.set_exception(RuntimeError(f"not an answer: {data!r}"))
        if self._left_to_send:
            self._send()
        if not self._left and not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        if self._left_to_send:
            self._left_to_send -= 1
            self._transport.sendto(self._query)


class Answered(NamedTuple):
    """How it went."""

    a_second: float
    microseconds: float


async def _ask(where: str, pid: int, query: bytes, count: int, *, answers: bool = True) -> Answered:
    host, _, port = where.rpartition(":")
    begun, used = time.perf_counter(), processor_seconds(pid)
    transport, asker = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Asker(query, count, answers), remote_addr=(host, int(port))
    )
    await asker.done
    transport.close()
    used = processor_seconds(pid) - used
    return Answered(count / (time.perf_counter() - begun), used / count * 1e6)


async def dns(target: Target, scale: Scale) -> list[Result]:
    """Questions for a Service's address, and for its SRV records; on asyncio's event loop, and on uvloop where it is installed."""
    results = await _beside_echo(target, scale)
    if importlib.util.find_spec("uvloop"):
        async with launched("--uvloop") as faster:
            results += await _beside_echo(faster, scale, uvloop=True)
    return results + await _memory(scale)


async def _beside_echo(target: Target, scale: Scale, *, uvloop: bool = False) -> list[Result]:
    count = max(IN_FLIGHT, int(QUERIES * scale))
    results = []
    for kind in ("A", "SRV"):
        query = bytes(DNSRecord.question(NAME, kind).pack())
        async with baseline(0, uvloop=uvloop) as bare:
            least = await _ask(bare.udp, bare.pid, query, count, answers=False)
        ours = await _ask(target.dns, target.pid, query, count)
        name = f"DNS, {kind}{', uvloop' if uvloop else ''}"
        results.append(
            Result(name, ours.a_second, "/s", f"{IN_FLIGHT} under way; a bare UDP echo: {least.a_second:.0f} /s")
        )
        results += beside(name, ours.microseconds, least.microseconds, "a bare UDP echo")
    return results


async def _memory(scale: Scale) -> list[Result]:
    """What the DNS server itself holds for each thousand endpoints of headless Services, with all names asked once."""
    endpoints = max(100, int(ENDPOINTS * scale))
    server = DnsServer(_Quiet(), Clock("stepped", seed=1))  # type: ignore[arg-type]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        server.index.put_namespace({"metadata": {"name": "default"}})
        for number in range(endpoints // ENDPOINTS_A_SLICE):
            server.index.put_service(_service(f"many-{number}"))
            server.index.put_endpoint_slice(_slice(f"many-{number}", number))
        stored, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return [
        Result("DNS, memory for 1,000 endpoints", (stored - before) / endpoints * 1000 / 1024, "KiB", f"of {endpoints}")
    ]


class _Quiet:
    """Informers that tell nothing."""

    synced = True

    def informer(self, resource: Any) -> _Quiet:
        """Itself."""
        return self

    def add_handler(self, handler: Any) -> None:
        """Nobody is told."""


def _service(name: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"clusterIP": "None", "ports": [{"name": "http", "port": 80}]},
    }


def _slice(service: str, number: int) -> dict[str, Any]:
    return {
        "metadata": {"name": service, "namespace": "default", "labels": {"kubernetes.io/service-name": service}},
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
        "endpoints": [
            {"addresses": [f"10.{number // 256}.{number % 256}.{place}"], "hostname": f"{service}-{place}"}
            for place in range(ENDPOINTS_A_SLICE)
        ],
    }
