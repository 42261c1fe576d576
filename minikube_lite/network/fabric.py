"""The cluster's network as one object: its links, its switch and its addresses."""

from __future__ import annotations

from ipaddress import IPv4Network

from minikube_lite.clock import Clock
from minikube_lite.network.link import Link
from minikube_lite.network.switch import Switch

API = "api"
"""The endpoint of the control plane."""


class Network:
    """Everything that connects the endpoints of a cluster: its nodes and the control plane."""

    def __init__(self, clock: Clock, cluster_cidr: IPv4Network) -> None:
        self.cluster_cidr = cluster_cidr
        self.switch = Switch(clock.ledger, self._find_link)
        self._links: dict[tuple[str, str], Link] = {}
        self._isolated: dict[str, dict[str, None]] = {}

    def link(self, one: str, other: str) -> Link:
        """The path between two endpoints; the same in both directions."""
        key = (one, other) if one <= other else (other, one)
        link = self._links.get(key)
        if link is None:
            link = self._links[key] = Link(one, other)
            for endpoint in key:
                for cause in self._isolated.get(endpoint, ()):
                    link.cut(_isolation(endpoint, cause))
        return link

    def isolate(self, endpoint: str, cause: str = "cut") -> None:
        """Cut an endpoint off from all others, as by `ifconfig eth0 down`."""
        self._isolated.setdefault(endpoint, {})[cause] = None
        for key, link in list(self._links.items()):
            if endpoint in key:
                link.cut(_isolation(endpoint, cause))

    def rejoin(self, endpoint: str, cause: str = "cut") -> None:
        """Take that cause of isolation away."""
        self._isolated.get(endpoint, {}).pop(cause, None)
        for key, link in list(self._links.items()):
            if endpoint in key:
                link.heal(_isolation(endpoint, cause))

    def _find_link(self, one: str, other: str) -> Link | None:
        return None if one == other else self.link(one, other)


def _isolation(endpoint: str, cause: str) -> str:
    return f"{cause} of {endpoint}"
