"""Helpers for the DNS tests: objects as the API server stores them, a server fed with them, answers as zone files."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from dnslib import DNSRecord

from minikube_lite.clock import Clock
from minikube_lite.dns import names
from minikube_lite.dns.names import format_name
from minikube_lite.dns.options import DnsOptions
from minikube_lite.dns.plugin import DnsServer
from minikube_lite.dns.question import Authority, Record, ServiceTarget
from minikube_lite.dns.records import Answer
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.resources import ENDPOINT_SLICES, NAMESPACES, PODS, SERVICES, GroupVersionResource

Object = dict[str, Any]
Handler = Callable[[Object | None, Object | None], None]

DNS_CASES = Path(__file__).resolve().parent.parent / "golden" / "dns-cases"
RESOURCES = {"Namespace": NAMESPACES, "Service": SERVICES, "EndpointSlice": ENDPOINT_SLICES, "Pod": PODS}


TYPES = {getattr(names, name): name for name in ("A", "NS", "CNAME", "SOA", "PTR", "TXT", "AAAA", "SRV")}
RCODES = {getattr(names, name): name for name in ("NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED")}


class FeedInformer:
    """An informer that is told what to say."""

    def __init__(self) -> None:
        self.synced = True
        self.objects: dict[tuple[str, str], Object] = {}
        self._handlers: list[Handler] = []

    def add_handler(self, handler: Handler) -> None:
        self._handlers.append(handler)

    def put(self, obj: Object) -> None:
        key = (obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        old = self.objects.get(key)
        self.objects[key] = obj
        for handler in self._handlers:
            handler(old, obj)

    def remove(self, namespace: str, name: str) -> None:
        old = self.objects.pop((namespace, name))
        for handler in self._handlers:
            handler(old, None)


class Feed:
    """Informers that are told what to say, and the DNS server that listens to them."""

    def __init__(self, options: DnsOptions) -> None:
        self.informers: dict[GroupVersionResource, FeedInformer] = {}
        self.clock = Clock("stepped", seed=7)
        self.server = DnsServer(cast("Informers", self), self.clock, options)

    def informer(self, resource: GroupVersionResource) -> FeedInformer:
        return self.informers.setdefault(resource, FeedInformer())

    def put(self, *objects: Object) -> None:
        for obj in objects:
            self.informer(RESOURCES[obj["kind"]]).put(obj)

    def remove(self, kind: str, namespace: str, name: str) -> None:
        self.informer(RESOURCES[kind]).remove(namespace, name)

    def lookup(self, question: str) -> str:
        """The answer to `NAME TYPE` as zone-file text; a type that has no name here is written as a number."""
        name, kind = question.split()
        return zone_file(self.server.resolve(name, int(kind) if kind.isdigit() else getattr(names, kind)))

    def ask(self, query: bytes, *, tcp: bool = False) -> DNSRecord:
        reply = self.server.reply(bytes(query), tcp)
        assert reply is not None
        return DNSRecord.parse(reply)


def zone_line(record: Record) -> str:
    """The record as zone files write it, without the class; an SOA's serial is left out."""
    match record.data:
        case ServiceTarget(priority, weight, port, target):
            data = f"{priority} {weight} {port} {format_name(target)}"
        case Authority() as soa:
            times = f"{soa.refresh} {soa.retry} {soa.expire} {soa.minimum}"
            data = f"{format_name(soa.primary)} {format_name(soa.mailbox)} SERIAL {times}"
        case str(text):
            data = f'"{text}"'
        case tuple(target):
            data = format_name(target)
        case address:
            data = str(address)
    return f"{format_name(record.name)} {record.ttl} {TYPES[record.type]} {data}"


def zone_file(answer: Answer) -> str:
    """The answer as text: the code, then the records of each section, sorted, `;` before the later sections."""
    lines = [RCODES[answer.rcode], *sorted(map(zone_line, answer.answer))]
    lines += [f";authority {line}" for line in sorted(map(zone_line, answer.authority))]
    lines += [f";additional {line}" for line in sorted(map(zone_line, answer.additional))]
    return "\n".join(lines)


def default(objects: Iterable[Object]) -> list[Object]:
    """The objects with what the API server would have added: cluster IPs and protocols."""
    addresses = (f"10.96.1.{last}" for last in itertools.count(1))
    defaulted = []
    for obj in objects:
        ports = (obj if obj["kind"] == "EndpointSlice" else obj.get("spec") or {}).get("ports") or []
        for port in ports:
            port.setdefault("protocol", "TCP")
        spec = obj.get("spec") or {}
        if obj["kind"] == "Service" and spec.get("type") != "ExternalName":
            spec.setdefault("clusterIPs", [spec.setdefault("clusterIP", next(addresses))])
        defaulted.append(obj)
    return defaulted


@pytest.fixture
def make_feed() -> Callable[..., Feed]:
    """A server fed with the objects of a YAML text."""

    def make(manifests: str = "", **options: Any) -> Feed:
        feed = Feed(DnsOptions(**options))
        feed.put(*default(yaml.safe_load_all(manifests)))
        return feed

    return make


@pytest.fixture
def parse_manifests() -> Callable[[str], list[Object]]:
    """The objects of a YAML text, with what the API server would have added."""
    return lambda manifests: default(yaml.safe_load_all(manifests))


@pytest.fixture
def golden(make_feed: Callable[..., Feed]) -> Feed:
    """A server fed with the fixture of the recorded answers."""
    return make_feed((DNS_CASES / "fixture.yaml").read_text())
