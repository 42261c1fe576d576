"""Which node a pod gets, or why none: pure, but for the choice among equals; upstream: schedulePod and FitError.

There is no preemption: a pod waits for room, also where pods of less priority could make some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from minikube_lite.controllers.scheduler.affinity import NamespaceLabels
from minikube_lite.controllers.scheduler.cache import NodeInfo, PodInfo
from minikube_lite.controllers.scheduler.filters import Blocker, PodState, Rejection, pod_state, reject
from minikube_lite.controllers.scheduler.scores import score
from minikube_lite.controllers.scheduler.volumes import Storage, VolumePlan, plan_volumes, pod_volumes
from minikube_lite.machinery.selectors import Selector

NO_NODES = "no nodes available to schedule pods"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"
NO_CLAIMS = "no new claims to deallocate"

ALL_SCORED_NODES_MAX = 100
"""So many nodes that can run a pod are always looked for; among more a part is enough."""
SCORED_PERCENT_MIN = 5


@dataclass(frozen=True, slots=True)
class Chosen:
    """The pod gets this node, and its claims get their volumes so."""

    node: str
    volumes: VolumePlan


@dataclass(frozen=True, slots=True)
class Failed:
    """No node will do; upstream's message."""

    message: str
    blockers: tuple[Blocker, ...]
    """What would have to change."""


@dataclass(slots=True)
class Surroundings:
    """All that a decision looks at besides the pod."""

    nodes: Sequence[NodeInfo]
    namespace_labels: NamespaceLabels
    storage: Storage
    random: Random
    start: int = 0
    """Where the search begins, so that in large clusters all nodes have their turn."""


def decide(pod: PodInfo, default_selector: Selector, around: Surroundings) -> Chosen | Failed:
    """Find the best node."""
    nodes = around.nodes
    if not nodes:
        return Failed(NO_NODES, ("node",))
    volumes = pod_volumes(pod.pod, around.storage)
    if isinstance(volumes, str):
        return Failed(early_message(len(nodes), volumes), ("claims",))
    names = pod.node_affinity.node_names()
    if names is not None and not names:
        return Failed(early_message(len(nodes), "pod affinity terms conflict"), ())
    searched = nodes if names is None else [node for node in nodes if node.name in names]
    state = pod_state(pod, volumes, nodes, around.namespace_labels, around.storage)
    feasible, rejections = _search(state, searched, around)
    if not feasible:
        blockers = dict.fromkeys(rejection.blocker for rejection in rejections.values())
        return Failed(failure_message(pod, len(nodes), rejections), (*blockers, "node"))
    node = _best(pod, feasible, default_selector, around)
    assert node.node is not None
    return Chosen(node.name, plan_volumes(volumes, node.node, around.storage) or VolumePlan())


def _search(
    state: PodState, searched: Sequence[NodeInfo], around: Surroundings
) -> tuple[list[NodeInfo], dict[str, Rejection]]:
    wanted, count = feasible_nodes_wanted(len(searched)), len(searched)
    start = around.start % count if wanted < count else 0
    feasible: list[NodeInfo] = []
    rejections: dict[str, Rejection] = {}
    for position in range(count):
        node = searched[(start + position) % count]
        rejection = reject(state, node)
        if rejection is not None:
            rejections[node.name] = rejection
            continue
        feasible.append(node)
        if len(feasible) == wanted:
            break
    around.start = start + len(feasible) + len(rejections)
    return feasible, rejections


def feasible_nodes_wanted(nodes: int) -> int:
    """How many nodes that can run a pod are enough to choose from."""
    if nodes < ALL_SCORED_NODES_MAX:
        return nodes
    percent = max(50 - nodes // 125, SCORED_PERCENT_MIN)
    return max(nodes * percent // 100, ALL_SCORED_NODES_MAX)


def _best(pod: PodInfo, feasible: Sequence[NodeInfo], selector: Selector, around: Surroundings) -> NodeInfo:
    if len(feasible) == 1:
        return feasible[0]
    scores = score(pod, feasible, around.nodes, around.namespace_labels, selector)
    best = max(scores)
    return around.random.choice([node for node, value in zip(feasible, scores, strict=True) if value == best])


def early_message(nodes: int, fault: str) -> str:
    """Where no node was looked at. Upstream's next plugin then misses what the first leaves for it: `not found`."""
    return f"0/{nodes} nodes are available: {fault}. not found"


def failure_message(pod: PodInfo, nodes: int, rejections: Mapping[str, Rejection]) -> str:
    """How many nodes were rejected for which reasons, and that preemption does not help."""
    counts: dict[str, int] = {}
    for rejection in rejections.values():
        for reason in rejection.reasons:
            counts[reason] = counts.get(reason, 0) + 1
    if left_out := nodes - len(rejections):
        counts["node(s) didn't satisfy plugin(s) [NodeAffinity]"] = left_out
    return f"{_histogram(nodes, counts)} {NO_CLAIMS}, preemption: {_preemption(pod, nodes, rejections)}"


def _preemption(pod: PodInfo, nodes: int, rejections: Mapping[str, Rejection]) -> str:
    if pod.pod["spec"].get("preemptionPolicy") == "Never":
        return "not eligible due to preemptionPolicy=Never."
    resolvable = sum(not rejection.unresolvable for rejection in rejections.values())
    counts = {NO_VICTIMS: resolvable, NOT_HELPFUL: nodes - resolvable}
    return _histogram(nodes, counts)


def _histogram(nodes: int, counts: Mapping[str, int]) -> str:
    parts = sorted(f"{count} {reason}" for reason, count in counts.items() if count)
    return f"0/{nodes} nodes are available: {', '.join(parts)}."
