"""What the decision consists of: actions in their order, each with its reason, and what is waited for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from minikube_lite.store import Object

ReasonCode = Literal[
    "NewTemplate",
    "NewRevision",
    "Scaled",
    "RoomForNew",
    "TooManyNew",
    "Unhealthy",
    "EnoughAvailable",
    "Recreate",
    "Saturated",
    "HistoryLimit",
    "WaitingForAvailable",
    "WaitingForOldPods",
    "Paused",
    "BeingDeleted",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is done, or why nothing is. `about` is the ReplicaSet, or the Deployment, that the reason lies in."""

    code: ReasonCode
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class CreateReplicaSet:
    """Create the ReplicaSet of the Deployment's template."""

    replica_set: Object
    reason: Reason


@dataclass(frozen=True, slots=True)
class UpdateReplicaSet:
    """Change a ReplicaSet: its size, annotations that it is to have, its minReadySeconds."""

    replica_set: Object
    """As it was before."""
    reason: Reason
    replicas: int
    annotations: Mapping[str, str]
    min_ready_seconds: int

    def carried_out_on(self, replica_set: Object) -> Object:
        """The ReplicaSet with the change; it shares with the given one what stays the same."""
        metadata, spec = replica_set["metadata"], {**replica_set["spec"], "replicas": self.replicas}
        if self.min_ready_seconds or "minReadySeconds" in spec:
            spec["minReadySeconds"] = self.min_ready_seconds
        annotations = {**(metadata.get("annotations") or {}), **self.annotations}
        return {**replica_set, "metadata": {**metadata, "annotations": annotations}, "spec": spec}


@dataclass(frozen=True, slots=True)
class DeleteReplicaSet:
    """Delete a ReplicaSet that the history has no room for."""

    replica_set: Object
    reason: Reason


Action = CreateReplicaSet | UpdateReplicaSet | DeleteReplicaSet


@dataclass(frozen=True, slots=True)
class Decision:
    """What one sync does. Actions are done in order until one fails; the status is written when all succeeded."""

    actions: tuple[Action, ...]
    status: Object
    revision: str | None
    """The revision that the Deployment is to be annotated with; None where it stays as it is."""
    look_again_after: float | None
    """In how many seconds the progress is to be judged, if nothing happens before."""
    waits: tuple[Reason, ...] = ()
