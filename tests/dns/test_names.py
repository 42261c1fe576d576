"""Names and addresses."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.dns.names import (
    Address,
    dashed_address,
    format_name,
    is_subdomain,
    parse_address,
    parse_name,
    reverse_address,
    undashed_address,
)

ADDRESSES = st.ip_addresses()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("10.9.0.1", "10-9-0-1"),
        ("fd00:9::1", "fd00-9--1"),
        ("fd00::", "fd00--0"),
        ("::1", "--1"),
        ("a.example", "a-example"),
    ],
)
def test_dashed_address(text: str, label: str) -> None:
    assert dashed_address(text) == label


@pytest.mark.parametrize(
    ("label", "address"),
    [
        ("10-9-0-1", "10.9.0.1"),
        ("fd00-9--1", "fd00:9::1"),
        ("fd00--0", "fd00::"),
        ("--ffff-10-1", "::ffff:10:1"),
        ("10-9-0-256", None),
        ("10-9-0-01", None),
        ("not-an-ip", None),
        ("", None),
    ],
)
def test_undashed_address(label: str, address: str | None) -> None:
    assert undashed_address(label) == (None if address is None else parse_address(address))


@pytest.mark.parametrize("text", ["", "None", "1.2.3", "01.2.3.4", "fe80::1%eth0", "1.2.3.4.5", "g::"])
def test_what_is_no_address(text: str) -> None:
    assert parse_address(text) is None


def test_an_ipv4_address_inside_ipv6_is_the_ipv4_address() -> None:
    assert parse_address("::ffff:1.2.3.4") == IPv4Address("1.2.3.4")


@given(ADDRESSES)
def test_a_reverse_name_spells_its_address(address: Address) -> None:
    *base, domain, arpa = address.reverse_pointer.split(".")
    found = reverse_address(tuple(base), (domain, arpa))
    assert found == parse_address(str(address))


@given(st.lists(st.text("0123456789abcdefg", min_size=1, max_size=3), max_size=40).map(tuple))
def test_a_reverse_name_that_is_none_is_no_error(base: tuple[str, ...]) -> None:
    for zone in (("in-addr", "arpa"), ("ip6", "arpa"), ("cluster", "local")):
        found = reverse_address(base, zone)
        assert found is None or isinstance(found, IPv4Address | IPv6Address)


@given(ADDRESSES)
def test_a_dashed_address_can_be_read_back(address: Address) -> None:
    text = str(address)
    if isinstance(address, IPv4Address) or ("." not in text and text.count(":") != 3) or "::" in text:
        assert undashed_address(dashed_address(text)) == parse_address(str(ip_address(text)))


def test_subdomains() -> None:
    assert is_subdomain(parse_name("cluster.local."), parse_name("a.CLUSTER.local"))
    assert is_subdomain(parse_name("cluster.local."), parse_name("cluster.local"))
    assert is_subdomain((), parse_name("cluster.local"))
    assert not is_subdomain(parse_name("cluster.local"), parse_name("mycluster.local"))
    assert not is_subdomain(parse_name("cluster.local"), parse_name("local"))


def test_names_as_text() -> None:
    assert format_name(parse_name("a.b.")) == "a.b."
    assert format_name(()) == "."
    assert format_name(("a.b", "ü c")) == "a\\046b.\\252\\032c."
