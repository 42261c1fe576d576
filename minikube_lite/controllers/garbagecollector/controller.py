"""generic-garbage-collector: looks at items whose owners go, and does what was decided; upstream: garbagecollector.go."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from minikube_lite.controllers.garbagecollector.decide import (
    Action,
    Delete,
    ForgetOwners,
    FreeDependents,
    LookAtDependents,
    OwnerState,
    RemoveFinalizer,
    decide,
)
from minikube_lite.controllers.garbagecollector.graph import ORPHAN_FINALIZER, Graph, Item
from minikube_lite.controllers.garbagecollector.resources import WATCHED, owner_resource
from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, is_conflict, is_not_found
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object

UPDATE_TRIES_MAX = 5


class GarbageCollector(Controller):
    """Keys are uids of items."""

    name = "generic-garbage-collector"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._graph = Graph()
        for resource in WATCHED:
            self.informer(resource, functools.partial(self._changed, resource))

    def _changed(self, resource: GroupVersionResource, old: Object | None, new: Object | None) -> None:
        before = Item.of(resource, old) if old is not None else None
        after = Item.of(resource, new) if new is not None else None
        if before is not None and (after is None or after.uid != before.uid):
            self._removed(before)
            before = None
        if after is not None and after != before:
            self._put(before, after)

    def _removed(self, item: Item) -> None:
        self._graph.remove(item.uid)
        for dependent in self._graph.dependents(item.uid):
            self.queue.add(dependent.uid)
        self._look_at_waiting_owners(item)

    def _put(self, before: Item | None, item: Item) -> None:
        self._graph.put(item)
        owners_changed = item.owners != (before.owners if before is not None else ())
        known = all(self._graph.get(reference["uid"]) is not None for reference in item.owners)
        if item.deletes_dependents or item.orphans_dependents or (owners_changed and (before is not None or not known)):
            self.queue.add(item.uid)
        elif item.owners and before is None:
            # Its owner may be waiting already.
            states = (self._graph.get(reference["uid"]) for reference in item.owners)
            if any(owner is not None and owner.deletes_dependents for owner in states):
                self.queue.add(item.uid)
        if before is not None and owners_changed:
            self._look_at_waiting_owners(before)
        self._look_at_waiting_owners(item)

    def _look_at_waiting_owners(self, item: Item) -> None:
        for reference in item.owners:
            owner = self._graph.get(reference["uid"])
            if owner is not None and owner.deletes_dependents:
                self.queue.add(owner.uid)

    async def sync(self, key: str) -> None:
        """Look at one item."""
        known = self._graph.get(key)
        if known is None:
            return
        live = await self._live(known.resource, known.namespace, known.name)
        if live is None or live["metadata"]["uid"] != key:
            # The informer will tell that it is gone.
            return
        item = Item.of(known.resource, live)
        owners = {reference["uid"]: await self._owner_state(item, reference) for reference in item.owners}
        await self._act(item, decide(item, owners, self._graph.dependents(key)))

    async def _live(self, resource: GroupVersionResource, namespace: str, name: str) -> Object | None:
        try:
            return await self.client.get(resource, namespace, name)
        except ApiError as error:
            if is_not_found(error):
                return None
            raise

    async def _owner_state(self, item: Item, reference: Object) -> OwnerState:
        found = owner_resource(reference["apiVersion"], reference["kind"])
        if found is None or (found.namespaced and not item.namespace):
            return "unknown"
        live = await self._live(found.resource, item.namespace if found.namespaced else "", reference["name"])
        if live is None or live["metadata"]["uid"] != reference["uid"]:
            return "dangling"
        return "waiting" if Item.of(found.resource, live).deletes_dependents else "solid"

    async def _act(self, item: Item, action: Action) -> None:
        match action:
            case LookAtDependents(uids):
                for uid in uids:
                    self.queue.add(uid)
            case RemoveFinalizer(finalizer):
                await self._remove_finalizer(item, finalizer)
            case FreeDependents(dependents):
                for dependent in dependents:
                    await self._forget_owners(dependent, (item.uid,))
                await self._remove_finalizer(item, ORPHAN_FINALIZER)
            case ForgetOwners(uids):
                await self._forget_owners(item, uids)
            case Delete(policy, unblock):
                if unblock:
                    await self._unblock(item)
                await self._delete(item, policy)
            case _:
                pass

    async def _delete(self, item: Item, policy: str) -> None:
        options = {"preconditions": {"uid": item.uid}, "propagationPolicy": policy}
        try:
            await self.client.delete(item.resource, item.namespace, item.name, options)
        except ApiError as error:
            if not is_not_found(error) and not is_conflict(error):
                raise

    async def _remove_finalizer(self, item: Item, finalizer: str) -> None:
        def without(metadata: Object) -> Object | None:
            finalizers: Sequence[str] = metadata.get("finalizers") or ()
            left = [name for name in finalizers if name != finalizer]
            return {"finalizers": left or None} if len(left) < len(finalizers) else None

        await self._change_metadata(item, without)

    async def _forget_owners(self, item: Item, uids: Sequence[str]) -> None:
        def without(metadata: Object) -> Object | None:
            references: Sequence[Object] = metadata.get("ownerReferences") or ()
            left = [reference for reference in references if reference["uid"] not in uids]
            return {"ownerReferences": left or None} if len(left) < len(references) else None

        await self._change_metadata(item, without)

    async def _unblock(self, item: Item) -> None:
        def unblocked(metadata: Object) -> Object | None:
            references: Sequence[Object] = metadata.get("ownerReferences") or ()
            if not any(reference.get("blockOwnerDeletion") for reference in references):
                return None
            return {"ownerReferences": [{**reference, "blockOwnerDeletion": False} for reference in references]}

        await self._change_metadata(item, unblocked)

    async def _change_metadata(self, item: Item, change: Any) -> None:
        """Write what `change` makes of the metadata as it is now, if the item is still there."""
        for attempt in range(UPDATE_TRIES_MAX):
            live = await self._live(item.resource, item.namespace, item.name)
            if live is None or live["metadata"]["uid"] != item.uid:
                return
            wanted = change(live["metadata"])
            if wanted is None:
                return
            patch = {"metadata": {**wanted, "resourceVersion": live["metadata"]["resourceVersion"]}}
            try:
                await self.client.patch(item.resource, item.namespace, item.name, patch)
                return
            except ApiError as error:
                if is_not_found(error):
                    return
                if not is_conflict(error) or attempt == UPDATE_TRIES_MAX - 1:
                    raise
