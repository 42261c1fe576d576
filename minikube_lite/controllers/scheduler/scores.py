"""Which of the nodes that can run a pod suits it best: pure; upstream: the default profile's Score plugins."""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.controllers.scheduler.affinity import NamespaceLabels, affinity_scores
from minikube_lite.controllers.scheduler.cache import NodeInfo, PodInfo
from minikube_lite.controllers.scheduler.requests import CPU, MEMORY
from minikube_lite.controllers.scheduler.spreading import spread_scores
from minikube_lite.controllers.scheduler.terms import tolerates
from minikube_lite.machinery.selectors import Selector

SCORE_MAX = 100

TAINT_WEIGHT = 3
NODE_AFFINITY_WEIGHT = 2
FIT_WEIGHT = 1
SPREAD_WEIGHT = 2
POD_AFFINITY_WEIGHT = 2
BALANCE_WEIGHT = 1


def score(
    pod: PodInfo,
    feasible: Sequence[NodeInfo],
    nodes: Sequence[NodeInfo],
    namespace_labels: NamespaceLabels,
    default_selector: Selector,
) -> list[int]:
    """The weighed sum for each feasible node."""
    parts = (
        (TAINT_WEIGHT, _taint_scores(pod, feasible)),
        (NODE_AFFINITY_WEIGHT, _node_affinity_scores(pod, feasible)),
        (FIT_WEIGHT, [least_allocated(pod, node) for node in feasible]),
        (SPREAD_WEIGHT, spread_scores(pod, feasible, nodes, default_selector)),
        (POD_AFFINITY_WEIGHT, affinity_scores(pod, feasible, nodes, namespace_labels)),
        (BALANCE_WEIGHT, [balance(pod, node) for node in feasible]),
    )
    totals = [0] * len(feasible)
    for weight, scores in parts:
        for position, value in enumerate(scores):
            totals[position] += weight * value
    return totals


def _normalized(values: Sequence[int], *, reverse: bool = False) -> list[int]:
    high = max(values)
    if high == 0:
        return [SCORE_MAX if reverse else 0] * len(values)
    scaled = [SCORE_MAX * value // high for value in values]
    return [SCORE_MAX - value for value in scaled] if reverse else scaled


def _taint_scores(pod: PodInfo, feasible: Sequence[NodeInfo]) -> list[int]:
    """The fewer taints would rather not have the pod, the better."""
    tolerations = [item for item in pod.tolerations if item.get("effect", "") in ("", "PreferNoSchedule")]
    counts = [
        sum(taint["effect"] == "PreferNoSchedule" and not tolerates(tolerations, taint) for taint in node.taints)
        for node in feasible
    ]
    return _normalized(counts, reverse=True)


def _node_affinity_scores(pod: PodInfo, feasible: Sequence[NodeInfo]) -> list[int]:
    if not pod.node_affinity.preferred:
        return [0] * len(feasible)
    return _normalized([pod.node_affinity.preference(node.node or {}) for node in feasible])


def least_allocated(pod: PodInfo, node: NodeInfo) -> int:
    """How much is left of CPU and memory, of 100. Containers that ask for nothing count for something."""
    scores = []
    for name, requested in (
        (CPU, node.scored_cpu + pod.request.scored_cpu),
        (MEMORY, node.scored_memory + pod.request.scored_memory),
    ):
        capacity = node.allocatable.get(name, 0)
        if capacity:
            scores.append((capacity - requested) * SCORE_MAX // capacity if requested <= capacity else 0)
    return sum(scores) // len(scores) if scores else 0


def balance(pod: PodInfo, node: NodeInfo) -> int:
    """Whether the pod makes CPU and memory more evenly used; around 75 where it does not matter."""
    asked = pod.request.amounts
    if not asked.get(CPU) and not asked.get(MEMORY):
        return 0
    after = _evenness(node, asked.get(CPU, 0), asked.get(MEMORY, 0))
    before = _evenness(node, 0, 0)
    return SCORE_MAX // 2 + (SCORE_MAX // 2 + after - before) // 2


def _evenness(node: NodeInfo, cpu: int, memory: int) -> int:
    fractions = []
    for name, more in ((CPU, cpu), (MEMORY, memory)):
        capacity = node.allocatable.get(name, 0)
        if capacity:
            fractions.append(min((node.requested.get(name, 0) + more) / capacity, 1.0))
    deviation = abs(fractions[0] - fractions[1]) / 2 if len(fractions) == 2 else 0.0
    return int((1 - deviation) * SCORE_MAX)
