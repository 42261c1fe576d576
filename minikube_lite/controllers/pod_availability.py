"""Since when a pod has been ready for long enough; upstream: IsPodAvailable and FindMinNextPodAvailabilityCheck."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.clock import parse_time
from minikube_lite.machinery.meta import find_condition, is_pod_ready
from minikube_lite.store import Object


def available_at(pod: Object, min_ready_seconds: int) -> float | None:
    """When a ready pod has been so for long enough; None where that cannot be said."""
    condition = find_condition(pod, "Ready")
    if condition is None or condition["status"] != "True" or not condition.get("lastTransitionTime"):
        return None
    return parse_time(condition["lastTransitionTime"]) + min_ready_seconds


def is_available(pod: Object, min_ready_seconds: int, now: float) -> bool:
    """Whether the pod has been ready for `min_ready_seconds`."""
    if not min_ready_seconds:
        return is_pod_ready(pod)
    when = available_at(pod, min_ready_seconds)
    return when is not None and when <= now


def next_availability(pods: Iterable[Object], min_ready_seconds: int, now: float) -> float | None:
    """In how many seconds the next ready pod becomes available."""
    moments = [available_at(pod, min_ready_seconds) for pod in pods]
    waits = [moment - now for moment in moments if moment is not None and moment > now]
    return min(waits, default=None)
