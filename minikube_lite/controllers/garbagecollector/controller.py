"""generic-garbage-collector: looks at items whose owners go, and does what was decided; upstream: garbagecollector.go."""

from __future__ import annotations

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
from minikube_lite.controllers.garbagecollector.graph import (
    ORPHAN_FINALIZER,
    Graph,
    Item,
    is_elsewhere,
    names_another,
)
from minikube_lite.controllers.garbagecollector.resources import Kinds
from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, is_conflict, is_not_found
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object

UPDATE_TRIES_MAX = 5


class GarbageCollector(Controller):
    """Keys are uids of items."""

    name = "generic-garbage-collector"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self.events = context.events.recorder("garbage-collector-controller")
        self._graph = Graph()
        self._kinds = Kinds(self.client.resources)
        self._unresolved: dict[str, None] = {}
        """Items that have an owner of a kind that is not served."""
        everything = context.informers.everything
        everything.add_handler(self._changed)
        everything.add_listener(self._resources_changed)

    def _resources_changed(self) -> None:
        self._kinds.forget()
        for uid in self._unresolved:
            self.queue.add(uid)
        self._unresolved.clear()

    def _changed(self, resource: GroupVersionResource, old: Object | None, new: Object | None) -> None:
        kind = self._kinds.kind_of(resource) if new is not None else ""
        before = self._graph.get(old["metadata"]["uid"]) if old is not None else None
        after = Item.of(resource, kind, new) if new is not None else None
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
        known = before.owners if before is not None else ()
        owners_changed = item.owners != known
        doubtful = not self._is_well_owned(item, [found for found in item.owners if found not in known])
        if item.deletes_dependents or item.orphans_dependents or doubtful or (before is not None and owners_changed):
            self.queue.add(item.uid)
        if before is None:
            for dependent in self._graph.dependents(item.uid):
                if self._is_wrong_for(item, dependent):
                    self.queue.add(dependent.uid)
        elif owners_changed:
            self._look_at_waiting_owners(before)
        self._look_at_waiting_owners(item)

    def _is_well_owned(self, item: Item, new: Sequence[Object]) -> bool:
        """Whether all its new owners are known, are what it says they are, and do not wait for it to go."""
        owners = [self._graph.get(reference["uid"]) for reference in new]
        wrong = [owner for owner in owners if owner is not None and self._is_wrong_for(owner, item)]
        return not wrong and all(owner is not None and not owner.deletes_dependents for owner in owners)

    def _is_wrong_for(self, owner: Item, dependent: Item) -> bool:
        """Whether the dependent says something of its owner that is not so; an owner elsewhere is worth an event."""
        (reference, *others) = (found for found in dependent.owners if found["uid"] == owner.uid)
        if not is_elsewhere(dependent, owner):
            return any(names_another(found, owner) for found in (reference, *others))
        named = f"[{reference['apiVersion']}/{reference['kind']}, namespace: {dependent.namespace}, name: {reference['name']}"
        about = ObjectReference(
            dependent.resource.api_version, dependent.kind, dependent.namespace, dependent.name, dependent.uid
        )
        text = f'ownerRef {named}, uid: {owner.uid}] does not exist in namespace "{dependent.namespace}"'
        self.events.event(about, "Warning", "OwnerRefInvalidNamespace", text)
        return True

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
        item = Item.of(known.resource, known.kind, live)
        owners = {reference["uid"]: await self._owner_state(item, reference) for reference in item.owners}
        await self._act(item, live, decide(item, owners, self._graph.dependents(key)))

    async def _live(self, resource: GroupVersionResource, namespace: str, name: str) -> Object | None:
        try:
            return await self.client.get(resource, namespace, name)
        except ApiError as error:
            if is_not_found(error):
                return None
            raise

    async def _owner_state(self, item: Item, reference: Object) -> OwnerState:
        found = self._kinds.resource_of(reference["apiVersion"], reference["kind"])
        if found is None:
            self._unresolved[item.uid] = None
            return "unknown"
        if found.namespaced and not item.namespace:
            return "unknown"
        live = await self._live(found.resource, item.namespace if found.namespaced else "", reference["name"])
        if live is None or live["metadata"]["uid"] != reference["uid"]:
            return "dangling"
        return "waiting" if Item.of(found.resource, reference["kind"], live).deletes_dependents else "solid"

    async def _act(self, item: Item, live: Object, action: Action) -> None:
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
                    live = await self._unblock(item) or live
                await self._delete(item, live, policy)
            case _:
                pass

    async def _delete(self, item: Item, live: Object, policy: str) -> None:
        """Delete the item unless its owners have changed meanwhile."""
        preconditions = {"uid": item.uid, "resourceVersion": live["metadata"]["resourceVersion"]}
        options = {"preconditions": preconditions, "propagationPolicy": policy}
        try:
            try:
                await self.client.delete(item.resource, item.namespace, item.name, options)
            except ApiError as error:
                if not is_conflict(error):
                    raise
                now = await self.client.get(item.resource, item.namespace, item.name)
                if now["metadata"]["uid"] != item.uid:
                    return
                if now["metadata"].get("ownerReferences") != live["metadata"].get("ownerReferences"):
                    raise
                del preconditions["resourceVersion"]
                await self.client.delete(item.resource, item.namespace, item.name, options)
        except ApiError as error:
            if not is_not_found(error):
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

    async def _unblock(self, item: Item) -> Object | None:
        """Make its owners wait for it no more; returns it as it is then."""

        def unblocked(metadata: Object) -> Object | None:
            references: Sequence[Object] = metadata.get("ownerReferences") or ()
            if not any(reference.get("blockOwnerDeletion") for reference in references):
                return None
            return {"ownerReferences": [{**reference, "blockOwnerDeletion": False} for reference in references]}

        return await self._change_metadata(item, unblocked)

    async def _change_metadata(self, item: Item, change: Any) -> Object | None:
        """Write what `change` makes of the metadata as it is now, if the item is still there; returns it as it is then."""
        for attempt in range(UPDATE_TRIES_MAX):
            live = await self._live(item.resource, item.namespace, item.name)
            if live is None or live["metadata"]["uid"] != item.uid:
                return None
            wanted = change(live["metadata"])
            if wanted is None:
                return live
            patch = {"metadata": {**wanted, "resourceVersion": live["metadata"]["resourceVersion"]}}
            try:
                return await self.client.patch(item.resource, item.namespace, item.name, patch)
            except ApiError as error:
                if is_not_found(error):
                    return None
                if not is_conflict(error) or attempt == UPDATE_TRIES_MAX - 1:
                    raise
        return None
