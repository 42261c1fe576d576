"""All records of the zone, as a zone transfer tells them; upstream: plugin/kubernetes/xfr.go, plugin/transfer.

Pods and reverse zones have no part in it, as upstream. Where upstream would tell all Services again for each further
name server, they are told once.
"""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.dns import names
from minikube_lite.dns.apex import name_servers, start_of_authority
from minikube_lite.dns.index import NO_PORT, Index, Service
from minikube_lite.dns.message import TCP_BYTES_MAX, pack_header, pack_record
from minikube_lite.dns.names import Address, Name, lower_name, parse_name
from minikube_lite.dns.options import DnsOptions
from minikube_lite.dns.query import AA, HEADER_BYTES, QR, Query
from minikube_lite.dns.question import Record, ServiceTarget

WEIGHT = 100
RECORDS_A_MESSAGE = 500


def zone_records(index: Index, options: DnsOptions) -> Iterator[Record]:
    """The SOA record, the name servers, each Service by name, and the SOA record again."""
    zone = parse_name(options.zone)
    authority = start_of_authority(zone, index.serial, options.ttl)
    yield authority
    servers = name_servers(index, zone, options.local_addresses)
    for name in dict.fromkeys(name for name, _ in servers):
        yield Record(zone, names.NS, options.ttl, name)
    for name, address in servers:
        yield _address(name, address, options.ttl)
    for service in sorted(index.services(), key=lambda service: (service.name, service.namespace)):
        yield from _service_records(index, service, zone, options.ttl)
    yield authority


def _address(name: Name, address: Address, ttl: int) -> Record:
    return Record(name, names.A if address.version == 4 else names.AAAA, ttl, address)


def _service_records(index: Index, service: Service, zone: Name, ttl: int) -> Iterator[Record]:
    name = (service.name, service.namespace, "svc", *zone)
    if service.external_name is not None:
        if names.parse_address(service.external_name) is None:
            yield Record(name, names.CNAME, ttl, parse_name(service.external_name))
        return
    if service.headless:
        yield from _endpoint_records(index, service, name, ttl)
        return
    for address in service.cluster_ips:
        yield _address(name, address, ttl)
    for port in service.ports if service.cluster_ips else ():
        if port.port == NO_PORT:
            continue
        target = ServiceTarget(0, WEIGHT, port.port, name)
        yield Record(name, names.SRV, ttl, target)
        if port.name:
            yield Record((f"_{port.name.lower()}", f"_{port.protocol.lower()}", *name), names.SRV, ttl, target)


def _endpoint_records(index: Index, service: Service, name: Name, ttl: int) -> Iterator[Record]:
    for endpoint_slice in index.endpoint_slices(service.namespace, service.name):
        weight = max(1, WEIGHT // max(1, len(endpoint_slice.addresses)))
        for entry in endpoint_slice.addresses:
            if entry.address is None:
                continue
            host = (entry.name, *name)
            yield _address(name, entry.address, ttl)
            yield _address(host, entry.address, ttl)
            for port in endpoint_slice.ports:
                if port.name:
                    owner = (f"_{port.name.lower()}", f"_{port.protocol.lower()}", *name)
                    yield Record(owner, names.SRV, ttl, ServiceTarget(0, weight, port.port, host))


def transfer(query: Query, index: Index, options: DnsOptions) -> list[bytes] | None:
    """The messages that answer an AXFR or IXFR for the zone; None where another name is asked for."""
    if lower_name(query.name) != parse_name(options.zone.lower()):
        return None
    records = list(zone_records(index, options))
    if query.type == names.IXFR and query.serial == index.serial:
        records = records[:1]
    messages: list[bytes] = []
    part: list[bytes] = []
    room = TCP_BYTES_MAX - HEADER_BYTES - len(query.question)
    for packed in (pack_record(record, {}) for record in records):
        if len(part) >= RECORDS_A_MESSAGE or sum(map(len, part)) + len(packed) > room:
            messages.append(_message(query, part))
            part = []
        part.append(packed)
    return [*messages, _message(query, part)]


def _message(query: Query, records: list[bytes]) -> bytes:
    return b"".join((pack_header(query, QR | AA, len(records), 0, 0), query.question, *records))
