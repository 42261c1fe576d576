"""A question's answer as plain data, without I/O; upstream: plugin/backend_lookup.go and plugin/kubernetes/handler.go.

NOERROR without records is "the name exists, but not with that type"; that and NXDOMAIN carry the zone's SOA record.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

from minikube_lite.dns import names
from minikube_lite.dns.apex import is_name_server, name_servers, start_of_authority
from minikube_lite.dns.index import NO_PORT, Index
from minikube_lite.dns.lookup import Match, find
from minikube_lite.dns.names import Address, Name, is_subdomain, lower_name, parse_name
from minikube_lite.dns.options import REVERSE_ZONES, DnsOptions
from minikube_lite.dns.parse import parse_request
from minikube_lite.dns.question import Question, Record, ServiceTarget
from minikube_lite.dns.reverse import find_pointers

SCHEMA_VERSION = "1.1.0"
SCHEMA_TTL_SECONDS = 28800
CNAME_CHAIN_MAX = 10
"""Upstream's bound of the records before a CNAME in a chain."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a question."""

    rcode: int
    authoritative: bool = True
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The records of a name that exists."""

    records: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()


class Resolver:
    """Answers questions from the index."""

    def __init__(self, index: Index, options: DnsOptions) -> None:
        self._index = index
        self._options = options
        self._zones = sorted(options.zones, key=len, reverse=True)
        self._by_type: dict[int, Callable[[Question], Found | None]] = {
            names.A: self._addresses,
            names.AAAA: self._addresses,
            names.SRV: self._services,
            names.CNAME: self._canonical_name,
            names.TXT: self._texts,
            names.PTR: self._pointers,
            names.SOA: self._authority,
            names.NS: self._name_servers,
        }

    def answer(self, name: Name, qtype: int, *, synced: bool = True) -> Answer:
        """The answer to a question of class IN; SERVFAIL until the cluster is known."""
        lowered = lower_name(name)
        zone = self._zone_of(lowered)
        if zone is None or qtype in (names.AXFR, names.IXFR):
            return Answer(names.REFUSED, authoritative=False)
        question = Question(name, qtype, name[-len(zone) :], lowered[: -len(zone)])
        authority = (start_of_authority(question.zone, self._index.serial, self._options.ttl),)
        if not synced:
            return Answer(names.SERVFAIL, authority=authority)
        found = self._by_type.get(qtype, self._nothing)(question)
        if found is None:
            return Answer(names.NXDOMAIN, authority=authority)
        if not found.records:
            return Answer(names.NOERROR, authority=authority)
        return Answer(names.NOERROR, answer=found.records, additional=found.additional)

    def has_zone_of(self, name: Name) -> bool:
        """Whether the name is in one of our zones."""
        return self._zone_of(lower_name(name)) is not None

    def _zone_of(self, lowered: Name) -> Name | None:
        return next((zone for zone in self._zones if lowered[-len(zone) :] == zone), None)

    # What a name leads to

    def _find(self, question: Question) -> list[Match] | None:
        request = parse_request(question.base)
        if request is None or (request.kind and lower_name(question.zone) in REVERSE_ZONES):
            return None
        return find(self._index, request, self._options.pods)

    def _find_or_name_server(self, question: Question) -> list[Match] | None:
        if not is_name_server(question):
            return self._find(question)
        return [Match(str(address), address, NO_PORT, question.base) for _, address in self._servers(question.zone)]

    def _servers(self, zone: Name) -> list[tuple[Name, Address]]:
        return name_servers(self._index, zone, self._options.local_addresses)

    # One function a type: Found, or None for a name that does not exist

    def _addresses(self, question: Question, chain: tuple[Name, ...] = ()) -> Found | None:
        matches = self._find_or_name_server(question)
        if matches is None:
            return None
        records: list[Record] = []
        seen: dict[Address, None] = {}
        for match in matches:
            if match.address is None:
                records += self._follow(question, parse_name(match.host), chain)
            elif _address_type(match.address) == question.type and match.address not in seen:
                seen[match.address] = None
                records.append(self._record(question.name, question.type, match.address))
        return Found(tuple(records))

    def _follow(self, question: Question, target: Name, chain: tuple[Name, ...]) -> list[Record]:
        """The alias and, for a target in the zone, what it leads to; nothing at all where that has no address."""
        if is_subdomain(question.name, target) or len(chain) > CNAME_CHAIN_MAX or target in chain:
            return []
        alias = self._record(question.name, names.CNAME, target)
        if not is_subdomain(question.zone, target):
            return [alias]
        base = lower_name(target[: -len(question.zone)])
        found = self._addresses(Question(target, question.type, question.zone, base), (*chain, target))
        return [alias, *found.records] if found is not None and found.records else []

    def _services(self, question: Question) -> Found | None:
        if is_name_server(question):
            return Found()
        matches = self._find(question)
        if matches is None:
            return None
        places = [(match, match.address) for match in matches if match.address is not None]
        # Weights are shared out before double records are left out, so they may add up to less than 100.
        weight = max(1, math.floor(100.0 / float(100 * len(places)) * 100)) if places else 1
        records: dict[tuple[Name, int], Record] = {}
        additional: dict[tuple[Name, Address], Record] = {}
        for match, address in places:
            if match.port == NO_PORT:
                continue
            target = (*match.name, *question.zone)
            if (target, match.port) not in records:
                data = ServiceTarget(0, weight, match.port, target)
                records[target, match.port] = self._record(question.name, names.SRV, data)
            if (target, address) not in additional:
                additional[target, address] = self._record(target, _address_type(address), address)
        return Found(tuple(records.values()), tuple(additional.values()))

    def _canonical_name(self, question: Question) -> Found | None:
        matches = self._find_or_name_server(question)
        if not matches or matches[0].address is not None:
            return None if matches is None else Found()
        return Found((self._record(question.name, names.CNAME, parse_name(matches[0].host)),))

    def _texts(self, question: Question) -> Found | None:
        if question.base == ("dns-version",):
            return Found((Record(question.name, names.TXT, SCHEMA_TTL_SECONDS, SCHEMA_VERSION),))
        # A name that exists without any record, as a namespace does, is NXDOMAIN for this type alone.
        return Found() if self._find(question) else None

    def _pointers(self, question: Question) -> Found | None:
        address = names.reverse_address(question.base, lower_name(question.zone))
        if address is None:
            return None if self._find(question) is None else Found()
        targets = find_pointers(self._index, address, parse_name(self._options.zone))
        return Found(tuple(self._record(question.name, names.PTR, target) for target in targets)) if targets else None

    def _authority(self, question: Question) -> Found | None:
        if question.base:
            return Found()
        return Found((start_of_authority(question.zone, self._index.serial, self._options.ttl),))

    def _name_servers(self, question: Question) -> Found | None:
        if question.base or question.zone != lower_name(question.zone):  # upstream compares with the name in lower case
            return self._nothing(question)
        servers = self._servers(question.zone)
        hosts = dict.fromkeys(host for host, _ in servers)
        return Found(
            tuple(self._record(question.name, names.NS, host) for host in hosts),
            tuple(self._record(host, _address_type(address), address) for host, address in servers),
        )

    def _nothing(self, question: Question) -> Found | None:
        return None if self._find_or_name_server(question) is None else Found()

    def _record(self, name: Name, rtype: int, data: Address | Name | ServiceTarget) -> Record:
        return Record(name, rtype, self._options.ttl, data)


def _address_type(address: Address) -> int:
    return names.A if isinstance(address, IPv4Address) else names.AAAA
