"""What the scheduler knows of nodes and the pods on them, kept up with every change.

Upstream: scheduler/backend/cache, framework.NodeInfo.

A pod that was given a node counts there from that moment on, though the API has not shown it yet: it is assumed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from minikube_lite.controllers.scheduler.requests import Amounts, PodRequest, add_amounts, parse_amounts
from minikube_lite.controllers.scheduler.terms import AffinityTerm, NodeAffinity, affinity_terms
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.selectors import Labels, Selector
from minikube_lite.store import Object

SELECTORS_COUNTED_MAX = 64
"""So many selectors a node keeps the number of matching pods of."""
ANY_ADDRESS = "0.0.0.0"

HostPort = tuple[str, str, int]
"""Address, protocol, port."""


@dataclass(frozen=True, slots=True)
class PodInfo:
    """A pod in a form that filters and scores read quickly."""

    pod: Object
    uid: str
    namespace: str
    name: str
    labels: Labels
    deleting: bool
    request: PodRequest
    host_ports: tuple[HostPort, ...]
    node_affinity: NodeAffinity
    affinity: tuple[AffinityTerm, ...]
    anti_affinity: tuple[AffinityTerm, ...]
    preferred_affinity: tuple[AffinityTerm, ...]
    preferred_anti_affinity: tuple[AffinityTerm, ...]

    @classmethod
    def of(cls, pod: Object) -> PodInfo:
        """From a pod."""
        metadata, spec = pod["metadata"], pod["spec"]
        affinity, preferred_affinity = affinity_terms(pod, "podAffinity")
        anti_affinity, preferred_anti_affinity = affinity_terms(pod, "podAntiAffinity")
        return cls(
            pod,
            metadata["uid"],
            metadata["namespace"],
            metadata["name"],
            metadata.get("labels") or {},
            is_deleting(pod),
            PodRequest.of(spec),
            tuple(_host_ports(spec)),
            NodeAffinity.of(spec),
            affinity,
            anti_affinity,
            preferred_affinity,
            preferred_anti_affinity,
        )

    @property
    def tolerations(self) -> list[Object]:
        """Which taints the pod bears."""
        return self.pod["spec"].get("tolerations") or []

    @property
    def has_affinity(self) -> bool:
        """Whether the pod says anything about other pods."""
        return bool(self.affinity or self.anti_affinity or self.preferred_affinity or self.preferred_anti_affinity)


def _host_ports(spec: Object) -> Iterator[HostPort]:
    sidecars = [item for item in spec.get("initContainers") or () if item.get("restartPolicy") == "Always"]
    for container in (*spec["containers"], *sidecars):
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield port.get("hostIP") or ANY_ADDRESS, port.get("protocol", "TCP"), port["hostPort"]


@dataclass(slots=True)
class NodeInfo:
    """A node and the sums over its pods."""

    name: str
    node: Object | None = None
    allocatable: Amounts = field(default_factory=dict)
    pods: dict[str, PodInfo] = field(default_factory=dict)
    requested: Amounts = field(default_factory=dict)
    scored_cpu: int = 0
    scored_memory: int = 0
    host_ports: dict[HostPort, int] = field(default_factory=dict)
    pods_with_affinity: dict[str, PodInfo] = field(default_factory=dict)
    _counts: OrderedDict[tuple[str, str], tuple[Selector, int]] = field(default_factory=OrderedDict)

    @property
    def labels(self) -> Labels:
        """The node's labels."""
        assert self.node is not None
        return self.node["metadata"].get("labels") or {}

    @property
    def taints(self) -> list[Object]:
        """The node's taints."""
        assert self.node is not None
        return self.node["spec"].get("taints") or []

    def set_node(self, node: Object | None) -> None:
        """The node as it is now, or None when it is gone."""
        self.node = node
        status = (node or {}).get("status") or {}
        self.allocatable = parse_amounts(status.get("allocatable") or status.get("capacity"))

    def add(self, pod: PodInfo) -> None:
        """A pod is here."""
        self.pods[pod.uid] = pod
        if pod.has_affinity:
            self.pods_with_affinity[pod.uid] = pod
        self._account(pod, 1)

    def remove(self, uid: str) -> None:
        """A pod is here no longer."""
        pod = self.pods.pop(uid)
        self.pods_with_affinity.pop(uid, None)
        self._account(pod, -1)

    def _account(self, pod: PodInfo, sign: int) -> None:
        add_amounts(self.requested, pod.request.amounts, sign)
        self.scored_cpu += sign * pod.request.scored_cpu
        self.scored_memory += sign * pod.request.scored_memory
        for port in pod.host_ports:
            left = self.host_ports.get(port, 0) + sign
            if left:
                self.host_ports[port] = left
            else:
                del self.host_ports[port]
        if not pod.deleting:
            for key, (selector, count) in self._counts.items():
                if key[0] == pod.namespace and selector.matches(pod.labels):
                    self._counts[key] = (selector, count + sign)

    def count_matching(self, namespace: str, selector: Selector) -> int:
        """How many pods of a namespace, that are not on their way out, a selector selects here."""
        key = (namespace, f"{selector.nothing} {selector}")
        known = self._counts.get(key)
        if known is not None:
            return known[1]
        count = sum(
            pod.namespace == namespace and not pod.deleting and selector.matches(pod.labels)
            for pod in self.pods.values()
        )
        self._counts[key] = (selector, count)
        if len(self._counts) > SELECTORS_COUNTED_MAX:
            self._counts.popitem(last=False)
        return count

    def has_port_conflict(self, wanted: tuple[HostPort, ...]) -> bool:
        """Whether one of the ports is taken on an address that overlaps."""
        return any(
            port == other_port and protocol == other_protocol and (ip == other_ip or ANY_ADDRESS in (ip, other_ip))
            for ip, protocol, port in wanted
            for other_ip, other_protocol, other_port in self.host_ports
        )


class SchedulerCache:
    """All nodes, by name, with the pods that are there or assumed there."""

    def __init__(self) -> None:
        self._nodes: dict[str, NodeInfo] = {}
        self._where: dict[str, str] = {}
        self._assumed: dict[str, str] = {}
        self._sorted: list[NodeInfo] | None = None

    @property
    def nodes(self) -> list[NodeInfo]:
        """The nodes that exist, by name."""
        if self._sorted is None:
            self._sorted = [self._nodes[name] for name in sorted(self._nodes) if self._nodes[name].node is not None]
        return self._sorted

    @property
    def assumed(self) -> Mapping[str, str]:
        """The node of each pod, by uid, that was given one and is not seen there yet."""
        return self._assumed

    def set_node(self, name: str, node: Object | None) -> None:
        """A node changed, came, or went. Pods that it leaves behind are still counted there."""
        self._node(name).set_node(node)
        self._tidy(name)
        self._sorted = None

    def set_pod(self, pod: PodInfo, node: str) -> None:
        """A pod is seen on a node; also when it was assumed there."""
        self._assumed.pop(pod.uid, None)
        self._place(pod, node)

    def assume(self, pod: PodInfo, node: str) -> None:
        """A pod is given a node."""
        self._assumed[pod.uid] = node
        self._place(pod, node)

    def remove_pod(self, uid: str) -> None:
        """A pod is gone, has ended, or did not get its node after all."""
        self._assumed.pop(uid, None)
        where = self._where.pop(uid, None)
        if where is not None:
            self._nodes[where].remove(uid)
            self._tidy(where)

    def _place(self, pod: PodInfo, node: str) -> None:
        where = self._where.get(pod.uid)
        if where is not None:
            self._nodes[where].remove(pod.uid)
            if where != node:
                self._tidy(where)
        self._node(node).add(pod)
        self._where[pod.uid] = node

    def _node(self, name: str) -> NodeInfo:
        info = self._nodes.get(name)
        if info is None:
            info = self._nodes[name] = NodeInfo(name)
        return info

    def _tidy(self, name: str) -> None:
        info = self._nodes.get(name)
        if info is not None and info.node is None and not info.pods:
            del self._nodes[name]
