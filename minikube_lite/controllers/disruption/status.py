"""What a budget's status says: pure; upstream: getExpectedPodCount, buildDisruptedPodMap, countHealthyPods, updatePdbStatus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from minikube_lite.clock import parse_time
from minikube_lite.machinery.disruption import set_disruption_allowed
from minikube_lite.machinery.int_or_string import scaled_value
from minikube_lite.machinery.meta import copy_object, is_deleting, is_pod_ready
from minikube_lite.store import Object

DELETION_TIMEOUT_SECONDS = 120.0
"""How long a pod that was evicted counts as away although it is still there."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The status, the pods that should have gone and did not, and when to look again because of those that still may."""

    status: Object
    not_deleted: tuple[Object, ...]
    recheck_seconds: float | None


def needs_scale(spec: Object) -> bool:
    """Whether it matters how many pods their controllers want; else those that are there are counted."""
    return spec.get("maxUnavailable") is not None or isinstance(spec.get("minAvailable"), str)


def desired_healthy(spec: Object, expected: int) -> int:
    """How many healthy pods must stay."""
    if spec.get("maxUnavailable") is not None:
        return max(0, expected - scaled_value(spec["maxUnavailable"], expected, round_up=True))
    return scaled_value(spec.get("minAvailable"), expected, round_up=True)


def compute_status(budget: Object, pods: Sequence[Object], expected: int, now: float, now_text: str) -> Decision:
    """From a budget, its pods and how many there should be."""
    spec, old = budget.get("spec") or {}, budget.get("status") or {}
    disrupted, not_deleted, recheck = _disrupted(pods, old.get("disruptedPods") or {}, now)
    desired = desired_healthy(spec, expected)
    healthy = sum(1 for pod in pods if _is_healthy(pod, disrupted))
    status: Object = {
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "disruptionsAllowed": max(0, healthy - desired) if expected > 0 else 0,
        "observedGeneration": budget["metadata"].get("generation", 0),
        "conditions": copy_object(old.get("conditions") or []),
    }
    if disrupted:
        status["disruptedPods"] = disrupted
    set_disruption_allowed(status, now_text)
    return Decision(status, not_deleted, recheck)


def _disrupted(
    pods: Sequence[Object], known: Mapping[str, str], now: float
) -> tuple[dict[str, str], tuple[Object, ...], float | None]:
    """Those of the evicted pods that are still awaited, those that are not any more, and the next one's time."""
    awaited: dict[str, str] = {}
    late: list[Object] = []
    recheck: float | None = None
    for pod in pods:
        moment = known.get(pod["metadata"]["name"])
        if moment is None or is_deleting(pod):
            continue
        left = parse_time(moment) + DELETION_TIMEOUT_SECONDS - now
        if left < 0:
            late.append(pod)
        else:
            awaited[pod["metadata"]["name"]] = moment
            recheck = left if recheck is None else min(recheck, left)
    return awaited, tuple(late), recheck


def _is_healthy(pod: Object, disrupted: Mapping[str, str]) -> bool:
    return not is_deleting(pod) and pod["metadata"]["name"] not in disrupted and is_pod_ready(pod)
