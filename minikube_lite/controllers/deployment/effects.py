"""Carries out decisions: ReplicaSets, events in upstream's words, the status and the revision; upstream: sync.go.

What fails ends the sync and is raised, so that the queue brings the Deployment back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikube_lite.controllers.deployment.actions import CreateReplicaSet, Decision, DeleteReplicaSet, UpdateReplicaSet
from minikube_lite.controllers.deployment.conditions import PROGRESSING, new_condition, with_condition
from minikube_lite.controllers.deployment.new_replicaset import KIND
from minikube_lite.controllers.deployment.progress import has_deadline
from minikube_lite.controllers.deployment.replicasets import REVISION, is_same_template, name_of, size_of
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import object_key
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.errors import ApiError, is_already_exists, is_namespace_terminating, is_not_found
from minikube_lite.machinery.events import EventRecorder, ObjectReference
from minikube_lite.machinery.meta import controller_of, copy_object
from minikube_lite.machinery.resources import DEPLOYMENTS, REPLICA_SETS
from minikube_lite.store import Object

CREATE_ERROR = "ReplicaSetCreateError"


class Effects:
    """Does for Deployments what was decided."""

    def __init__(self, client: Client, events: EventRecorder, writes: OwnWrites, now: Callable[[], float]) -> None:
        self._client = client
        self._events = events
        self._writes = writes
        self._now = now

    async def perform(self, deployment: Object, decision: Decision) -> bool:
        """Do what was decided; whether anything was written. A ReplicaSet whose name is taken ends it early."""
        latest: dict[str, Object] = {}
        for action in decision.actions:
            if isinstance(action, CreateReplicaSet):
                made = await self._create(deployment, action)
                if made is None:
                    return True
                latest[name_of(made)] = made
            elif isinstance(action, UpdateReplicaSet):
                known = latest.get(name_of(action.replica_set), action.replica_set)
                latest[name_of(known)] = await self._update(deployment, action, known)
            else:
                await self._delete(deployment, action)
        if decision.revision is None and same(deployment.get("status"), decision.status):
            return bool(decision.actions)
        await self._write_status(deployment, decision.status, decision.revision)
        return True

    # ReplicaSets

    async def _create(self, deployment: Object, action: CreateReplicaSet) -> Object | None:
        """None where the name is taken, or where nothing can be created any more."""
        namespace = deployment["metadata"]["namespace"]
        try:
            made = await self._client.create(REPLICA_SETS, namespace, copy_object(action.replica_set))
        except ApiError as error:
            if is_already_exists(error):
                await self._name_is_taken(deployment, action.replica_set)
                return None
            if is_namespace_terminating(error):
                return None
            await self._creation_failed(deployment, action.replica_set, error)
            raise
        self._note(deployment, made)
        if size_of(made):
            self._scaled(deployment, name_of(made), 0, size_of(made))
        return made

    async def _name_is_taken(self, deployment: Object, wanted: Object) -> None:
        """By what an earlier sync made, which the cache will show; else another name has to be found."""
        there = await self._client.get(REPLICA_SETS, deployment["metadata"]["namespace"], name_of(wanted))
        owner = controller_of(there) or {}
        ours = owner.get("uid") == deployment["metadata"]["uid"]
        if ours and is_same_template(there["spec"]["template"], wanted["spec"]["template"]):
            self._note(deployment, there)
            return
        known = deployment.get("status", {})
        await self._write_status(deployment, {**known, "collisionCount": known.get("collisionCount", 0) + 1}, None)

    async def _creation_failed(self, deployment: Object, wanted: Object, error: ApiError) -> None:
        """Tell why. That even this cannot be written is not worth telling."""
        text = f'Failed to create new replica set "{name_of(wanted)}": {error}'
        self._events.event(_reference(deployment), "Warning", CREATE_ERROR, text)
        if not has_deadline(deployment):
            return
        known = deployment.get("status", {})
        condition = new_condition(PROGRESSING, "False", CREATE_ERROR, text, self._now())
        conditions = with_condition(known.get("conditions") or (), condition)
        if same(conditions, known.get("conditions")):
            return
        try:
            await self._write_status(deployment, {**known, "conditions": conditions}, None)
        except ApiError:
            return

    async def _update(self, deployment: Object, action: UpdateReplicaSet, known: Object) -> Object:
        fresh: Object = copy_object(action.carried_out_on(known))
        updated = await self._client.update(REPLICA_SETS, deployment["metadata"]["namespace"], fresh)
        self._note(deployment, updated)
        if size_of(known) != action.replicas:
            self._scaled(deployment, name_of(known), size_of(known), action.replicas)
        return updated

    async def _delete(self, deployment: Object, action: DeleteReplicaSet) -> None:
        metadata = action.replica_set["metadata"]
        try:
            await self._client.delete(REPLICA_SETS, metadata["namespace"], metadata["name"])
        except ApiError as error:
            if not is_not_found(error):
                raise
        self._writes.note(object_key(deployment), REPLICA_SETS, action.replica_set, deleted=True)

    def _scaled(self, deployment: Object, name: str, before: int, after: int) -> None:
        direction = "up" if before < after else "down"
        text = f"Scaled {direction} replica set {name} from {before} to {after}"
        self._events.event(_reference(deployment), "Normal", "ScalingReplicaSet", text)

    def _note(self, deployment: Object, written: Object) -> None:
        self._writes.note(object_key(deployment), REPLICA_SETS, written)

    # The Deployment

    async def _write_status(self, deployment: Object, status: Object, revision: str | None) -> None:
        """The revision goes with the status, as upstream has it."""
        fresh: dict[str, Any] = copy_object(deployment)
        fresh["status"] = status
        if revision is not None:
            fresh["metadata"]["annotations"] = {**(fresh["metadata"].get("annotations") or {}), REVISION: revision}
        written = await self._client.update(
            DEPLOYMENTS, deployment["metadata"]["namespace"], fresh, subresource="status"
        )
        self._writes.note(object_key(deployment), DEPLOYMENTS, written)


def _reference(deployment: Object) -> ObjectReference:
    return ObjectReference.of(deployment, DEPLOYMENTS, KIND)
