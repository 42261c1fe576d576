"""Asks other DNS servers about names outside of the cluster; upstream: plugin/forward.

The servers are those that an administrator named. They are asked in turn, from a random one on, and what they answer is
passed on as it is; where none answers in time, the reply is SERVFAIL.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from random import Random
from typing import Any

from minikube_lite.clock import TransportTime
from minikube_lite.dns import names
from minikube_lite.dns.message import TCP_BYTES_MAX, pack_error
from minikube_lite.dns.query import HEADER_BYTES, QR, Query
from minikube_lite.machinery.name_servers import NameServer

log = logging.getLogger(__name__)

ANSWER_SECONDS_MAX = 2.0
"""How long, in the host's time, one server may take."""
ALL_SECONDS_MAX = 5.0
"""How long all of them may take together (upstream's defaultTimeout)."""
FORWARDED_MAX = 1000
"""Questions under way; more are refused (upstream's max_concurrent, as kubeadm sets it)."""


class Forwarder:
    """Asks upstream servers."""

    def __init__(self, upstreams: Sequence[NameServer], time: TransportTime, random: Random) -> None:
        self._upstreams = upstreams
        self._time = time
        self._random = random
        self._under_way = 0

    async def ask(self, packet: bytes, query: Query, size_max: int, *, tcp: bool) -> bytes:
        """The reply to a query, from one of the servers."""
        if self._under_way >= FORWARDED_MAX:
            return pack_error(query, names.REFUSED, size_max)
        self._under_way += 1
        first = self._random.randrange(len(self._upstreams))
        try:
            async with self._time.timeout(ALL_SECONDS_MAX):
                for place in range(len(self._upstreams)):
                    upstream = self._upstreams[(first + place) % len(self._upstreams)]
                    reply = await self._ask_one(upstream, packet, query, tcp=tcp)
                    if reply is not None:
                        return reply
        except TimeoutError:
            pass
        finally:
            self._under_way -= 1
        return pack_error(query, names.SERVFAIL, size_max)

    async def _ask_one(self, upstream: NameServer, packet: bytes, query: Query, *, tcp: bool) -> bytes | None:
        try:
            async with self._time.timeout(ANSWER_SECONDS_MAX):
                reply = await (_by_tcp(upstream, packet) if tcp else _by_udp(upstream, packet))
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            log.debug("the DNS server %s does not answer %s: %s", upstream, query, error)
            return None
        return reply if _is_reply(reply, packet) else None


def _is_reply(reply: bytes, packet: bytes) -> bool:
    """Whether it is a reply to that very query: nobody else's is passed on."""
    return len(reply) >= HEADER_BYTES and reply[:2] == packet[:2] and bool(int.from_bytes(reply[2:4], "big") & QR)


class _OneReply(asyncio.DatagramProtocol):
    def __init__(self, answered: asyncio.Future[bytes]) -> None:
        self._answered = answered

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not self._answered.done():
            self._answered.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answered.done():
            self._answered.set_exception(exc)


async def _by_udp(upstream: NameServer, packet: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[bytes] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(lambda: _OneReply(answered), remote_addr=upstream)
    try:
        transport.sendto(packet)
        return await answered
    finally:
        transport.close()


async def _by_tcp(upstream: NameServer, packet: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*upstream)
    try:
        writer.write(len(packet).to_bytes(2, "big") + packet)
        length = int.from_bytes(await reader.readexactly(2), "big")
        return await reader.readexactly(min(length, TCP_BYTES_MAX))
    finally:
        writer.close()
