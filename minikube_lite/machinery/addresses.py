"""Which texts are IP addresses and networks; upstream: apimachinery/pkg/util/validation/ip.go.

Each check returns the list of what is wrong. `strict` is what 1.36 does by default for older fields too.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_OCTETS = re.compile(r"[0-9]+(?:\.[0-9]+){3}").fullmatch

PARSED_ADDRESSES_MAX = 16_384
"""Addresses that are remembered with what they mean: the same few thousand are checked again and again."""

_NOT_AN_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


@functools.lru_cache(maxsize=PARSED_ADDRESSES_MAX)
def parse_ip_sloppy(text: str) -> tuple[IPv4Address | IPv6Address, bool] | None:
    """The address and whether it was written without leading zeros; None for what is none."""
    if _OCTETS(text):
        octets = [int(part) for part in text.split(".")]
        if max(octets) > 255:
            return None
        plain = ".".join(map(str, octets))
        return IPv4Address(plain), plain == text
    if "%" in text:
        return None
    try:
        return IPv6Address(text), True
    except ValueError:
        return None


def is_valid_ip(value: str) -> list[str]:
    """An address in canonical form."""
    errors = is_valid_ip_for_legacy_field(value)
    if errors:
        return errors
    canonical = str(ipaddress.ip_address(value))
    return [] if canonical == value else [f'must be in canonical form ("{canonical}")']


def is_valid_ip_for_legacy_field(value: str, *, strict: bool = True) -> list[str]:
    """An address as older fields take it."""
    parsed = parse_ip_sloppy(value)
    if parsed is None:
        return [_NOT_AN_IP]
    address, plain = parsed
    errors = []
    if strict and not plain:
        errors.append("must not have leading 0s")
    if strict and _is_mapped(address):
        errors.append("must not be an IPv4-mapped IPv6 address")
    return errors


def is_valid_cidr(value: str) -> list[str]:
    """A network in canonical form."""
    errors = is_valid_cidr_for_legacy_field(value)
    if errors:
        return errors
    canonical = str(ipaddress.ip_network(value))
    return [] if canonical == value else [f'must be in canonical form ("{canonical}")']


def is_valid_cidr_for_legacy_field(value: str, *, strict: bool = True) -> list[str]:
    """A network as older fields take it."""
    parsed = parse_cidr_sloppy(value)
    if parsed is None:
        return [_NOT_A_CIDR]
    address, network, plain = parsed
    if not strict:
        return []
    if not plain:
        return ["must not have leading 0s in IP or prefix length"]
    if _is_mapped(address):
        return ["must not have an IPv4-mapped IPv6 address"]
    if address != network.network_address:
        return ["must not have bits set beyond the prefix length"]
    return []


def parse_cidr_sloppy(text: str) -> tuple[IPv4Address | IPv6Address, IPv4Network | IPv6Network, bool] | None:
    """The address, its network, and whether both were written without leading zeros; None for what is none."""
    head, slash, length = text.partition("/")
    parsed = parse_ip_sloppy(head)
    if not slash or parsed is None or not (length.isascii() and length.isdigit()):
        return None
    address, plain = parsed
    if int(length) > address.max_prefixlen:
        return None
    network = ipaddress.ip_network((address, int(length)), strict=False)
    return address, network, plain and str(int(length)) == length


def _is_mapped(address: IPv4Address | IPv6Address) -> bool:
    return isinstance(address, IPv6Address) and address.ipv4_mapped is not None
