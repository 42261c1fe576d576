"""Which pods of a ReplicaSet go first; upstream: ActivePodsWithRanks of pkg/controller/controller_utils.go.

Ages are compared by the power of two that they lie in, so that pods of about the same age go in no particular order.
Worked example: of pods that have been ready for 5, 6 and 20 minutes, one of the first two goes before the third.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from minikube_lite.clock import parse_time
from minikube_lite.machinery.meta import find_condition, is_deleting, is_pod_ready, is_pod_terminal
from minikube_lite.store import Object

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"

_PHASES: Mapping[str, int] = {"Pending": 0, "Unknown": 1, "Running": 2}
_is_cost = re.compile(r"0|-[0-9]+|[1-9][0-9]*").fullmatch
_COST_MAX = 2**31 - 1


def is_active(pod: Object) -> bool:
    """Whether the pod has not ended and is not on its way out."""
    return not is_pod_terminal(pod) and not is_deleting(pod)


def pods_to_delete(pods: Sequence[Object], related: Iterable[Object], count: int, now: float) -> list[Object]:
    """The first `count` that go. `related` are the pods whose nodes are better not shared: the more, the sooner."""
    if count >= len(pods):
        return list(pods)
    on_node = Counter(pod["spec"].get("nodeName") for pod in related if is_active(pod))
    ranked = [_Candidate(pod, on_node[pod["spec"].get("nodeName")], now) for pod in pods]
    return [candidate.pod for candidate in sorted(ranked, key=functools.cmp_to_key(_compare))[:count]]


class _Candidate:
    """What is compared of a pod. The smaller `standing` is, the sooner it goes."""

    __slots__ = ("age", "created", "pod", "ready_age", "ready_since", "restarts", "standing", "uid")

    def __init__(self, pod: Object, shared: int, now: float) -> None:
        ready = is_pod_ready(pod)
        self.pod = pod
        self.uid: str = pod["metadata"]["uid"]
        phase = _PHASES.get(pod.get("status", {}).get("phase", ""), 0)
        self.standing = (bool(pod["spec"].get("nodeName")), phase, ready, deletion_cost(pod), -shared)
        self.ready_since = _ready_since(pod) if ready else None
        self.ready_age = _power_of_two(self.ready_since, now)
        self.restarts = _most_restarts(pod)
        self.created = _moment(pod["metadata"].get("creationTimestamp"))
        self.age = _power_of_two(self.created, now)


def _compare(one: _Candidate, other: _Candidate) -> int:
    """Negative where `one` goes first."""
    if one.standing != other.standing:
        return -1 if one.standing < other.standing else 1
    if one.ready_since != other.ready_since:
        return _compare_ages(one, other, (one.ready_since, one.ready_age), (other.ready_since, other.ready_age))
    if one.restarts != other.restarts:
        return _compare_restarts(one.restarts, other.restarts)
    if one.created != other.created:
        return _compare_ages(one, other, (one.created, one.age), (other.created, other.age))
    return 0


def _compare_ages(
    one: _Candidate, other: _Candidate, age: tuple[float | None, int], other_age: tuple[float | None, int]
) -> int:
    """Younger pods go first, those of no known age before them; of about the same age, the uid decides."""
    if age[0] is None or other_age[0] is None:
        return -1 if age[0] is None else 1
    if age[1] == other_age[1]:
        return -1 if one.uid < other.uid else 1
    return age[1] - other_age[1]


def _compare_restarts(one: tuple[int, int], other: tuple[int, int]) -> int:
    """More restarts go first: those of containers, then those of sidecars."""
    return -1 if one > other else 1


def deletion_cost(pod: Object) -> int:
    """What it costs to delete the pod, as its users say; 0 where they do not, or not in a valid way."""
    text = (pod["metadata"].get("annotations") or {}).get(DELETION_COST, "")
    cost = int(text) if _is_cost(text) else 0
    return cost if -_COST_MAX - 1 <= cost <= _COST_MAX else 0


def _moment(timestamp: str | None) -> float | None:
    return parse_time(timestamp) if timestamp else None


def _ready_since(pod: Object) -> float | None:
    condition = find_condition(pod, "Ready") or {}
    return _moment(condition.get("lastTransitionTime"))


def _power_of_two(since: float | None, now: float) -> int:
    """The binary logarithm of an age in nanoseconds, -1 where there is none."""
    nanoseconds = (now - since) * 1e9 if since is not None else 0
    return int(math.log2(nanoseconds)) if nanoseconds >= 1 else -1


def _most_restarts(pod: Object) -> tuple[int, int]:
    """The most restarts of one container, and of one sidecar."""
    status = pod.get("status", {})
    sidecars = {
        container["name"]
        for container in pod["spec"].get("initContainers") or ()
        if container.get("restartPolicy") == "Always"
    }
    of_containers = (item.get("restartCount", 0) for item in status.get("containerStatuses") or ())
    of_sidecars = (
        item.get("restartCount", 0) for item in status.get("initContainerStatuses") or () if item["name"] in sidecars
    )
    return max(of_containers, default=0), max(of_sidecars, default=0)
