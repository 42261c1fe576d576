"""Carries out decisions: claims, pods, events in upstream's words, status; upstream: stateful_pod_control.go.

- A step ends where it fails. An ordered set then does nothing more; a parallel one tries the rest of the batch.
- What failed is raised in the end, so that the queue brings the set back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.controllers.pod_control import doubling_batches
from minikube_lite.controllers.statefulset.actions import (
    CreateClaim,
    CreatePod,
    Decision,
    DeletePod,
    RefuseClaim,
    Step,
    UpdateClaim,
    UpdatePod,
    Verb,
    WarnOfClaim,
)
from minikube_lite.controllers.statefulset.identity import KIND
from minikube_lite.controllers.statefulset.status import is_status_outdated, written_status
from minikube_lite.controllers.status_writes import write_status
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import object_key
from minikube_lite.machinery.errors import ApiError, is_already_exists, is_conflict, is_not_found
from minikube_lite.machinery.events import EventRecorder, ObjectReference
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS, GroupVersionResource
from minikube_lite.store import Object

BATCH_STEPS_MAX = 500
"""How many steps of a parallel set are tried before failures among them count; the first batch is one, then two, …"""

_CONFLICTING_CONTROLLER = (
    "PersistentVolumeClaim {} has a conflicting OwnerReference that acts as a manging controller, "
    "the retention policy is ignored for this claim"
)


class ClaimBeingDeleted(Exception):
    """A claim that a pod needs is on its way out."""


class Effects:
    """Does for sets what was decided."""

    def __init__(self, client: Client, events: EventRecorder, writes: OwnWrites) -> None:
        self._client = client
        self._events = events
        self._writes = writes

    async def perform(self, stateful_set: Object, decision: Decision) -> tuple[Object, list[Exception]]:
        """Do what was decided as far as it succeeds; returns the status that is true then, and what failed."""
        run = _Run(self._client, self._events, self._writes, stateful_set)
        status = dict(decision.status)
        for stage in decision.stages:
            faults: list[Exception] = []
            for batch in _batches(stage, decision.burst):
                for step in batch:
                    faults += await run.step(step)
                if faults:
                    return status, faults
        updated = sum(isinstance(action, DeletePod) and action.for_update for action in decision.actions)
        # Of a third revision there may be none left to count.
        status["currentReplicas"] = max(0, status["currentReplicas"] - updated)
        return status, []

    async def write_status(self, stateful_set: Object, status: Object) -> None:
        """Write the status if it says something new."""
        if is_status_outdated(stateful_set, status):
            written = await write_status(self._client, STATEFUL_SETS, stateful_set, written_status(status))
            self._writes.note(object_key(stateful_set), STATEFUL_SETS, written)


def _batches(stage: Sequence[Step], burst: bool) -> Iterator[Sequence[Step]]:
    """One by one, or in batches that double."""
    return doubling_batches(stage, size_max=BATCH_STEPS_MAX if burst else 1)


class _Run:
    """The carrying out of one decision."""

    def __init__(self, client: Client, events: EventRecorder, writes: OwnWrites, stateful_set: Object) -> None:
        self._client = client
        self._events = events
        self._writes = writes
        self._key = object_key(stateful_set)
        self._namespace: str = stateful_set["metadata"]["namespace"]
        self._name: str = stateful_set["metadata"]["name"]
        self._reference = ObjectReference.of(stateful_set, STATEFUL_SETS, KIND)

    async def step(self, step: Step) -> list[Exception]:
        """Do what is to be done for one pod; all of its claims are tried before one that failed ends it."""
        faults: list[Exception] = []
        texts: list[str] = []
        try:
            for action in step.actions:
                if isinstance(action, CreateClaim | RefuseClaim):
                    try:
                        await self._claim(step, action)
                    except (ApiError, ClaimBeingDeleted) as error:
                        faults.append(error)
                        texts.append(_claim_fault_text(action, error))
                    continue
                if faults:
                    break
                if isinstance(action, WarnOfClaim):
                    text = _CONFLICTING_CONTROLLER.format(action.claim_name)
                    self._events.event(self._reference, "Warning", "ConflictingController", text)
                elif isinstance(action, UpdateClaim):
                    await self._update_claim(step, action)
                elif isinstance(action, CreatePod):
                    await self._create_pod(action)
                elif isinstance(action, UpdatePod):
                    await self._update_pod(action)
                else:
                    await self._delete_pod(action)
        except ApiError as error:
            return [error]
        if faults and step.verb:
            self._pod_event(step.verb, step.pod_name, texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
        return faults

    # Claims

    async def _claim(self, step: Step, action: CreateClaim | RefuseClaim) -> None:
        if isinstance(action, RefuseClaim):
            raise ClaimBeingDeleted(f"pvc {action.claim_name} is being deleted")
        name = action.claim["metadata"]["name"]
        try:
            created = await self._client.create(PERSISTENT_VOLUME_CLAIMS, self._namespace, copy_object(action.claim))
        except ApiError as error:
            if not is_already_exists(error):
                text = f"Create Claim {name} for Pod {step.pod_name} in StatefulSet {self._name} failed error: {error}"
                self._events.event(self._reference, "Warning", "FailedCreate", text)
            raise
        self._note(PERSISTENT_VOLUME_CLAIMS, created)
        text = f"Create Claim {name} Pod {step.pod_name} in StatefulSet {self._name} success"
        self._events.event(self._reference, "Normal", "SuccessfulCreate", text)

    async def _update_claim(self, step: Step, action: UpdateClaim) -> None:
        name = action.claim["metadata"]["name"]
        try:
            updated = await self._client.update(PERSISTENT_VOLUME_CLAIMS, self._namespace, copy_object(action.claim))
        except ApiError as error:
            # The volume binder writes claims too; that it was faster is no news.
            if not is_conflict(error):
                text = f"could not update claim {name} for delete policy ownerRefs: {error}"
                self._pod_event("update", step.pod_name, text)
            raise
        self._note(PERSISTENT_VOLUME_CLAIMS, updated)

    # Pods

    async def _create_pod(self, action: CreatePod) -> None:
        name = action.pod["metadata"]["name"]
        try:
            created = await self._client.create(PODS, self._namespace, copy_object(action.pod))
        except ApiError as error:
            if not is_already_exists(error):
                self._pod_event("create", name, str(error))
            raise
        self._note(PODS, created)
        self._pod_event("create", name)

    async def _update_pod(self, action: UpdatePod) -> None:
        name = action.pod["metadata"]["name"]
        try:
            updated = await self._client.update(PODS, self._namespace, copy_object(action.pod))
        except ApiError as error:
            if not is_conflict(error):
                self._pod_event("update", name, str(error))
            raise
        self._note(PODS, updated)
        self._pod_event("update", name)

    async def _delete_pod(self, action: DeletePod) -> None:
        """With the pod's uid, so that never another one of that name is meant."""
        metadata = action.pod["metadata"]
        try:
            options = {"preconditions": {"uid": metadata["uid"]}}
            await self._client.delete(PODS, self._namespace, metadata["name"], options)
        except ApiError as error:
            if not is_not_found(error):
                self._pod_event("delete", metadata["name"], str(error))
                raise
        else:
            self._writes.note(self._key, PODS, action.pod, deleted=True)
        self._pod_event("delete", metadata["name"])

    def _note(self, resource: GroupVersionResource, written: Object) -> None:
        self._writes.note(self._key, resource, written)

    def _pod_event(self, verb: Verb, pod_name: str, fault: str = "") -> None:
        title = verb.title()
        text = f"{title} Pod {pod_name} in StatefulSet {self._name}"
        if fault:
            self._events.event(self._reference, "Warning", f"Failed{title}", f"{text} failed error: {fault}")
        else:
            self._events.event(self._reference, "Normal", f"Successful{title}", f"{text} successful")


def _claim_fault_text(action: CreateClaim | RefuseClaim, error: Exception) -> str:
    if isinstance(action, CreateClaim):
        return f"failed to create PVC {action.claim['metadata']['name']}: {error}"
    return str(error)
