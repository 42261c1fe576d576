"""The zone itself: its SOA record and its name servers; upstream: plugin/kubernetes/ns.go, plugin/backend_lookup.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minikube_lite.dns import names
from minikube_lite.dns.index import Index, Service
from minikube_lite.dns.names import Address, Name, lower_name
from minikube_lite.dns.question import Authority, Question, Record

NAME_SERVER: Name = ("ns", "dns")
DNS_SERVICE = ("kube-system", "kube-dns")
"""The Service that kubeadm puts before CoreDNS."""
SOA_TTL_SECONDS_MAX = 300
REFRESH_SECONDS, RETRY_SECONDS, EXPIRE_SECONDS = 7200, 1800, 86400


def start_of_authority(zone: Name, serial: int, ttl: int) -> Record:
    """The zone's SOA record."""
    data = Authority(
        (*NAME_SERVER, *zone),
        ("hostmaster", *zone),
        serial,
        REFRESH_SECONDS,
        RETRY_SECONDS,
        EXPIRE_SECONDS,
        minimum=ttl,
    )
    return Record(zone, names.SOA, min(ttl, SOA_TTL_SECONDS_MAX), data)


def is_name_server(question: Question) -> bool:
    """Whether the name is `ns.dns.<zone>`, or begins with it; upstream finds it only where the zone is asked in lower case."""
    base, zone = question.base, question.zone
    return base[:2] == NAME_SERVER and zone == lower_name(zone) and base[2 : 2 + len(zone)] in ((), zone)


def name_servers(index: Index, zone: Name, local_addresses: Sequence[Address]) -> list[tuple[Name, Address]]:
    """The zone's servers: the Services before our addresses, or the cluster's DNS Service, or we ourselves."""
    services = [
        service
        for address in local_addresses
        for endpoint_slice in index.endpoint_slices_by_address(address)
        if (service := index.service(endpoint_slice.namespace, endpoint_slice.service)) is not None
    ]
    if not services and (service := index.service(*DNS_SERVICE)) is not None:
        services = [service]
    found = [(name, address) for service in services for name, address in _hosts(index, service, zone)]
    if not found:
        found = [((*NAME_SERVER, *zone), address) for address in local_addresses]
    return list(dict.fromkeys(found))


def _hosts(index: Index, service: Service, zone: Name) -> Iterator[tuple[Name, Address]]:
    name = (service.name, service.namespace, "svc", *zone)
    if not service.headless:
        yield from ((name, address) for address in service.cluster_ips)
        return
    for endpoint_slice in index.endpoint_slices(service.namespace, service.name):
        for entry in endpoint_slice.addresses:
            if entry.address is not None:
                yield (entry.name, *name), entry.address
