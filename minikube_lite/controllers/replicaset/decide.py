"""How many pods to make, or which to delete, and why: a pure function; upstream: manageReplicas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from minikube_lite.controllers.replicaset.ranking import pods_to_delete
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.store import Object

BURST_REPLICAS = 500
"""So many pods are made or deleted at once; then the cache has to show them."""

ReasonCode = Literal["AsWanted", "TooFewReplicas", "TooManyReplicas", "BeingDeleted"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What one sync does, and why."""

    reason: ReasonCode
    create: int = 0
    delete: tuple[Object, ...] = ()


def surplus(replica_set: Object, active: Sequence[Object]) -> int:
    """How many pods there are too many; negative where there are too few."""
    wanted: int = replica_set["spec"]["replicas"]
    return len(active) - wanted


def decide(replica_set: Object, active: Sequence[Object], related: Sequence[Object], now: float) -> Decision:
    """What this sync does. `related` are the active pods of all ReplicaSets of the same owner, and may be empty."""
    if is_deleting(replica_set):
        return Decision("BeingDeleted")
    count = surplus(replica_set, active)
    if count < 0:
        return Decision("TooFewReplicas", create=min(-count, BURST_REPLICAS))
    if count > 0:
        gone = pods_to_delete(active, related, min(count, BURST_REPLICAS), now)
        return Decision("TooManyReplicas", delete=tuple(gone))
    return Decision("AsWanted")
