"""The cluster's DNS server: fed by informers, asked over sockets or in process; upstream: plugin/kubernetes/handler.go.

Answers are kept, packed, by the question's bytes until the index changes.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from minikube_lite.clock import Clock
from minikube_lite.dns import names
from minikube_lite.dns.faults import DnsFaults
from minikube_lite.dns.forward import Forwarder
from minikube_lite.dns.index import Index
from minikube_lite.dns.message import (
    TCP_BYTES_MAX,
    UDP_BYTES_MAX,
    UDP_BYTES_MIN,
    PackedAnswer,
    pack_error,
)
from minikube_lite.dns.names import parse_name
from minikube_lite.dns.options import DnsOptions
from minikube_lite.dns.query import Query, parse_query
from minikube_lite.dns.records import Answer, Resolver
from minikube_lite.dns.server import Server
from minikube_lite.dns.transfer import transfer
from minikube_lite.machinery.call_faults import DnsFault
from minikube_lite.machinery.faults import Faults
from minikube_lite.machinery.informer import Informer, Informers
from minikube_lite.machinery.resources import ENDPOINT_SLICES, NAMESPACES, PODS, SERVICES
from minikube_lite.store import Object

log = logging.getLogger(__name__)

RCODE_MASK = 0x0F
CACHED_ANSWERS_MAX = 4096
CACHED_RECORDS_MAX = 200_000
"""Over all cached answers. Beyond either bound the cache begins anew."""


class DnsServer:
    """Answers for the cluster's zone and for reverse lookups. To be made before the informers start."""

    def __init__(
        self, informers: Informers, clock: Clock, options: DnsOptions | None = None, faults: Faults | None = None
    ) -> None:
        self.options = options or DnsOptions()
        self.index = Index(clock.now)
        self._resolver = Resolver(self.index, self.options)
        self._random = clock.random_stream("dns")
        self._server = Server(self.respond, self.replies, clock.transport)
        upstreams = self.options.upstreams
        self._faults = DnsFaults(faults or Faults(), clock)
        self._forwarder = Forwarder(upstreams, clock.transport, self._random) if upstreams else None
        self._cache: dict[bytes, PackedAnswer] = {}
        self._cached_records = 0
        self._cached_generation = 0
        self._unsynced = self._follow(informers)

    # Asking

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen on UDP and TCP; port 0 takes a free one. Returns the address."""
        return await self._server.start(host, port)

    async def stop(self) -> None:
        """Listen no more."""
        await self._server.stop()

    def resolve(self, name: str, qtype: int) -> Answer:
        """The answer to a question, as plain data."""
        return self._resolver.answer(parse_name(name), qtype, synced=self._synced())

    def respond(self, packet: bytes) -> bytes | None | Awaitable[bytes]:
        """The reply to a datagram; later, where another server is asked."""
        if self._faults and (struck := self._faults.find(packet)) is not None:
            query, fault = struck
            if fault.type == "Delay":
                return self._late(fault, self._respond(packet))
            return self._faults.answer(query, fault)
        return self._respond(packet)

    async def _late(self, fault: DnsFault, answer: bytes | None | Awaitable[bytes]) -> bytes:
        await self._faults.pause(fault)
        ready = answer if answer is None or isinstance(answer, bytes) else await answer
        return ready or b""

    def _respond(self, packet: bytes) -> bytes | None | Awaitable[bytes]:
        reply = self.reply(packet)
        return self._forwarded(packet, reply, tcp=False) or reply

    async def replies(self, packet: bytes) -> list[bytes]:
        """The replies to a packet that came over TCP: one, none for silence, or the messages of a zone transfer."""
        if self._faults and (struck := self._faults.find(packet)) is not None:
            query, fault = struck
            if fault.type != "Delay":
                answer = self._faults.answer(query, fault)
                return [] if answer is None else [answer]
            await self._faults.pause(fault)
        messages = self._transferred(packet) if self.options.transfer else None
        if messages is not None:
            return messages
        reply = self.reply(packet, tcp=True)
        later = self._forwarded(packet, reply, tcp=True)
        if later is not None:
            return [await later]
        return [] if reply is None else [reply]

    def _transferred(self, packet: bytes) -> list[bytes] | None:
        query = parse_query(packet)
        if not isinstance(query, Query) or query.type not in (names.AXFR, names.IXFR):
            return None
        return transfer(query, self.index, self.options) if query.in_class and self._synced() else None

    def _forwarded(self, packet: bytes, reply: bytes | None, *, tcp: bool) -> Awaitable[bytes] | None:
        """What other servers say about a question that is refused here because the zone is none of ours."""
        if self._forwarder is None or reply is None or reply[3] & RCODE_MASK != names.REFUSED:
            return None
        query = parse_query(packet)
        if not isinstance(query, Query) or not query.in_class or self._resolver.has_zone_of(query.name):
            return None
        return self._forwarder.ask(packet, query, _size_max(query, tcp=tcp), tcp=tcp)

    def reply(self, packet: bytes, tcp: bool = False) -> bytes | None:
        """The reply to a packet; None is silence."""
        query = parse_query(packet)
        if not isinstance(query, Query):
            return query
        size_max = _size_max(query, tcp=tcp)
        if not query.in_class:
            return pack_error(query, names.REFUSED, size_max)
        if query.edns is not None and query.edns.version:
            return pack_error(query, names.BADVERS, size_max)
        try:
            return self._packed(query).pack(query, size_max, self._random)
        except Exception:
            log.exception("answering %s failed", query)
            return pack_error(query, names.SERVFAIL, size_max)

    def _packed(self, query: Query) -> PackedAnswer:
        if self._cached_generation != self.index.generation:
            self._forget()
        packed = self._cache.get(query.question)
        if packed is not None:
            return packed
        synced = self._synced()
        packed = PackedAnswer(query.question, self._resolver.answer(query.name, query.type, synced=synced))
        if synced:
            if len(self._cache) >= CACHED_ANSWERS_MAX or self._cached_records + packed.count > CACHED_RECORDS_MAX:
                self._forget()
            self._cache[query.question] = packed
            self._cached_records += packed.count
        return packed

    def _forget(self) -> None:
        self._cache.clear()
        self._cached_records = 0
        self._cached_generation = self.index.generation

    # Following the cluster

    def _follow(self, informers: Informers) -> list[Informer]:
        index = self.index
        followed = [
            (NAMESPACES, index.put_namespace, index.remove_namespace),
            (SERVICES, index.put_service, index.remove_service),
            (ENDPOINT_SLICES, index.put_endpoint_slice, index.remove_endpoint_slice),
        ]
        if self.options.pods == "verified":
            followed.append((PODS, index.put_pod, index.remove_pod))
        return [_follow_one(informers.informer(resource), put, remove) for resource, put, remove in followed]

    def _synced(self) -> bool:
        if self._unsynced:
            self._unsynced = [informer for informer in self._unsynced if not informer.synced]
        return not self._unsynced


def _size_max(query: Query, *, tcp: bool) -> int:
    """How many bytes a reply may have."""
    if tcp:
        return TCP_BYTES_MAX
    return UDP_BYTES_MIN if query.edns is None else min(max(query.edns.size, UDP_BYTES_MIN), UDP_BYTES_MAX)


def _follow_one(informer: Informer, put: Callable[[Object], None], remove: Callable[[Object], None]) -> Informer:
    def handle(old: Object | None, new: Object | None) -> None:
        if new is not None:
            put(new)
        elif old is not None:
            remove(old)

    informer.add_handler(handle)
    return informer
