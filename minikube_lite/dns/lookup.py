"""The services, endpoints and pods that a request names; upstream: plugin/kubernetes/kubernetes.go.

A lookup returns its matches, none for a name that exists without data, or None for a name that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from minikube_lite.dns.index import NO_PORT, Index, Port, Service
from minikube_lite.dns.names import Address, Name, parse_address, undashed_address
from minikube_lite.dns.options import PodsMode
from minikube_lite.dns.parse import RecordRequest


@dataclass(frozen=True, slots=True)
class Match:
    """One place that a name leads to: an address, or the other name `host`; and its own name relative to the zone."""

    host: str
    address: Address | None
    port: int
    name: Name


def find(index: Index, request: RecordRequest, pods: PodsMode) -> list[Match] | None:
    """What the request names."""
    if not request.namespace:
        return []
    if not index.has_namespace(request.namespace):
        return None
    return find_pods(index, request, pods) if request.kind == "pod" else find_services(index, request)


def find_pods(index: Index, request: RecordRequest, pods: PodsMode) -> list[Match] | None:
    """The pod with the address that the request spells."""
    if pods == "disabled":
        return None
    if not request.service:
        return []
    address = undashed_address(request.service)
    if address is None or (pods == "verified" and not index.has_pod(request.namespace, address)):
        return None
    return [Match(str(address), address, 0, (request.service, request.namespace, "pod"))]


def find_services(index: Index, request: RecordRequest) -> list[Match] | None:
    """The service, or those of its endpoints that the request names."""
    if not request.service:
        return []
    service = index.service(request.namespace, request.service)
    if service is None:
        return None
    if service.external_name is not None:
        return _external(service, request)
    if service.headless or request.endpoint:
        return list(_endpoints(index, service, request)) or None
    ports = [port for port in service.ports if _matches(request, port)]
    if not ports:
        return None
    name = (service.name, service.namespace, "svc")
    return [Match(str(address), address, port.port, name) for port in ports for address in service.cluster_ips]


def _external(service: Service, request: RecordRequest) -> list[Match] | None:
    assert service.external_name is not None
    if request.endpoint or request.port or request.protocol:
        return None
    if parse_address(service.external_name) is not None:
        return None
    return [Match(service.external_name, None, NO_PORT, (service.name, service.namespace, "svc"))]


def _endpoints(index: Index, service: Service, request: RecordRequest) -> Iterator[Match]:
    for endpoint_slice in index.endpoint_slices(service.namespace, service.name):
        ports = [port for port in endpoint_slice.ports if _matches(request, port)]
        for entry in endpoint_slice.addresses if ports else ():
            if request.endpoint and request.endpoint != entry.name.lower():
                continue
            name = (entry.name, service.name, service.namespace, "svc")
            for port in ports:
                yield Match(entry.text, entry.address, port.port, name)


def _matches(request: RecordRequest, port: Port) -> bool:
    return request.port in ("", port.name.lower()) and request.protocol in ("", port.protocol.lower())
