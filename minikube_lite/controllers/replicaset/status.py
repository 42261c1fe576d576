"""What is counted of a ReplicaSet's pods; upstream: calculateStatus of replica_set_utils.go."""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.clock import format_time
from minikube_lite.controllers.pod_availability import is_available
from minikube_lite.controllers.replicaset.decide import surplus
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.meta import find_condition, is_pod_ready
from minikube_lite.store import Object

REPLICA_FAILURE = "ReplicaFailure"


def compute_status(
    replica_set: Object, active: Sequence[Object], terminating: int | None, failure: str | None, now: float
) -> Object:
    """The status as it is to be written. `failure` says why pods could not be made or deleted."""
    spec = replica_set["spec"]
    template_labels = ((spec["template"].get("metadata") or {}).get("labels") or {}).items()
    min_ready_seconds = spec.get("minReadySeconds", 0)
    ready = [pod for pod in active if is_pod_ready(pod)]
    counts = {
        "fullyLabeledReplicas": sum(template_labels <= (pod["metadata"].get("labels") or {}).items() for pod in active),
        "readyReplicas": len(ready),
        "availableReplicas": sum(is_available(pod, min_ready_seconds, now) for pod in ready),
        "observedGeneration": replica_set["metadata"].get("generation", 0),
    }
    status: Object = {"replicas": len(active), **{name: count for name, count in counts.items() if count}}
    if terminating is not None:
        status["terminatingReplicas"] = terminating
    conditions = _conditions(replica_set, active, failure, now)
    if conditions:
        status["conditions"] = conditions
    return status


def _conditions(replica_set: Object, active: Sequence[Object], failure: str | None, now: float) -> list[Object]:
    """A failure is told when it begins, and stays as it was told until nothing fails."""
    known: list[Object] = replica_set.get("status", {}).get("conditions") or []
    if failure is None:
        return [condition for condition in known if condition["type"] != REPLICA_FAILURE]
    if find_condition(replica_set, REPLICA_FAILURE) is not None:
        return known
    condition = {
        "type": REPLICA_FAILURE,
        "status": "True",
        "lastTransitionTime": format_time(now),
        "reason": "FailedCreate" if surplus(replica_set, active) < 0 else "FailedDelete",
        "message": failure,
    }
    return [*known, condition]


def is_status_outdated(replica_set: Object, status: Object) -> bool:
    """Whether the new status says something that the ReplicaSet's does not."""
    return not same(replica_set.get("status"), status)
