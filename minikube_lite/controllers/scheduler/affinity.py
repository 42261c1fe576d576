"""Pods that want to be near others, or not: filter and score; upstream: framework/plugins/interpodaffinity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from minikube_lite.controllers.scheduler.cache import NodeInfo, PodInfo
from minikube_lite.controllers.scheduler.terms import AffinityTerm
from minikube_lite.machinery.selectors import Labels

NamespaceLabels = Callable[[str], Labels]
Topology = tuple[str, str]
"""Key and value of a node's label."""
Counts = dict[Topology, int]

AFFINITY_FAULT = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY_FAULT = "node(s) didn't match pod anti-affinity rules"
EXISTING_ANTI_AFFINITY_FAULT = "node(s) didn't satisfy existing pods anti-affinity rules"

HARD_AFFINITY_WEIGHT = 1
"""What it counts that a pod here requires the new one near."""


@dataclass(frozen=True, slots=True)
class AffinityState:
    """Where the pods are that the new pod's required terms mean, and those that do not want the new pod near."""

    pod: PodInfo
    attracting: Counts
    repelling: Counts
    unwilling: Counts
    matches_itself: bool

    def fault(self, node: NodeInfo) -> tuple[str, bool] | None:
        """Why the pod cannot run there, and whether removing pods would not help."""
        labels = node.labels
        if not self._is_attracted(labels):
            return AFFINITY_FAULT, True
        if _meets(self.repelling, labels, self.pod.anti_affinity):
            return ANTI_AFFINITY_FAULT, False
        if any(labels.get(key) == value for key, value in self.unwilling):
            return EXISTING_ANTI_AFFINITY_FAULT, False
        return None

    def _is_attracted(self, labels: Labels) -> bool:
        found = True
        for term in self.pod.affinity:
            value = labels.get(term.topology_key)
            if value is None:
                return False
            found = found and (term.topology_key, value) in self.attracting
        # The first pod of a group that wants to be together may go anywhere.
        return found or (not self.attracting and self.matches_itself)


def _meets(counts: Counts, labels: Labels, terms: Iterable[AffinityTerm]) -> bool:
    return any((term.topology_key, labels.get(term.topology_key)) in counts for term in terms)


def affinity_state(pod: PodInfo, nodes: Sequence[NodeInfo], namespace_labels: NamespaceLabels) -> AffinityState | None:
    """What the filter needs; None where nobody requires anything."""
    attracting: Counts = {}
    repelling: Counts = {}
    unwilling: Counts = {}
    own_namespace = namespace_labels(pod.namespace)
    for node in nodes:
        labels = node.labels
        for other in node.pods_with_affinity.values():
            for term in other.anti_affinity:
                if term.matches(pod.namespace, pod.labels, own_namespace):
                    _count(unwilling, labels, term.topology_key)
        for other in node.pods.values() if pod.affinity or pod.anti_affinity else ():
            namespace = namespace_labels(other.namespace)
            if pod.affinity and _all_match(pod.affinity, other, namespace):
                for term in pod.affinity:
                    _count(attracting, labels, term.topology_key)
            for term in pod.anti_affinity:
                if term.matches(other.namespace, other.labels, namespace):
                    _count(repelling, labels, term.topology_key)
    if not (unwilling or pod.affinity or pod.anti_affinity):
        return None
    return AffinityState(pod, attracting, repelling, unwilling, _all_match(pod.affinity, pod, own_namespace))


def _all_match(terms: Iterable[AffinityTerm], pod: PodInfo, namespace_labels: Labels) -> bool:
    return all(term.matches(pod.namespace, pod.labels, namespace_labels) for term in terms)


def _count(counts: Counts, labels: Labels, key: str, amount: int = 1) -> None:
    value = labels.get(key)
    if value is not None:
        counts[key, value] = counts.get((key, value), 0) + amount


def affinity_scores(
    pod: PodInfo, feasible: Sequence[NodeInfo], nodes: Sequence[NodeInfo], namespace_labels: NamespaceLabels
) -> list[int]:
    """How well each feasible node pleases the pod, and the pods that are there; from 0 to 100."""
    counts: Counts = {}
    own_namespace = namespace_labels(pod.namespace)
    has_preferences = bool(pod.preferred_affinity or pod.preferred_anti_affinity)
    for node in nodes:
        others = node.pods if has_preferences else node.pods_with_affinity
        for other in others.values():
            _weigh_own(counts, node.labels, pod, other, namespace_labels(other.namespace))
            _weigh_other(counts, node.labels, pod, other, own_namespace)
    if not counts:
        return [0] * len(feasible)
    sums = [
        sum(amount for (key, value), amount in counts.items() if node.labels.get(key) == value) for node in feasible
    ]
    low, high = min(sums), max(sums)
    return [int(100 * (amount - low) / (high - low)) if high > low else 0 for amount in sums]


def _weigh_own(counts: Counts, labels: Labels, pod: PodInfo, other: PodInfo, namespace: Labels) -> None:
    """What the new pod thinks of one that is there."""
    for sign, terms in ((1, pod.preferred_affinity), (-1, pod.preferred_anti_affinity)):
        for term in terms:
            if term.matches(other.namespace, other.labels, namespace):
                _count(counts, labels, term.topology_key, sign * term.weight)


def _weigh_other(counts: Counts, labels: Labels, pod: PodInfo, other: PodInfo, namespace: Labels) -> None:
    """What one that is there thinks of the new pod."""
    for term in other.affinity:
        if term.matches(pod.namespace, pod.labels, namespace):
            _count(counts, labels, term.topology_key, HARD_AFFINITY_WEIGHT)
    for sign, terms in ((1, other.preferred_affinity), (-1, other.preferred_anti_affinity)):
        for term in terms:
            if term.matches(pod.namespace, pod.labels, namespace):
                _count(counts, labels, term.topology_key, sign * term.weight)
