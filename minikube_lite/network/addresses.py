"""Addresses of nodes and pods; upstream: the node IPAM controller and the host-local CNI plugin.

Any block can be the pods' network: 10.244.0.0/16 by default, or one out of 127.64.0.0/10, which the host can reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

NODE_NETWORK = IPv4Network("172.18.0.0/16")
"""Where nodes have their addresses; the first ones belong to the gateway and the control plane."""
POD_NETWORK_PREFIX = 24
"""The network of one node's pods, where the cluster's network has room for that many of them."""
POD_NETWORK_PREFIX_MAX = 28
RESERVED_ADDRESSES = 2
"""The network's own address and its gateway."""


class AddressesExhausted(Exception):
    """No address is free."""


def node_address(index: int) -> str:
    """The address of the node of that number, from 0."""
    return str(NODE_NETWORK[3 + index])


def pod_networks(cluster: IPv4Network, count: int, max_pods: int = 0) -> list[IPv4Network]:
    """A network for the pods of each of `count` nodes: a /24, or more where a node takes more pods than that holds.

    It is less where the whole is too small.
    """
    needed = (max_pods + RESERVED_ADDRESSES).bit_length()
    prefix = max(min(POD_NETWORK_PREFIX, cluster.max_prefixlen - needed), cluster.prefixlen)
    while 2 ** (prefix - cluster.prefixlen) < count:
        prefix += 1
    if prefix > POD_NETWORK_PREFIX_MAX:
        raise ValueError(f"the pod network {cluster} is too small for {count} nodes")
    networks: Iterator[IPv4Network] = cluster.subnets(new_prefix=prefix)
    return [next(networks) for _ in range(count)]


class AddressPool:
    """Gives out the addresses of a network in turn, so that one that comes back is used again as late as possible."""

    def __init__(self, network: IPv4Network) -> None:
        self.network = network
        self.size = network.num_addresses - RESERVED_ADDRESSES - 1
        self._taken: dict[str, None] = {}
        self._next = 0

    def allocate(self) -> str:
        """The next free address. Raises AddressesExhausted."""
        for _ in range(self.size):
            address = str(self.network[RESERVED_ADDRESSES + self._next])
            self._next = (self._next + 1) % self.size
            if address not in self._taken:
                self._taken[address] = None
                return address
        raise AddressesExhausted(f"no IP addresses available in range set: {self.network[1]}-{self.network[-2]}")

    def release(self, address: str) -> None:
        """Give an address back; one that is not of this network is ignored."""
        self._taken.pop(address, None)

    def __contains__(self, address: str) -> bool:
        return IPv4Address(address) in self.network
