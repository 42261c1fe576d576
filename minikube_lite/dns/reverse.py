"""The names of an address; upstream: plugin/kubernetes/reverse.go."""

from __future__ import annotations

from minikube_lite.dns.index import Index
from minikube_lite.dns.names import Address, Name


def find_pointers(index: Index, address: Address, zone: Name) -> list[Name]:
    """The service with that cluster IP, or else every ready endpoint with that address, each name once."""
    service = index.service_by_address(address)
    if service is not None:
        return [(service.name, service.namespace, "svc", *zone)]
    found = [
        (entry.name, endpoint_slice.service, endpoint_slice.namespace, "svc", *zone)
        for endpoint_slice in index.endpoint_slices_by_address(address)
        if endpoint_slice.service
        for entry in endpoint_slice.addresses
        if entry.address == address
    ]
    return list(dict.fromkeys(found))
