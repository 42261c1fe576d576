"""Questions about one pod; upstream: the predicates of stateful_set_utils.go and pkg/api/v1/pod/util.go."""

from __future__ import annotations

from minikube_lite.controllers.pod_availability import is_available
from minikube_lite.machinery.meta import is_deleting, is_pod_ready
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


def is_unavailable(pod: Object, min_ready_seconds: int, now: float) -> bool:
    """Whether the pod is not available, or will not be for long."""
    return is_deleting(pod) or not is_available(pod, min_ready_seconds, now)


def pod_revision(pod: Object) -> str:
    """The name of the revision that the pod was made from."""
    return (pod["metadata"].get("labels") or {}).get(REVISION_LABEL, "")  # type: ignore[no-any-return]
