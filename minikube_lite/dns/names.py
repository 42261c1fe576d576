"""Names, record types and addresses as DNS has them; upstream: miekg/dns and CoreDNS's plugin/pkg/dnsutil.

A name is a tuple of labels, leftmost first, so that a label may hold any byte (as latin-1), a dot too.
"""

from __future__ import annotations

import string
from ipaddress import IPv4Address, IPv6Address, ip_address

Name = tuple[str, ...]
Address = IPv4Address | IPv6Address

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, OPT, IXFR, AXFR = 1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 251, 252
CLASS_IN = 1
LABEL_BYTES_MAX = 63
NAME_BYTES_MAX = 255
_PLAIN = string.ascii_letters + string.digits + "-_*"

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 2, 3, 4, 5, 16

IPV6_NIBBLES = 32
IPV4_OCTETS = 4


def parse_name(text: str) -> Name:
    """The labels of a name that is written with dots."""
    text = text.removesuffix(".")
    return tuple(text.split(".")) if text else ()


def format_name(name: Name) -> str:
    """The name as zone files write it; what is no letter, digit, `-`, `_` or `*` is escaped."""
    return "".join(f"{_escape(label)}." for label in name) or "."


def lower_name(name: Name) -> Name:
    """The name in lower case."""
    return tuple(label.lower() for label in name)


def is_subdomain(parent: Name, child: Name) -> bool:
    """Whether `child` is `parent` or below it, in any case of letters."""
    return not parent or lower_name(child[-len(parent) :]) == lower_name(parent)


def parse_address(text: str) -> Address | None:
    """The address that the text is; an IPv4 address inside IPv6 is the IPv4 address, as Go has it."""
    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def dashed_address(text: str) -> str:
    """The label of an endpoint without a hostname, e.g. `10-9-0-1`, `fd00-9--1`, `fd00--0`."""
    label = text.replace(".", "-").replace(":", "-")
    return f"{label}0" if label.endswith("-") else label


def undashed_address(label: str) -> Address | None:
    """The address that the first label of a pod's name spells."""
    if label.count("-") == IPV4_OCTETS - 1 and "--" not in label:
        return parse_address(label.replace("-", "."))
    return parse_address(label.replace("-", ":"))


def reverse_address(base: Name, zone: Name) -> Address | None:
    """The address that a name below `in-addr.arpa` or `ip6.arpa` (both in lower case) spells backwards."""
    if zone == ("in-addr", "arpa") and len(base) == IPV4_OCTETS:
        return parse_address(".".join(reversed(base)))
    if zone == ("ip6", "arpa") and len(base) == IPV6_NIBBLES and all(len(label) == 1 for label in base):
        digits = "".join(reversed(base))
        return parse_address(":".join(digits[start : start + 4] for start in range(0, IPV6_NIBBLES, 4)))
    return None


def _escape(label: str) -> str:
    return "".join(letter if letter in _PLAIN else f"\\{ord(letter):03d}" for letter in label)
