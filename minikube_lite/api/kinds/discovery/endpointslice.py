"""EndpointSlices; upstream: pkg/registry/discovery/endpointslice and pkg/apis/discovery/validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from minikube_lite.api.columns import AGE, NAME, cell_column, list_with_more, text_column
from minikube_lite.api.kinds.ip_fields import endpoint_ip, ip_family, ip_warnings, legacy_ip
from minikube_lite.machinery.addresses import is_valid_ip
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.machinery.names import (
    is_dns1123_label,
    is_dns1123_subdomain,
    is_qualified_name,
    is_valid_label_value,
    name_is_dns_subdomain,
)
from minikube_lite.schema.field import FieldError, Path, duplicate, invalid, not_supported, required, too_many
from minikube_lite.store import Object

ADDRESSES_MAX = 100
ENDPOINTS_MAX = 1000
HINTS_MAX = 8
PORTS_MAX = 20000

ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
PROTOCOLS = ("SCTP", "TCP", "UDP")

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
CONTROLLER_NAMES = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")

ENDPOINTS = Path("endpoints")

Block = IPv4Network | IPv6Network | None


class EndpointSliceStrategy(Strategy):
    """All writes."""

    has_status = False
    reset_fields = ()

    def default(self, obj: Object) -> None:
        for port in obj.get("ports") or ():
            if port.get("name") is None:
                port["name"] = ""
            if port.get("protocol") is None:
                port["protocol"] = "TCP"

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        for endpoint in obj.get("endpoints") or ():
            endpoint.pop("deprecatedTopology", None)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        yield from _own_errors(obj)
        yield from self._endpoints_errors(context, obj)

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        if obj.get("addressType") == "FQDN":
            yield "spec.addressType: FQDN endpoints are deprecated"
        yield from self.warnings_on_update(context, obj, obj)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        self.prepare_for_create(context, new)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from _own_errors(new)
        if new.get("endpoints") != old.get("endpoints"):
            yield from self._endpoints_errors(context, new)
        yield from validate_immutable_field(new.get("addressType"), old.get("addressType"), Path("addressType"))

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        if (new["metadata"].get("labels") or {}).get(MANAGED_BY) in CONTROLLER_NAMES:
            return
        for position, endpoint in enumerate(new.get("endpoints") or ()):
            for number, address in enumerate(endpoint.get("addresses") or ()):
                yield from ip_warnings(ENDPOINTS.index(position).child("addresses").index(number), address)

    def generation_changes(self, new: Object, old: Object) -> bool:
        labels = (new["metadata"].get("labels") or {}, old["metadata"].get("labels") or {})
        return labels[0] != labels[1] or super().generation_changes(new, old)

    def _endpoints_errors(self, context: RequestContext, obj: Object) -> Iterator[FieldError]:
        endpoints, block = obj.get("endpoints") or (), context.options.pod_loopback_block
        if len(endpoints) > ENDPOINTS_MAX:
            yield too_many(ENDPOINTS, len(endpoints), ENDPOINTS_MAX)
            return
        for position, endpoint in enumerate(endpoints):
            yield from _endpoint_errors(endpoint, obj.get("addressType", ""), ENDPOINTS.index(position), block)


def _own_errors(obj: Object) -> Iterator[FieldError]:
    address_type = obj.get("addressType", "")
    if not address_type:
        yield required(Path("addressType"))
    elif address_type not in ADDRESS_TYPES:
        yield not_supported(Path("addressType"), address_type, ADDRESS_TYPES)
    yield from _ports_errors(obj.get("ports") or (), Path("ports"))


def _ports_errors(ports: Sequence[Mapping[str, Any]], path: Path) -> Iterator[FieldError]:
    if len(ports) > PORTS_MAX:
        yield too_many(path, len(ports), PORTS_MAX)
        return
    names: set[str] = set()
    for position, port in enumerate(ports):
        place, name = path.index(position), port["name"]
        if name:
            for message in is_dns1123_label(name):
                yield invalid(place.child("name"), name, message)
        if name in names:
            yield duplicate(place.child("name"), name)
        names.add(name)
        if port["protocol"] not in PROTOCOLS:
            yield not_supported(place.child("protocol"), port["protocol"], PROTOCOLS)
        if port.get("appProtocol") is not None:
            for message in is_qualified_name(port["appProtocol"]):
                yield invalid(place.child("appProtocol"), port["appProtocol"], message)


def _endpoint_errors(endpoint: Mapping[str, Any], address_type: str, path: Path, block: Block) -> Iterator[FieldError]:
    addresses, place = endpoint.get("addresses") or (), path.child("addresses")
    if not addresses:
        yield required(place, "must contain at least 1 address")
    elif len(addresses) > ADDRESSES_MAX:
        yield too_many(place, len(addresses), ADDRESSES_MAX)
    for position, address in enumerate(addresses):
        if address_type == "FQDN":
            yield from domain_name_errors(address, place.index(position))
        elif address_type in ADDRESS_TYPES:
            yield from _ip_errors(address, address_type, place, position, block)
    if endpoint.get("nodeName") is not None:
        for message in name_is_dns_subdomain(endpoint["nodeName"]):
            yield invalid(path.child("nodeName"), endpoint["nodeName"], message)
    if endpoint.get("hostname") is not None:
        for message in is_dns1123_label(endpoint["hostname"]):
            yield invalid(path.child("hostname"), endpoint["hostname"], message)
    yield from _hints_errors(endpoint.get("hints") or {}, path.child("hints"))


def _ip_errors(address: str, family: str, path: Path, position: int, block: Block) -> Iterator[FieldError]:
    place = path.index(position)
    strict = (invalid(place, address, message) for message in is_valid_ip(address))
    faults = list(legacy_ip(place, address) if family == "IPv4" else strict)
    yield from faults
    if not faults:
        if ip_family(address) != family:
            yield invalid(path, address, f"must be an {family} address")
        yield from endpoint_ip(place, address, block)


def domain_name_errors(name: str, path: Path) -> Iterator[FieldError]:
    """A full DNS name, with a dot at its end or without."""
    if not name:
        yield required(path)
        return
    name = name.removesuffix(".")
    faults = is_dns1123_subdomain(name)
    if faults:
        yield invalid(path, name, ",".join(faults))
    elif "." not in name:
        yield invalid(path, name, "should be a domain with at least two segments separated by dots")
    else:
        for label in name.split("."):
            if faults := is_dns1123_label(label):
                yield invalid(path, label, ",".join(faults))
                return


def _hints_errors(hints: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    for part, check in (("forZones", is_valid_label_value), ("forNodes", name_is_dns_subdomain)):
        items, place = hints.get(part) or (), path.child(part)
        if len(items) > HINTS_MAX:
            yield too_many(place, len(items), HINTS_MAX)
            return
        names: set[str] = set()
        for position, item in enumerate(items):
            name, spot = item.get("name", ""), place.index(position).child("name")
            if name in names:
                yield duplicate(spot, name)
            names.add(name)
            yield from (invalid(spot, name, message) for message in check(name))


def ports_text(obj: Object) -> str:
    """The Ports cell."""
    return list_with_more([_port_text(port) for port in obj.get("ports") or ()])


def _port_text(port: Mapping[str, Any]) -> str:
    if port.get("port") is not None:
        return str(port["port"])
    return str(port["name"]) if port.get("name") is not None else "*"


def endpoints_text(obj: Object) -> str:
    """The Endpoints cell."""
    return list_with_more(
        [address for endpoint in obj.get("endpoints") or () for address in endpoint.get("addresses") or ()]
    )


KIND = Kind(
    group="discovery.k8s.io",
    plural="endpointslices",
    strategy=EndpointSliceStrategy(),
    columns=(
        NAME,
        text_column(
            "AddressType", "addressType", description=FieldText("io.k8s.api.discovery.v1.EndpointSlice", "addressType")
        ),
        cell_column("Ports", ports_text, description=FieldText("io.k8s.api.discovery.v1.EndpointSlice", "ports")),
        cell_column(
            "Endpoints", endpoints_text, description=FieldText("io.k8s.api.discovery.v1.EndpointSlice", "endpoints")
        ),
        AGE,
    ),
)
