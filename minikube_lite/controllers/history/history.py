"""Writes ControllerRevisions; upstream: realHistory of pkg/controller/history."""

from __future__ import annotations

from minikube_lite.controllers.history.revisions import RevisionPlan, equal_data, hash_revision, revision_name
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import object_key
from minikube_lite.machinery.errors import ApiError, is_already_exists, is_not_found
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import CONTROLLER_REVISIONS
from minikube_lite.store import Object

COLLISIONS_MAX = 100
"""How many names of a new revision may be taken by other ones."""


class History:
    """The revisions of owners of any kind. Writes are noted by the owner's key."""

    def __init__(self, client: Client, writes: OwnWrites) -> None:
        self._client = client
        self._writes = writes

    async def carry_out(self, owner: Object, plan: RevisionPlan, collision_count: int) -> tuple[Object, int]:
        """Do what the plan says; returns the update revision and the new collision count."""
        if plan.change == "create":
            return await self._create(owner, plan.update, collision_count)
        if plan.change == "renumber":
            return await self._renumber(owner, plan.update, plan.number), collision_count
        return plan.update, collision_count

    async def _create(self, owner: Object, revision: Object, collision_count: int) -> tuple[Object, int]:
        namespace = owner["metadata"]["namespace"]
        for count in range(collision_count, collision_count + COLLISIONS_MAX):
            fresh: Object = copy_object(revision)
            name = fresh["metadata"]["name"] = revision_name(owner, hash_revision(revision["data"], count))
            try:
                created = await self._client.create(CONTROLLER_REVISIONS, namespace, fresh)
            except ApiError as error:
                if not is_already_exists(error):
                    raise
                created = await self._client.get(CONTROLLER_REVISIONS, namespace, name)
                if not equal_data(created, revision):
                    continue
            self._note(owner, created)
            return created, count
        raise RuntimeError(f"no free name for a revision of {object_key(owner)} in {COLLISIONS_MAX} tries")

    async def _renumber(self, owner: Object, revision: Object, number: int) -> Object:
        fresh: Object = copy_object(revision)
        fresh["revision"] = number
        updated = await self._client.update(CONTROLLER_REVISIONS, owner["metadata"]["namespace"], fresh)
        self._note(owner, updated)
        return updated

    async def delete(self, owner: Object, revision: Object) -> None:
        """Forget a revision."""
        metadata = revision["metadata"]
        try:
            await self._client.delete(CONTROLLER_REVISIONS, metadata["namespace"], metadata["name"])
        except ApiError as error:
            if not is_not_found(error):
                raise
        self._writes.note(object_key(owner), CONTROLLER_REVISIONS, revision, deleted=True)

    def _note(self, owner: Object, written: Object) -> None:
        self._writes.note(object_key(owner), CONTROLLER_REVISIONS, written)
