"""What the decision consists of: actions in their order, each with its reason, and what is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from minikube_lite.store import Object

ReasonCode = Literal[
    "PodMissing",
    "PodFailed",
    "PodSucceeded",
    "ClaimMissing",
    "ClaimBeingDeleted",
    "ClaimStale",
    "ClaimOwnersDiffer",
    "ClaimHasOtherController",
    "IdentityDiffers",
    "ScaleDown",
    "RevisionOutdated",
    "UpdateOnDelete",
    "WaitingForTermination",
    "WaitingForReady",
    "WaitingForAvailable",
    "SetBeingDeleted",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is done, or why nothing is. `about` is the pod (or claim) that the reason lies in."""

    code: ReasonCode
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class CreateClaim:
    """Create a claim that a pod needs."""

    claim: Object
    reason: Reason


@dataclass(frozen=True, slots=True)
class RefuseClaim:
    """A claim that a pod needs is being deleted: fail, so that the set is looked at again soon."""

    claim_name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class WarnOfClaim:
    """Somebody else manages a claim; the retention policy does not reach it."""

    claim_name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class UpdateClaim:
    """Change who owns a claim."""

    claim: Object
    reason: Reason


@dataclass(frozen=True, slots=True)
class CreatePod:
    """Create a pod; its claims are created before."""

    pod: Object
    reason: Reason


@dataclass(frozen=True, slots=True)
class UpdatePod:
    """Give a pod the identity and storage of its place."""

    pod: Object
    reason: Reason


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Delete a pod. `for_update`: because of its revision; it then counts as a current replica no more."""

    pod: Object
    reason: Reason
    for_update: bool = False


Verb = Literal["", "create", "update", "delete"]
Action = CreateClaim | RefuseClaim | WarnOfClaim | UpdateClaim | CreatePod | UpdatePod | DeletePod


@dataclass(frozen=True, slots=True)
class Step:
    """What is done for one pod, in order; what fails ends it. `verb` tells of a failed claim, "" does not."""

    pod_name: str
    actions: tuple[Action, ...]
    verb: Verb = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one sync does.

    Each stage begins when the one before succeeded. `burst`: the steps of a batch are tried though one of them fails.
    `status` is to be written whether or not a step fails.
    """

    stages: tuple[tuple[Step, ...], ...]
    status: Object
    burst: bool
    waits: tuple[Reason, ...] = field(default=())

    @property
    def actions(self) -> Iterator[Action]:
        """All actions in their order."""
        for stage in self.stages:
            for step in stage:
                yield from step.actions
