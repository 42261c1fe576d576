"""How conditions of a status change; upstream: apimeta.SetStatusCondition, pkg/api/v1/pod.UpdatePodCondition."""

from __future__ import annotations

from minikube_lite.machinery.meta import find_condition
from minikube_lite.store import Object

DISRUPTION_TARGET = "DisruptionTarget"
"""The condition of a pod that is about to go because of something outside of it."""


def set_condition(status: Object, condition: Object, now: str) -> bool:
    """Put a condition into a status of one's own; the moment of its change stays if its status does. Says if it changed."""
    old = find_condition({"status": status}, condition["type"])
    same_status = old is not None and old["status"] == condition["status"]
    moment = old["lastTransitionTime"] if old is not None and same_status and old.get("lastTransitionTime") else now
    new = {**condition, "lastTransitionTime": moment}
    if new == old:
        return False
    conditions = [new if item is old else item for item in status.get("conditions") or ()]
    status["conditions"] = conditions if old is not None else [*conditions, new]
    return True


def set_pod_condition(status: Object, condition: Object, now: str) -> bool:
    """As `set_condition`, of a pod, whose conditions also have a moment of their probing."""
    return set_condition(status, {"lastProbeTime": None, **condition}, now)
