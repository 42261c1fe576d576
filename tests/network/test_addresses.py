"""Addresses are unique, and come back late."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.network.addresses import AddressesExhausted, AddressPool, node_address, pod_networks


def test_networks_of_nodes():
    assert [str(one) for one in pod_networks(IPv4Network("10.244.0.0/16"), 2)] == ["10.244.0.0/24", "10.244.1.0/24"]
    assert pod_networks(IPv4Network("10.244.0.0/16"), 2, max_pods=110)[1] == IPv4Network("10.244.1.0/24")
    for max_pods in (253, 254, 1000, 5000):
        first, second = pod_networks(IPv4Network("10.244.0.0/16"), 2, max_pods)
        assert AddressPool(first).size >= max_pods
        assert not first.overlaps(second)
    assert pod_networks(IPv4Network("127.77.0.0/22"), 3)[2] == IPv4Network("127.77.2.0/24")
    many = pod_networks(IPv4Network("10.244.0.0/16"), 1000)
    assert len(set(many)) == 1000
    assert many[0].prefixlen == 26
    with pytest.raises(ValueError, match="too small for 100 nodes"):
        pod_networks(IPv4Network("10.244.0.0/24"), 100)


def test_nodes_have_addresses_of_their_own():
    assert [node_address(0), node_address(1)] == ["172.18.0.3", "172.18.0.4"]
    assert len({node_address(index) for index in range(1000)}) == 1000


@given(st.lists(st.booleans(), max_size=60))
def test_never_two_at_once_and_not_again_at_once(takes):
    pool = AddressPool(IPv4Network("10.0.0.0/28"))
    held: list[str] = []
    released = ""
    for take in takes:
        if take and len(held) < pool.size:
            address = pool.allocate()
            assert address in pool
            assert address not in held
            assert address != released or len(held) == pool.size - 1
            held.append(address)
        elif held:
            released = held.pop(0)
            pool.release(released)


def test_an_exhausted_pool_says_so():
    pool = AddressPool(IPv4Network("10.0.0.0/29"))
    for _ in range(pool.size):
        pool.allocate()
    with pytest.raises(AddressesExhausted, match=r"10\.0\.0\.1-10\.0\.0\.6"):
        pool.allocate()
