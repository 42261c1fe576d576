"""From Services and their slices to the ports that lead somewhere, and the endpoints behind each: pure.

Upstream: pkg/proxy (serviceport.go, endpointslicecache.go, topology.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from minikube_lite.store import Object

AFFINITY_SECONDS_DEFAULT = 10800

Kind = Literal["internal", "external", "node"]
"""How a port was reached: by a cluster IP, by an address from outside the cluster, or by a node's."""


class PortKey(NamedTuple):
    """Where a Service is found; the address of a node port is "", which is any node's."""

    address: str
    port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Backend:
    """An endpoint of one port of a Service."""

    ip: str
    port: int
    node: str
    ready: bool
    serving: bool
    terminating: bool


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a Service, with its endpoints."""

    name: str
    backends: Sequence[Backend]
    internal_local: bool
    external_local: bool
    affinity_seconds: int
    """How long a client keeps its endpoint; 0 for each connection anew."""

    def reachable(self, kind: Kind, node: str) -> tuple[Sequence[Backend], bool]:
        """The endpoints to choose from on a node, and whether the Service has any that could be used at all."""
        anywhere = _usable(self.backends)
        local_only = self.internal_local if kind == "internal" else self.external_local and kind == "node"
        if not local_only:
            return anywhere, bool(anywhere)
        return _usable([backend for backend in self.backends if backend.node == node]), bool(anywhere)


def _usable(backends: Sequence[Backend]) -> Sequence[Backend]:
    """Those that are ready, else those that still serve while they end."""
    ready = [backend for backend in backends if backend.ready]
    return ready or [backend for backend in backends if backend.serving and backend.terminating]


def service_rules(service: Object, slices: Iterable[Object]) -> dict[PortKey, tuple[Kind, ServicePort]]:
    """Everything by which a Service is reached."""
    spec, metadata = service["spec"], service["metadata"]
    addresses = [address for address in spec.get("clusterIPs") or [spec.get("clusterIP", "")] if _is_address(address)]
    if not addresses or spec.get("type") == "ExternalName":
        return {}
    outside = [*(spec.get("externalIPs") or ()), *_load_balancer_addresses(service)]
    found = list(slices)
    rules: dict[PortKey, tuple[Kind, ServicePort]] = {}
    for port in spec.get("ports") or ():
        protocol, number = port.get("protocol", "TCP"), port["port"]
        entry = ServicePort(
            name=f"{metadata['namespace']}/{metadata['name']}:{port.get('name', '')}",
            backends=list(_backends(found, port.get("name", ""), protocol)),
            internal_local=spec.get("internalTrafficPolicy") == "Local",
            external_local=spec.get("externalTrafficPolicy") == "Local",
            affinity_seconds=_affinity_seconds(spec),
        )
        for address in addresses:
            rules[PortKey(address, number, protocol)] = "internal", entry
        for address in outside:
            rules[PortKey(address, number, protocol)] = "external", entry
        if port.get("nodePort"):
            rules[PortKey("", port["nodePort"], protocol)] = "node", entry
    return rules


def _is_address(address: str) -> bool:
    return address not in ("", "None")


def _load_balancer_addresses(service: Object) -> Iterator[str]:
    for ingress in service.get("status", {}).get("loadBalancer", {}).get("ingress") or ():
        if ingress.get("ip") and ingress.get("ipMode", "VIP") == "VIP":
            yield ingress["ip"]


def _affinity_seconds(spec: Object) -> int:
    if spec.get("sessionAffinity") != "ClientIP":
        return 0
    chosen = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    return int(chosen.get("timeoutSeconds") or AFFINITY_SECONDS_DEFAULT)


def _backends(slices: Iterable[Object], name: str, protocol: str) -> Iterator[Backend]:
    """The endpoints that serve a port, each once."""
    seen: dict[tuple[str, int], None] = {}
    for endpoint_slice in slices:
        for port in endpoint_slice.get("ports") or ():
            if port.get("name", "") != name or port.get("protocol", "TCP") != protocol or not port.get("port"):
                continue
            for endpoint in endpoint_slice.get("endpoints") or ():
                key = endpoint["addresses"][0], port["port"]
                if key in seen:
                    continue
                seen[key] = None
                conditions = endpoint.get("conditions") or {}
                ready = conditions.get("ready", True) is not False
                yield Backend(
                    *key,
                    node=endpoint.get("nodeName", ""),
                    ready=ready,
                    serving=conditions.get("serving", ready) is not False,
                    terminating=bool(conditions.get("terminating")),
                )
