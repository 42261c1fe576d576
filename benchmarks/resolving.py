"""DNS: queries a second over UDP, beside a bare UDP echo."""

from __future__ import annotations

import asyncio
import time
from typing import Any, NamedTuple

from dnslib import DNSRecord

from benchmarks.baseline import baseline
from benchmarks.measure import Result, beside, processor_seconds
from benchmarks.requests import Scale
from benchmarks.target import Target

QUERIES = 60_000
IN_FLIGHT = 50
RCODE_BITS = 0x0F
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
    """Questions for a Service's address, and for its SRV records."""
    count = max(IN_FLIGHT, int(QUERIES * scale))
    results = []
    for kind in ("A", "SRV"):
        query = bytes(DNSRecord.question(NAME, kind).pack())
        async with baseline(0) as bare:
            least = await _ask(bare.udp, bare.pid, query, count, answers=False)
        ours = await _ask(target.dns, target.pid, query, count)
        results.append(Result(f"DNS, {kind}", ours.a_second, "/s", f"{IN_FLIGHT} under way"))
        results += beside(f"DNS, {kind}", ours.microseconds, least.microseconds, "a bare UDP echo")
    return results
