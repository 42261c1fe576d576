"""How addresses and ports are drawn."""

from __future__ import annotations

import ipaddress
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.api.kinds.core.service_allocation import AddressRange, AllocationError, draw, static_band


@pytest.mark.parametrize(("size", "band"), [(14, 0), (16, 0), (17, 16), (254, 16), (4094, 255), (65534, 256)])
def test_the_band_left_to_those_who_ask(size: int, band: int) -> None:
    assert static_band(size, 16, 256, 16) == band


@given(st.integers(1, 60), st.integers(0, 59), st.integers())
def test_draws_are_unique_and_come_from_above_the_band_first(size: int, band: int, seed: int) -> None:
    band = min(band, size)
    taken: set[int] = set()
    source = random.Random(seed)
    drawn = []
    for _ in range(size):
        number = draw(100, 99 + size, band, taken, source)
        taken.add(number)
        drawn.append(number)
    assert sorted(drawn) == list(range(100, 100 + size))
    assert all(number >= 100 + band for number in drawn[: size - band])
    with pytest.raises(AllocationError, match="range is full"):
        draw(100, 99 + size, band, taken, source)


def test_neither_the_network_nor_the_broadcast_address_is_given_out() -> None:
    addresses = AddressRange(ipaddress.ip_network("10.0.0.0/30"))
    taken: set[int] = set()
    given_out = []
    for _ in range(2):
        given_out.append(addresses.next(taken, random.Random(1)))
        taken.add(int(ipaddress.ip_address(given_out[-1])))
    assert sorted(given_out) == ["10.0.0.1", "10.0.0.2"]
    for address in ("10.0.0.0", "10.0.0.3", "2001:db8::1"):
        with pytest.raises(AllocationError, match="is not in the valid range"):
            addresses.check(address, set())


def test_six_is_a_family_too() -> None:
    addresses = AddressRange(ipaddress.ip_network("fd00::/112"))
    assert addresses.family == "IPv6"
    assert ipaddress.ip_address(addresses.next(set(), random.Random(1))) in addresses.network
