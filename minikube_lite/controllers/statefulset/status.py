"""The set's status, counted from its pods; upstream: updateStatus of stateful_set_control.go."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.controllers.pod_availability import is_available
from minikube_lite.controllers.statefulset.identity import replica_count
from minikube_lite.controllers.statefulset.pod_state import is_created, is_running_and_ready, pod_revision
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.store import Object

COUNTS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
_COMPARED = (*COUNTS, "currentRevision", "updateRevision")
_SHOWN_WHEN_ZERO = ("replicas", "availableReplicas", "collisionCount")


def compute_status(
    stateful_set: Object,
    pods: Iterable[Object],
    current_revision: str,
    update_revision: str,
    collision_count: int,
    now: float,
) -> Object:
    """The status with every count in it."""
    min_ready_seconds = stateful_set["spec"].get("minReadySeconds", 0)
    counts = dict.fromkeys(COUNTS, 0)
    for pod in pods:
        counts["replicas"] += is_created(pod)
        if is_running_and_ready(pod):
            counts["readyReplicas"] += 1
            counts["availableReplicas"] += is_available(pod, min_ready_seconds, now)
        if is_created(pod) and not is_deleting(pod):
            revision = pod_revision(pod)
            counts["currentReplicas"] += revision == current_revision
            counts["updatedReplicas"] += revision == update_revision
    return {
        "observedGeneration": stateful_set["metadata"].get("generation", 0),
        **counts,
        "currentRevision": current_revision,
        "updateRevision": update_revision,
        "collisionCount": collision_count,
    }


def complete_rolling_update(stateful_set: Object, status: Object) -> None:
    """Where all replicas are updated and ready, the update revision becomes the current one."""
    wanted = replica_count(stateful_set)
    rolling = stateful_set["spec"].get("updateStrategy", {}).get("type", "RollingUpdate") == "RollingUpdate"
    if rolling and status["updatedReplicas"] == status["readyReplicas"] == status["replicas"] == wanted:
        status["currentReplicas"] = status["updatedReplicas"]
        status["currentRevision"] = status["updateRevision"]


def is_status_outdated(stateful_set: Object, status: Object) -> bool:
    """Whether the new status says something that the set's does not."""
    known = stateful_set.get("status", {})
    if status["observedGeneration"] > known.get("observedGeneration", 0):
        return True
    return any((known.get(part) or _zero(part)) != status[part] for part in _COMPARED)


def _zero(part: str) -> int | str:
    return 0 if part in COUNTS else ""


def written_status(status: Object) -> Object:
    """The status as it is written: most zeroes are left out."""
    return {part: value for part, value in status.items() if value or part in _SHOWN_WHEN_ZERO}
