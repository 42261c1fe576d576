"""Pods of one kind spread over nodes and zones: filter and score; upstream: framework/plugins/podtopologyspread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log

from minikube_lite.controllers.scheduler.cache import NodeInfo, PodInfo
from minikube_lite.controllers.scheduler.terms import untolerated_taint
from minikube_lite.machinery.selectors import (
    NOTHING,
    Requirement,
    Selector,
    SelectorError,
    label_selector_as_selector,
)
from minikube_lite.store import Object

HOSTNAME_LABEL = "kubernetes.io/hostname"
ZONE_LABEL = "topology.kubernetes.io/zone"
SPREAD_FAULT = "node(s) didn't match pod topology spread constraints"
LABEL_FAULT = f"{SPREAD_FAULT} (missing required label)"


@dataclass(frozen=True, slots=True)
class Constraint:
    """How evenly pods that a selector selects are to lie over the values of a label."""

    max_skew: int
    topology_key: str
    selector: Selector
    min_domains: int = 1
    honors_affinity: bool = True
    honors_taints: bool = False

    def counts_node(self, pod: PodInfo, node: NodeInfo) -> bool:
        """Whether the node's pods count."""
        assert node.node is not None
        if self.honors_affinity and not pod.node_affinity.matches(node.node):
            return False
        if not self.honors_taints:
            return True
        return untolerated_taint(node.taints, pod.tolerations, ("NoSchedule", "NoExecute")) is None


def constraints_of(pod: PodInfo, action: str) -> list[Constraint]:
    """The pod's own constraints of that kind: DoNotSchedule or ScheduleAnyway."""
    given = pod.pod["spec"].get("topologySpreadConstraints") or ()
    return [_constraint(pod, item) for item in given if item["whenUnsatisfiable"] == action]


def _constraint(pod: PodInfo, item: Object) -> Constraint:
    try:
        selector = label_selector_as_selector(item.get("labelSelector"))
    except SelectorError:
        selector = NOTHING
    keys = [key for key in item.get("matchLabelKeys") or () if key in pod.labels]
    if keys and not selector.nothing:
        more = [Requirement(key, "in", (pod.labels[key],)) for key in keys]
        selector = Selector([*selector.requirements, *more])
    return Constraint(
        item["maxSkew"],
        item["topologyKey"],
        selector,
        item.get("minDomains") or 1,
        item.get("nodeAffinityPolicy", "Honor") == "Honor",
        item.get("nodeTaintsPolicy", "Ignore") == "Honor",
    )


def default_constraints(selector: Selector) -> list[Constraint]:
    """What pods get that ask for no spreading: those of one owner or Service lie apart, if that is possible."""
    if selector.everything:
        return []
    return [Constraint(3, HOSTNAME_LABEL, selector), Constraint(5, ZONE_LABEL, selector)]


@dataclass(frozen=True, slots=True)
class SpreadState:
    """How many matching pods lie in each value of each hard constraint's label."""

    pod: PodInfo
    constraints: Sequence[Constraint]
    counts: Sequence[dict[str, int]]

    def fault(self, node: NodeInfo) -> tuple[str, bool] | None:
        """Why the pod cannot run there, and whether removing pods would not help."""
        for constraint, counts in zip(self.constraints, self.counts, strict=True):
            value = node.labels.get(constraint.topology_key)
            if value is None:
                return LABEL_FAULT, True
            lowest = min(counts.values(), default=0) if len(counts) >= constraint.min_domains else 0
            own = int(constraint.selector.matches(self.pod.labels))
            if counts.get(value, 0) + own - lowest > constraint.max_skew:
                return SPREAD_FAULT, False
        return None


def spread_state(pod: PodInfo, nodes: Iterable[NodeInfo]) -> SpreadState | None:
    """What the filter needs; None where the pod has no hard constraints."""
    constraints = constraints_of(pod, "DoNotSchedule")
    if not constraints:
        return None
    counts: list[dict[str, int]] = [{} for _ in constraints]
    for node in nodes:
        if not _has_labels(node, constraints):
            continue
        for constraint, found in zip(constraints, counts, strict=True):
            if constraint.counts_node(pod, node):
                value = node.labels[constraint.topology_key]
                found[value] = found.get(value, 0) + node.count_matching(pod.namespace, constraint.selector)
    return SpreadState(pod, constraints, counts)


def _has_labels(node: NodeInfo, constraints: Iterable[Constraint]) -> bool:
    return all(constraint.topology_key in node.labels for constraint in constraints)


def spread_scores(
    pod: PodInfo, feasible: Sequence[NodeInfo], nodes: Sequence[NodeInfo], default_selector: Selector
) -> list[int]:
    """How evenly the pods would lie with the new one on each feasible node; from 0 to 100."""
    own = pod.pod["spec"].get("topologySpreadConstraints")
    constraints = constraints_of(pod, "ScheduleAnyway") if own else default_constraints(default_selector)
    if not constraints:
        return [0] * len(feasible)
    # Without own constraints a node without a zone is still spread by its name.
    ignored = [bool(own) and not _has_labels(node, constraints) for node in feasible]
    scored = [node for node, left_out in zip(feasible, ignored, strict=True) if not left_out]
    sums = [0.0] * len(feasible)
    for constraint in constraints:
        counts, weight = _counts(pod, constraint, scored, nodes, constraints if own else ())
        for position, node in enumerate(feasible):
            value = node.labels.get(constraint.topology_key)
            if value is not None and not ignored[position]:
                found = node.count_matching(pod.namespace, constraint.selector) if counts is None else counts[value]
                sums[position] += found * weight + (constraint.max_skew - 1)
    return _normalized([floor(total + 0.5) for total in sums], ignored)


def _counts(
    pod: PodInfo,
    constraint: Constraint,
    scored: Sequence[NodeInfo],
    nodes: Sequence[NodeInfo],
    required: Sequence[Constraint],
) -> tuple[dict[str, int] | None, float]:
    """Matching pods by value, None where each node counts for itself; and what the constraint weighs."""
    if constraint.topology_key == HOSTNAME_LABEL:
        return None, log(len(scored) + 2)
    counts = {node.labels.get(constraint.topology_key, ""): 0 for node in scored}
    for node in nodes:
        value = node.labels.get(constraint.topology_key, "")
        if value in counts and _has_labels(node, required) and constraint.counts_node(pod, node):
            counts[value] += node.count_matching(pod.namespace, constraint.selector)
    return counts, log(len(counts) + 2)


def _normalized(sums: Sequence[int], ignored: Sequence[bool]) -> list[int]:
    counted = [total for total, left_out in zip(sums, ignored, strict=True) if not left_out]
    low, high = min(counted, default=0), max(counted, default=0)
    return [
        0 if left_out else 100 if high == 0 else 100 * (high + low - total) // high
        for total, left_out in zip(sums, ignored, strict=True)
    ]
