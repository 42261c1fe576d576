"""How a roll-out goes on, as the condition Progressing tells it; upstream: progress.go and its helpers in util."""

from __future__ import annotations

from minikube_lite.clock import parse_time
from minikube_lite.controllers.deployment.conditions import (
    PROGRESSING,
    find,
    new_condition,
    with_condition,
    with_news,
    without,
)
from minikube_lite.controllers.deployment.limits import wanted_replicas
from minikube_lite.controllers.deployment.replicasets import name_of
from minikube_lite.machinery.meta import find_condition
from minikube_lite.store import Object

TIMED_OUT = "ProgressDeadlineExceeded"
NEW_AVAILABLE = "NewReplicaSetAvailable"
PAUSED = "DeploymentPaused"

_NO_DEADLINE = 2**31 - 1


def has_deadline(deployment: Object) -> bool:
    """Whether progress is judged at all."""
    return deployment["spec"].get("progressDeadlineSeconds", _NO_DEADLINE) != _NO_DEADLINE  # type: ignore[no-any-return]


def is_complete(deployment: Object, status: Object) -> bool:
    """Whether all pods are new and available, and no other ones are left."""
    counters = ("updatedReplicas", "replicas", "availableReplicas")
    return (
        all(status.get(counter, 0) == wanted_replicas(deployment) for counter in counters)
        and status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    )


def conditions_of_pause(deployment: Object, conditions: list[Object], now: float) -> list[Object]:
    """A pause, and its end, is told, so that the time that it takes does not count."""
    known = find(conditions, PROGRESSING)
    reason = known["reason"] if known is not None else ""
    paused = bool(deployment["spec"].get("paused"))
    if not has_deadline(deployment) or reason == TIMED_OUT or paused == (reason == PAUSED):
        return conditions
    words = (PAUSED, "Deployment is paused") if paused else ("DeploymentResumed", "Deployment is resumed")
    return with_condition(conditions, new_condition(PROGRESSING, "Unknown", *words, now))


def conditions_of_progress(deployment: Object, status: Object, new: Object | None, now: float) -> list[Object]:
    """The new status's conditions with what can be said of progress since the Deployment's own status."""
    conditions: list[Object] = status.get("conditions") or []
    if not has_deadline(deployment):
        return without(conditions, PROGRESSING)
    known = find(conditions, PROGRESSING)
    if known is not None and known["reason"] == NEW_AVAILABLE:
        if status.get("replicas", 0) == status.get("updatedReplicas", 0):
            return conditions
    subject = f'ReplicaSet "{name_of(new)}"' if new is not None else f'Deployment "{name_of(deployment)}"'
    if is_complete(deployment, status):
        text = f"{subject} has successfully progressed."
        return with_condition(conditions, new_condition(PROGRESSING, "True", NEW_AVAILABLE, text, now))
    if _has_moved(deployment.get("status", {}), status):
        text = f"{subject} is progressing."
        return with_news(conditions, new_condition(PROGRESSING, "True", "ReplicaSetUpdated", text, now))
    if known is not None and _is_overdue(deployment, known, now):
        text = f"{subject} has timed out progressing."
        return with_condition(conditions, new_condition(PROGRESSING, "False", TIMED_OUT, text, now))
    return conditions


def _has_moved(before: Object, after: Object) -> bool:
    """Whether there are more new pods, fewer old ones, or more that are ready or available."""
    old_before, old_after = (status.get("replicas", 0) - status.get("updatedReplicas", 0) for status in (before, after))
    grown = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old_after < old_before or any(after.get(part, 0) > before.get(part, 0) for part in grown)


def _is_overdue(deployment: Object, known: Object, now: float) -> bool:
    if known["reason"] == NEW_AVAILABLE:
        return False
    return known["reason"] == TIMED_OUT or _deadline(deployment, known) < now


def _deadline(deployment: Object, known: Object) -> float:
    return parse_time(known["lastUpdateTime"]) + float(deployment["spec"]["progressDeadlineSeconds"])


def seconds_until_judged(deployment: Object, status: Object, now: float) -> float | None:
    """When a roll-out that stands still is to be looked at again: a second after its deadline, at the latest then."""
    known = find_condition(deployment, PROGRESSING)
    if known is None or not has_deadline(deployment):
        return None
    if is_complete(deployment, status) or known["reason"] == TIMED_OUT:
        return None
    return max(_deadline(deployment, known) - now, 0.0) + 1
