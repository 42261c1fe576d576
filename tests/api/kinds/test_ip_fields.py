"""Addresses and networks in fields."""

from __future__ import annotations

import ipaddress

import pytest

from minikube_lite.api.kinds.ip_fields import cidr_warnings, endpoint_ip, ip_warnings, legacy_cidr, legacy_ip
from minikube_lite.schema.field import Path

PATH = Path("ip")
BLOCK = ipaddress.ip_network("127.64.8.0/24")


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("10.0.0.1", ""),
        ("x", "must be a valid IP address"),
        ("0.0.0.0", "may not be unspecified (0.0.0.0)"),
        ("127.0.0.1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("::1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("169.254.1.1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("224.0.0.9", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        ("127.64.8.7", ""),
        ("127.64.9.7", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
    ],
)
def test_endpoints_are_ordinary_addresses_or_of_the_exempt_block(address: str, text: str) -> None:
    assert [error.detail for error in endpoint_ip(PATH, address, BLOCK)] == ([text] if text else [])


def test_nothing_is_exempt_by_default() -> None:
    assert len(list(endpoint_ip(PATH, "127.64.8.7"))) == 1


def test_what_stood_there_may_stay() -> None:
    assert list(legacy_ip(PATH, "010.0.0.1", ["010.0.0.1"])) == []
    assert len(list(legacy_ip(PATH, "010.0.0.1"))) == 1
    assert list(legacy_cidr(PATH, "10.0.0.1/8", ["10.0.0.1/8"])) == []
    assert len(list(legacy_cidr(PATH, "10.0.0.1/8"))) == 1


def test_warnings_say_the_better_form() -> None:
    assert list(ip_warnings(PATH, "010.0.0.1")) == [
        'ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"'
    ]
    assert list(ip_warnings(PATH, "2001:DB8::1")) == [
        'ip: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")'
    ]
    assert list(cidr_warnings(PATH, "10.0.0.1/8")) == [
        'ip: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)'
    ]
    assert list(ip_warnings(PATH, "10.0.0.1")) == list(cidr_warnings(PATH, "10.0.0.0/8")) == []
