"""The subsets of Endpoints: pure functions; upstream: pkg/controller/endpoint, pkg/api/v1/endpoints.

Where upstream orders ports and subsets by a hash, they are ordered by what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil

from minikube_lite.controllers.endpointslice.membership import (
    address_types,
    find_port,
    has_cluster_ip,
    is_in_endpoints,
    pod_ips,
    sets_hostname,
)
from minikube_lite.machinery.meta import is_pod_ready
from minikube_lite.store import Object

ADDRESSES_MAX = 1000
"""So many addresses an Endpoints object has at most."""

AddressKey = tuple[str, str]
"""IP and UID: the same address may stand for several pods."""
PortKey = tuple[str, str, int, str]

NO_PORT: PortKey = ("", "", -1, "")
"""Stands for the ports of addresses that have none."""


def desired_subsets(service: Object, pods: Iterable[Object]) -> list[Object]:
    """The subsets of a Service, in canonical form."""
    return repack(_plain_subsets(service, pods))


def _plain_subsets(service: Object, pods: Iterable[Object]) -> Iterator[Object]:
    spec = service["spec"]
    publish_not_ready = bool(spec.get("publishNotReadyAddresses"))
    for pod in pods:
        if not is_in_endpoints(pod, include_terminating=publish_not_ready):
            continue
        address = _address(service, pod)
        if address is None:
            continue
        part = "addresses" if publish_not_ready or is_pod_ready(pod) else "notReadyAddresses"
        if not spec.get("ports") and not has_cluster_ip(service):
            yield {part: [address]}
        for service_port in spec.get("ports") or ():
            number = find_port(pod, service_port)
            if number is not None:
                yield {part: [address], "ports": [_port(service_port, number)]}


def _address(service: Object, pod: Object) -> Object | None:
    metadata, spec = pod["metadata"], pod["spec"]
    wants_ipv6 = address_types(service)[0] == "IPv6"
    ip = next((ip for ip in pod_ips(pod) if (":" in ip) == wants_ipv6), None)
    if ip is None:
        return None
    address: Object = {"ip": ip}
    if sets_hostname(pod, service):
        address["hostname"] = spec["hostname"]
    if spec.get("nodeName"):
        address["nodeName"] = spec["nodeName"]
    address["targetRef"] = {
        "kind": "Pod",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    return address


def _port(service_port: Object, number: int) -> Object:
    port: Object = {"port": number, "protocol": service_port.get("protocol", "TCP")}
    if service_port.get("name"):
        port["name"] = service_port["name"]
    if service_port.get("appProtocol") is not None:
        port["appProtocol"] = service_port["appProtocol"]
    return port


def _port_key(port: Object) -> PortKey:
    return port.get("name", ""), port.get("protocol", "TCP"), port.get("port", 0), port.get("appProtocol", "")


def _address_key(address: Object) -> AddressKey:
    return address["ip"], (address.get("targetRef") or {}).get("uid", "")


def repack(subsets: Iterable[Object]) -> list[Object]:
    """The same in canonical form: addresses that offer the same ports stand together.

    One that is somewhere not ready is not ready.
    """
    addresses: dict[AddressKey, Object] = {}
    ports: dict[PortKey, Object] = {}
    ready: dict[PortKey, dict[AddressKey, bool]] = {}
    for subset in subsets:
        for port in subset.get("ports") or (None,):
            port_key = NO_PORT if port is None else _port_key(port)
            if port is not None:
                ports.setdefault(port_key, port)
            states = ready.setdefault(port_key, {})
            for part, is_ready in (("addresses", True), ("notReadyAddresses", False)):
                for address in subset.get(part) or ():
                    key = _address_key(address)
                    addresses.setdefault(key, address)
                    states[key] = states.get(key, True) and is_ready
    together: dict[tuple[AddressKey, ...], list[PortKey]] = {}
    for port_key, states in ready.items():
        together.setdefault(tuple(sorted(states)), []).append(port_key)
    packed = []
    for keys, port_keys in sorted(together.items(), key=lambda item: (sorted(item[1]), item[0])):
        states = {key: all(ready[port_key][key] for port_key in port_keys) for key in keys}
        packed.append(_subset(states, addresses, [ports[key] for key in sorted(port_keys) if key != NO_PORT]))
    return packed


def _subset(states: dict[AddressKey, bool], addresses: dict[AddressKey, Object], ports: list[Object]) -> Object:
    parts = {
        "addresses": [addresses[key] for key, is_ready in states.items() if is_ready],
        "notReadyAddresses": [addresses[key] for key, is_ready in states.items() if not is_ready],
        "ports": ports,
    }
    return {name: items for name, items in parts.items() if items}


def count_addresses(subsets: Iterable[Object]) -> tuple[int, int]:
    """How many are ready, and how many are not."""
    ready = not_ready = 0
    for subset in subsets:
        ready += len(subset.get("addresses") or ())
        not_ready += len(subset.get("notReadyAddresses") or ())
    return ready, not_ready


def truncate(subsets: list[Object]) -> tuple[list[Object], bool]:
    """At most ADDRESSES_MAX addresses, ready ones first, in the proportions of the subsets; and if some were left out."""
    ready, not_ready = count_addresses(subsets)
    if ready + not_ready <= ADDRESSES_MAX:
        return subsets, False
    part, total, room = "notReadyAddresses", not_ready, ADDRESSES_MAX - ready
    if ready > ADDRESSES_MAX:
        part, total, room = "addresses", ready, ADDRESSES_MAX
    left, result = room, []
    for subset in subsets:
        share = min(ceil(len(subset.get(part) or ()) * room / total), left)
        kept = (subset.get(part) or [])[:share]
        left -= len(kept)
        parts = {**subset, part: kept}
        if part == "addresses":
            parts["notReadyAddresses"] = []
        cut = {name: items for name, items in parts.items() if items}
        if "addresses" in cut or "notReadyAddresses" in cut:
            result.append(cut)
    return result, True
