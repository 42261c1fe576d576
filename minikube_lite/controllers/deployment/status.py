"""The Deployment's status, added up from its ReplicaSets; upstream: calculateStatus of sync.go."""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.controllers.deployment.conditions import (
    AVAILABLE,
    REPLICA_FAILURE,
    new_condition,
    with_condition,
    without,
)
from minikube_lite.controllers.deployment.limits import min_available
from minikube_lite.controllers.deployment.replicasets import counted, total, total_size
from minikube_lite.machinery.meta import find_condition
from minikube_lite.store import Object


def compute_status(
    deployment: Object, replica_sets: Sequence[Object], new: Object | None, conditions: list[Object], now: float
) -> Object:
    """The status as it is to be written, with the conditions as they are by now and Available."""
    available = total(replica_sets, "availableReplicas")
    counts = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": total(replica_sets, "replicas"),
        "updatedReplicas": counted(new, "replicas"),
        "readyReplicas": total(replica_sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, total_size(replica_sets) - available),
    }
    status: Object = {name: count for name, count in counts.items() if count}
    terminating = _terminating(replica_sets)
    if terminating is not None:
        status["terminatingReplicas"] = terminating
    collisions = deployment.get("status", {}).get("collisionCount")
    if collisions is not None:
        status["collisionCount"] = collisions
    if available >= min_available(deployment):
        words = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        words = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    status["conditions"] = with_condition(conditions, new_condition(AVAILABLE, *words, now))
    return status


def conditions_of_failures(
    conditions: list[Object], replica_sets: Sequence[Object], new: Object | None
) -> list[Object]:
    """What a ReplicaSet could not make or delete; that of the new one before those of others."""
    for replica_set in (*((new,) if new is not None else ()), *replica_sets):
        failure = find_condition(replica_set, REPLICA_FAILURE)
        if failure is not None:
            return with_condition(conditions, {**failure, "lastUpdateTime": failure["lastTransitionTime"]})
    return without(conditions, REPLICA_FAILURE)


def _terminating(replica_sets: Sequence[Object]) -> int | None:
    """None where one that has been counted does not say."""
    counts = [
        replica_set.get("status", {}).get("terminatingReplicas")
        for replica_set in replica_sets
        if counted(replica_set, "observedGeneration") or "terminatingReplicas" in replica_set.get("status", {})
    ]
    return None if None in counts else sum(count for count in counts if count is not None)
