"""Services, endpoint slices, namespaces and pods, stripped to what DNS needs and found by name and address.

Upstream: plugin/kubernetes/controller.go and object/. Objects are read once, when they are put; keys are in lower case.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from minikube_lite.dns.names import Address, dashed_address, parse_address
from minikube_lite.store import Object

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
NO_PORT = -1
"""The port of what declares none: it answers for addresses, but never in an SRV record."""

Key = tuple[str, str]
"""Namespace and name."""
Place = TypeVar("Place", bound=Hashable)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a service or of an endpoint slice."""

    name: str
    port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service."""

    name: str
    namespace: str
    cluster_ips: tuple[Address, ...]
    headless: bool
    external_name: str | None
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class EndpointAddress:
    """An address of a ready endpoint, None where the text is no IP address; `name` is the endpoint's own label."""

    text: str
    address: Address | None
    name: str


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """The ready addresses of a slice and its ports."""

    service: str
    namespace: str
    addresses: tuple[EndpointAddress, ...]
    ports: tuple[Port, ...]


class Index:
    """What DNS knows of the cluster.

    `generation` counts every change that may alter an answer; `serial` is the unix time of the last one that upstream
    writes into the SOA record (not of namespaces).
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.generation = 0
        self.serial = 0
        self._now = now
        self._namespaces: dict[str, None] = {}
        self._services: dict[Key, Service] = {}
        self._services_by_address: dict[Address, dict[Key, Service]] = {}
        self._slices: dict[Key, EndpointSlice] = {}
        self._slices_by_service: dict[Key, dict[Key, EndpointSlice]] = {}
        self._slices_by_address: dict[Address, dict[Key, EndpointSlice]] = {}
        self._pods: dict[Key, Address] = {}
        self._pods_by_address: dict[Address, dict[Key, None]] = {}

    # Reading

    def has_namespace(self, namespace: str) -> bool:
        """Whether the namespace exists."""
        return namespace in self._namespaces

    def service(self, namespace: str, name: str) -> Service | None:
        """The service of that name."""
        return self._services.get((namespace, name))

    def services(self) -> list[Service]:
        """All services of namespaces that exist."""
        return [service for service in self._services.values() if service.namespace in self._namespaces]

    def service_by_address(self, address: Address) -> Service | None:
        """The service with that cluster IP."""
        found = self._services_by_address.get(address)
        return found[min(found)] if found else None

    def endpoint_slices(self, namespace: str, service: str) -> list[EndpointSlice]:
        """The slices of a service, by name."""
        found = self._slices_by_service.get((namespace, service), {})
        return [found[key] for key in sorted(found)]

    def endpoint_slices_by_address(self, address: Address) -> list[EndpointSlice]:
        """The slices that hold the address among their ready ones, by namespace and name."""
        found = self._slices_by_address.get(address, {})
        return [found[key] for key in sorted(found)]

    def has_pod(self, namespace: str, address: Address) -> bool:
        """Whether a pod of the namespace has the address."""
        return any(key[0] == namespace for key in self._pods_by_address.get(address, ()))

    # Following the cluster

    def put_namespace(self, obj: Object) -> None:
        """A namespace is there."""
        name = obj["metadata"]["name"].lower()
        if name not in self._namespaces:
            self._namespaces[name] = None
            self.generation += 1

    def remove_namespace(self, obj: Object) -> None:
        """A namespace is gone."""
        name = obj["metadata"]["name"].lower()
        if name in self._namespaces:
            del self._namespaces[name]
            self.generation += 1

    def put_service(self, obj: Object) -> None:
        """A service is there, or has changed."""
        self._replace_service(_key(obj), strip_service(obj))

    def remove_service(self, obj: Object) -> None:
        """A service is gone."""
        self._replace_service(_key(obj), None)

    def put_endpoint_slice(self, obj: Object) -> None:
        """An endpoint slice is there, or has changed."""
        self._replace_slice(_key(obj), strip_endpoint_slice(obj))

    def remove_endpoint_slice(self, obj: Object) -> None:
        """An endpoint slice is gone."""
        self._replace_slice(_key(obj), None)

    def put_pod(self, obj: Object) -> None:
        """A pod is there, or has changed; one that terminates stays as it was until it is gone, as upstream."""
        if "deletionTimestamp" in obj["metadata"]:
            return
        status = obj.get("status") or {}
        finished = status.get("phase") in ("Succeeded", "Failed", "Unknown")
        self._replace_pod(_key(obj), None if finished else parse_address(status.get("podIP") or ""))

    def remove_pod(self, obj: Object) -> None:
        """A pod is gone."""
        self._replace_pod(_key(obj), None)

    def _replace_service(self, key: Key, new: Service | None) -> None:
        old = self._services.get(key)
        if old == new:
            return
        if old is not None:
            del self._services[key]
            _drop(self._services_by_address, old.cluster_ips, key)
        if new is not None:
            self._services[key] = new
            _enter(self._services_by_address, new.cluster_ips, key, new)
        self._modified()

    def _replace_slice(self, key: Key, new: EndpointSlice | None) -> None:
        old = self._slices.get(key)
        if old == new:
            return
        if old is not None:
            del self._slices[key]
            _drop(self._slices_by_service, [(old.namespace, old.service)], key)
            _drop(self._slices_by_address, _addresses(old), key)
        if new is not None:
            self._slices[key] = new
            _enter(self._slices_by_service, [(new.namespace, new.service)], key, new)
            _enter(self._slices_by_address, _addresses(new), key, new)
        self._modified()

    def _replace_pod(self, key: Key, new: Address | None) -> None:
        old = self._pods.get(key)
        if old == new:
            return
        if old is not None:
            del self._pods[key]
            _drop(self._pods_by_address, [old], key)
        if new is not None:
            self._pods[key] = new
            _enter(self._pods_by_address, [new], key, None)
        self._modified()

    def _modified(self) -> None:
        self.generation += 1
        self.serial = int(self._now())


def strip_service(obj: Object) -> Service:
    """What DNS needs of a Service."""
    spec = obj.get("spec") or {}
    cluster_ips = spec.get("clusterIPs") or [spec.get("clusterIP") or ""]
    addresses = (parse_address(text) for text in cluster_ips)
    namespace, name = _key(obj)
    return Service(
        name=name,
        namespace=namespace,
        cluster_ips=tuple(address for address in addresses if address is not None),
        headless=cluster_ips[0] == "None",
        external_name=spec.get("externalName", "") if spec.get("type") == "ExternalName" else None,
        ports=_ports(spec.get("ports")),
    )


def strip_endpoint_slice(obj: Object) -> EndpointSlice:
    """What DNS needs of an EndpointSlice: the addresses whose condition ready is true, or not said."""
    addresses = []
    for endpoint in obj.get("endpoints") or ():
        if (endpoint.get("conditions") or {}).get("ready") is False:
            continue
        for text in endpoint.get("addresses") or ():
            address = parse_address(text)
            canonical = text if address is None else str(address)
            addresses.append(EndpointAddress(canonical, address, endpoint.get("hostname") or dashed_address(text)))
    namespace, _ = _key(obj)
    service = (obj["metadata"].get("labels") or {}).get(SERVICE_NAME_LABEL, "").lower()
    return EndpointSlice(service, namespace, tuple(addresses), _ports(obj.get("ports")))


def _ports(ports: list[Object] | None) -> tuple[Port, ...]:
    return tuple(
        Port(port.get("name") or "", NO_PORT if port.get("port") is None else port["port"], port.get("protocol") or "")
        for port in ports or [{}]
    )


def _key(obj: Object) -> Key:
    metadata = obj["metadata"]
    return metadata["namespace"].lower(), metadata["name"].lower()


def _addresses(endpoint_slice: EndpointSlice) -> Iterable[Address]:
    return [entry.address for entry in endpoint_slice.addresses if entry.address is not None]


def _enter(table: dict[Place, dict[Key, Value]], places: Iterable[Place], key: Key, value: Value) -> None:
    for place in places:
        table.setdefault(place, {})[key] = value


def _drop(table: dict[Place, dict[Key, Value]], places: Iterable[Place], key: Key) -> None:
    for place in places:
        found = table.get(place)
        if found is not None:  # an address may be there twice
            found.pop(key, None)
            if not found:
                del table[place]
