"""Endpoints, the older form of EndpointSlices; upstream: pkg/registry/core/endpoint and ValidateEndpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from minikube_lite.api.columns import AGE, LIST_ITEMS_SHOWN_MAX, NAME, NONE, cell_column
from minikube_lite.api.kinds.ip_fields import endpoint_ip, ip_warnings, legacy_ip
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.names import is_dns1123_label, is_qualified_name, is_valid_port_num, name_is_dns_subdomain
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required
from minikube_lite.store import Object

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
CONTROLLER_NAME = "endpoint-controller"
PROTOCOLS = ("SCTP", "TCP", "UDP")

Block = IPv4Network | IPv6Network | None


class EndpointsStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    allow_create_on_update = True
    reset_fields = ()

    def default(self, obj: Object) -> None:
        for subset in obj.get("subsets") or ():
            for port in subset.get("ports") or ():
                port["protocol"] = port.get("protocol") or "TCP"

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        return _subsets_errors(obj.get("subsets") or (), Path("subsets"), context.options.pod_loopback_block)

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        if (obj["metadata"].get("labels") or {}).get(MANAGED_BY) == CONTROLLER_NAME:
            return
        for position, subset in enumerate(obj.get("subsets") or ()):
            for part in ("addresses", "notReadyAddresses"):
                for number, address in enumerate(subset.get(part) or ()):
                    place = Path("subsets").index(position).child(part).index(number).child("ip")
                    yield from ip_warnings(place, address.get("ip", ""))

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        if (new.get("subsets") or []) != (old.get("subsets") or []):
            yield from self.validate(context, new)

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        return self.warnings_on_create(context, new)


def _subsets_errors(subsets: Iterable[Mapping[str, Any]], path: Path, block: Block) -> Iterator[FieldError]:
    for position, subset in enumerate(subsets):
        place = path.index(position)
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield required(place, "must specify `addresses` or `notReadyAddresses`")
        for part in ("addresses", "notReadyAddresses"):
            for number, address in enumerate(subset.get(part) or ()):
                yield from _address_errors(address, place.child(part).index(number), block)
        ports = subset.get("ports") or ()
        for number, port in enumerate(ports):
            yield from _port_errors(port, len(ports) > 1, place.child("ports").index(number))


def _address_errors(address: Mapping[str, Any], path: Path, block: Block) -> Iterator[FieldError]:
    ip = address.get("ip", "")
    yield from legacy_ip(path.child("ip"), ip)
    if address.get("hostname"):
        for message in is_dns1123_label(address["hostname"]):
            yield invalid(path.child("hostname"), address["hostname"], message)
    if address.get("nodeName") is not None:
        for message in name_is_dns_subdomain(address["nodeName"]):
            yield invalid(path.child("nodeName"), address["nodeName"], message)
    yield from endpoint_ip(path.child("ip"), ip, block)


def _port_errors(port: Mapping[str, Any], require_name: bool, path: Path) -> Iterator[FieldError]:
    name = port.get("name", "")
    if name:
        for message in is_dns1123_label(name):
            yield invalid(path.child("name"), name, message)
    elif require_name:
        yield required(path.child("name"))
    for message in is_valid_port_num(port.get("port", 0)):
        yield invalid(path.child("port"), port.get("port", 0), message)
    if port["protocol"] not in PROTOCOLS:
        yield not_supported(path.child("protocol"), port["protocol"], PROTOCOLS)
    if port.get("appProtocol") is not None:
        for message in is_qualified_name(port["appProtocol"]):
            yield invalid(path.child("appProtocol"), port["appProtocol"], message)


def endpoints_text(obj: Object) -> str:
    """The Endpoints cell: ready addresses with their ports."""
    if not obj.get("subsets"):
        return NONE
    shown: list[str] = []
    for subset in obj["subsets"]:
        addresses = [address["ip"] for address in subset.get("addresses") or ()]
        if not subset.get("ports"):
            shown.extend(addresses)
        for port in subset.get("ports") or ():
            shown.extend(f"[{ip}]:{port['port']}" if ":" in ip else f"{ip}:{port['port']}" for ip in addresses)
    text = ",".join(shown[:LIST_ITEMS_SHOWN_MAX])
    more = len(shown) - LIST_ITEMS_SHOWN_MAX
    return f"{text} + {more} more..." if more > 0 else text


KIND = Kind(
    group="",
    plural="endpoints",
    strategy=EndpointsStrategy(),
    columns=(
        NAME,
        cell_column("Endpoints", endpoints_text, description=FieldText("io.k8s.api.core.v1.Endpoints", "subsets")),
        AGE,
    ),
    deprecations={"v1": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"},
)
