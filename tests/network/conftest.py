"""A small network."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from minikube_lite.clock import Clock
from minikube_lite.network.fabric import Network


@pytest.fixture
def clock() -> Clock:
    return Clock("stepped", seed=1)


@pytest.fixture
def network(clock: Clock) -> Network:
    """Two nodes with a pod each."""
    network = Network(clock, IPv4Network("10.244.0.0/16"))
    network.switch.add_address("10.244.0.2", "node-1")
    network.switch.add_address("10.244.1.2", "node-2")
    return network
