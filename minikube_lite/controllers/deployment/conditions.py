"""Conditions of a Deployment: what is written anew, and what keeps its times; upstream: SetDeploymentCondition."""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.clock import format_time
from minikube_lite.store import Object

PROGRESSING = "Progressing"
AVAILABLE = "Available"
REPLICA_FAILURE = "ReplicaFailure"


def new_condition(condition_type: str, state: str, reason: str, message: str, now: float) -> Object:
    """A condition that begins now."""
    moment = format_time(now)
    return {
        "type": condition_type,
        "status": state,
        "lastUpdateTime": moment,
        "lastTransitionTime": moment,
        "reason": reason,
        "message": message,
    }


def find(conditions: Sequence[Object], condition_type: str) -> Object | None:
    """The condition of that type."""
    return next((condition for condition in conditions if condition["type"] == condition_type), None)


def without(conditions: Sequence[Object], condition_type: str) -> list[Object]:
    """All but those of that type."""
    return [condition for condition in conditions if condition["type"] != condition_type]


def with_condition(conditions: Sequence[Object], condition: Object) -> list[Object]:
    """The conditions with that one: at the end, unless its status and reason are what they were."""
    known = find(conditions, condition["type"])
    if known is not None and (known["status"], known["reason"]) == (condition["status"], condition["reason"]):
        return list(conditions)
    return with_news(conditions, condition)


def with_news(conditions: Sequence[Object], condition: Object) -> list[Object]:
    """The same, though only its message or its time may be new. A status that stays keeps its time of transition."""
    known = find(conditions, condition["type"])
    if known is not None and known["status"] == condition["status"]:
        condition = {**condition, "lastTransitionTime": known["lastTransitionTime"]}
    return [*without(conditions, condition["type"]), condition]
