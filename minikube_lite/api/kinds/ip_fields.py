"""Fields that hold addresses and networks; upstream: pkg/apis/core/validation and util/validation/ip.go.

One block of loopback addresses may be named that emulated pods have; it is exempt from the rules that refuse loopback.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network

from minikube_lite.machinery.addresses import (
    is_valid_cidr_for_legacy_field,
    is_valid_ip_for_legacy_field,
    parse_cidr_sloppy,
    parse_ip_sloppy,
)
from minikube_lite.schema.field import FieldError, Path, invalid

_LINK_LOCAL_MULTICAST = (ipaddress.ip_network("224.0.0.0/24"), ipaddress.ip_network("ff02::/16"))


def legacy_ip(path: Path, value: str, old: Iterable[str] = ()) -> Iterator[FieldError]:
    """An address in a field that has long been lenient; what stood there before may stay."""
    if value not in old:
        for message in is_valid_ip_for_legacy_field(value):
            yield invalid(path, value, message)


def legacy_cidr(path: Path, value: str, old: Iterable[str] = ()) -> Iterator[FieldError]:
    """A network in a field that has long been lenient; what stood there before may stay."""
    if value not in old:
        for message in is_valid_cidr_for_legacy_field(value):
            yield invalid(path, value, message)


def endpoint_ip(path: Path, value: str, exempt: IPv4Network | IPv6Network | None = None) -> Iterator[FieldError]:
    """An address to which traffic is sent: none that has a meaning of its own."""
    parsed = parse_ip_sloppy(value)
    if parsed is None:
        yield invalid(path, value, "must be a valid IP address")
        return
    address = parsed[0]
    if address.is_unspecified:
        yield invalid(path, value, f"may not be unspecified ({value})")
    if address.is_loopback and not (exempt is not None and address in exempt):
        yield invalid(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        yield invalid(path, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if any(address in network for network in _LINK_LOCAL_MULTICAST):
        yield invalid(path, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")


def ip_family(value: str) -> str:
    """The family of an address: IPv6 where it is one, else IPv4."""
    parsed = parse_ip_sloppy(value)
    return "IPv6" if parsed and parsed[0].version == 6 else "IPv4"


def cidr_family(value: str) -> str:
    """The family of a network."""
    parsed = parse_cidr_sloppy(value)
    return "IPv6" if parsed and parsed[0].version == 6 else "IPv4"


def ip_warnings(path: Path, value: str) -> Iterator[str]:
    """What is allowed in an address but not good."""
    parsed = parse_ip_sloppy(value)
    if parsed is None:
        return
    address, plain = parsed
    mapped = address.ipv4_mapped if address.version == 6 else None
    if not plain or mapped is not None:
        yield f'{path}: non-standard IP address "{value}" is invalid: use "{mapped or address}"'
    elif address.version == 6 and str(address) != value:
        yield f'{path}: IPv6 address "{value}" should be in RFC 5952 canonical format ("{address}")'


def cidr_warnings(path: Path, value: str) -> Iterator[str]:
    """What is allowed in a network but not good."""
    parsed = parse_cidr_sloppy(value)
    if parsed is None:
        return
    address, network, plain = parsed
    ambiguous = address != network.network_address
    if ambiguous:
        single = f"{address}/{address.max_prefixlen}"
        yield f'{path}: CIDR value "{value}" is ambiguous in this context (should be "{network}" or "{single}"?)'
    mapped = address.version == 6 and address.ipv4_mapped is not None
    if not plain or mapped:
        yield f'{path}: non-standard CIDR value "{value}" is invalid: use "{network}"'
    elif not ambiguous and address.version == 6 and str(network) != value:
        yield f'{path}: IPv6 CIDR value "{value}" should be in RFC 5952 canonical format ("{network}")'
