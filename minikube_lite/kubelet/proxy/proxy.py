"""Follows Services and their slices, and chooses an endpoint for each connection; upstream: pkg/proxy/iptables.

Every node has its own view: that of the API while its link is up, the last one it saw while it is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.clock import Clock
from minikube_lite.kubelet.proxy.rules import Backend, Kind, PortKey, ServicePort, service_rules
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.resources import ENDPOINT_SLICES, SERVICES
from minikube_lite.network.fabric import API, Network
from minikube_lite.network.link import Unreachable
from minikube_lite.network.streams import Address
from minikube_lite.network.switch import Origin, Protocol
from minikube_lite.store import Object

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
AFFINITIES_MAX = 10_000
"""Clients of one node whose endpoint is remembered; the oldest are forgotten first."""

Rules = dict[PortKey, tuple[Kind, ServicePort]]
ServiceKey = tuple[str, str]


class ServiceProxy:
    """The kube-proxies of all nodes. To be made before the informers start."""

    def __init__(self, informers: Informers, network: Network, clock: Clock) -> None:
        self._network = network
        self._clock = clock
        self._random = clock.random_stream("kube-proxy")
        self._rules: Rules = {}
        self._keys: dict[ServiceKey, list[PortKey]] = {}
        self._services: dict[ServiceKey, Object] = {}
        self._slices: dict[ServiceKey, dict[str, Object]] = {}
        self._frozen: dict[str, Rules] = {}
        self._node_addresses: dict[str, str] = {}
        self._affinities: dict[tuple[str, str, str], tuple[Backend, float]] = {}
        informers.informer(SERVICES).add_handler(self._service_changed)
        informers.informer(ENDPOINT_SLICES).add_handler(self._slice_changed)
        network.switch.route = self.route

    def add_node(self, name: str, address: str) -> None:
        """A node, on whose address node ports are open."""
        self._node_addresses[address] = name
        self._network.link(name, API).watch(lambda up: self._link_changed(name, up))

    def route(self, origin: Origin, address: Address, protocol: Protocol) -> Address:
        """The endpoint that a connection goes to; the address itself where it is no Service's.

        Raises ConnectionRefusedError for a Service without endpoints, Unreachable where none may be used from there.
        """
        host, port = address
        through = self._node_addresses.get(host, "")
        node = through or origin.endpoint
        rules = self._frozen.get(node, self._rules)
        found = rules.get(PortKey("" if through else host, port, protocol))
        if found is None:
            return address
        kind, service = found
        backends, anywhere = service.reachable(kind, node)
        dial = f"dial {protocol.lower()} {host}:{port}:"
        if not anywhere:
            raise ConnectionRefusedError(f"{dial} connect: connection refused")
        if not backends:
            raise Unreachable(f"{dial} i/o timeout")
        backend = self._choose(service, backends, node, origin.address)
        return backend.ip, backend.port

    def _choose(self, service: ServicePort, choices: Sequence[Backend], node: str, client: str) -> Backend:
        if not service.affinity_seconds:
            return self._random.choice(choices)
        key, now = (node, service.name, client), self._clock.now()
        known = self._affinities.pop(key, None)
        if known is not None and now < known[1] + service.affinity_seconds:
            same = [one for one in choices if (one.ip, one.port) == (known[0].ip, known[0].port)]
        else:
            same = []
        backend: Backend = same[0] if same else self._random.choice(choices)
        self._affinities[key] = backend, now
        while len(self._affinities) > AFFINITIES_MAX:
            self._affinities.pop(next(iter(self._affinities)))
        return backend

    # Following the cluster

    def _link_changed(self, node: str, up: bool) -> None:
        if up:
            self._frozen.pop(node, None)
        else:
            self._frozen[node] = dict(self._rules)

    def _service_changed(self, old: Object | None, new: Object | None) -> None:
        obj = new or old
        if obj is None:
            return
        key = obj["metadata"]["namespace"], obj["metadata"]["name"]
        if new is not None:
            self._services[key] = new
        else:
            self._services.pop(key, None)
        self._update(key)

    def _slice_changed(self, old: Object | None, new: Object | None) -> None:
        keys: dict[ServiceKey, None] = {}
        for obj, there in ((old, False), (new, True)):
            service = (obj or {}).get("metadata", {}).get("labels", {}).get(SERVICE_NAME_LABEL)
            if obj is None or not service:
                continue
            metadata = obj["metadata"]
            key = metadata["namespace"], service
            keys[key] = None
            if there:
                self._slices.setdefault(key, {})[metadata["name"]] = obj
            else:
                self._slices.get(key, {}).pop(metadata["name"], None)
        for key in keys:
            self._update(key)

    def _update(self, key: ServiceKey) -> None:
        for port_key in self._keys.pop(key, ()):
            self._rules.pop(port_key, None)
        if not self._slices.get(key):
            self._slices.pop(key, None)
        service = self._services.get(key)
        if service is not None:
            slices = self._slices.get(key, {})
            rules = service_rules(service, [slices[name] for name in sorted(slices)])
            self._rules.update(rules)
            if rules:
                self._keys[key] = list(rules)
