"""Questions about one pod; upstream: the predicates of stateful_set_utils.go and pkg/api/v1/pod/util.go."""

from __future__ import annotations

from minikube_lite.clock import parse_time
from minikube_lite.machinery.meta import find_condition, is_deleting, is_pod_ready
from minikube_lite.store import Object

REVISION_LABEL = "controller-revision-hash"


def phase_of(pod: Object) -> str:
    """The phase, "" for a pod that is only planned."""
    return pod.get("status", {}).get("phase", "")  # type: ignore[no-any-return]


def is_created(pod: Object) -> bool:
    """Whether the pod is in the cluster: one that is only planned has no phase."""
    return phase_of(pod) != ""


def is_running_and_ready(pod: Object) -> bool:
    """Whether the pod runs and its Ready condition is True."""
    return phase_of(pod) == "Running" and is_pod_ready(pod)


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


def is_unavailable(pod: Object, min_ready_seconds: int, now: float) -> bool:
    """Whether the pod is not available, or will not be for long."""
    return is_deleting(pod) or not is_available(pod, min_ready_seconds, now)


def pod_revision(pod: Object) -> str:
    """The name of the revision that the pod was made from."""
    return (pod["metadata"].get("labels") or {}).get(REVISION_LABEL, "")  # type: ignore[no-any-return]


def next_availability(pods: list[Object], min_ready_seconds: int, now: float) -> float | None:
    """In how many seconds the next ready pod becomes available."""
    moments = [available_at(pod, min_ready_seconds) for pod in pods]
    waits = [moment - now for moment in moments if moment is not None and moment > now]
    return min(waits, default=None)
