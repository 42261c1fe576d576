"""Which objects are a controlling object's: orphans that match are adopted, those that match no more are released.

Upstream: pkg/controller/controller_ref_manager.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import object_key
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.informer import Informer
from minikube_lite.machinery.meta import controller_of, controller_reference, is_deleting
from minikube_lite.machinery.selectors import Selector, SelectorError, label_selector_as_selector
from minikube_lite.store import Object

CONTROLLER_INDEX = "controller"


class AdoptionRefused(Exception):
    """The owner may not adopt: it is not the one that is cached, or is being deleted."""


def controller_index(obj: Object) -> list[str]:
    """By the controller's uid; orphans by their namespace."""
    reference = controller_of(obj)
    return [reference["uid"] if reference else f"orphans of {obj['metadata'].get('namespace', '')}"]


class Ownership:
    """The dependents of owners of one kind: which there are, and those that are to be taken or let go.

    A sync notes its writes by the owner's key. A dependent gets the finalizer when it is taken, and loses it when it is let go.
    """

    def __init__(
        self,
        client: Client,
        owners: Informer,
        kind: str,
        dependents: Informer,
        writes: OwnWrites,
        finalizer: str = "",
    ) -> None:
        self._client = client
        self._owners = owners
        self._kind = kind
        self._dependents = dependents
        self._writes = writes
        self._finalizer = finalizer
        dependents.add_index(CONTROLLER_INDEX, controller_index)

    # Which owners a change of a dependent concerns

    def concerned(self, old: Object | None, new: Object | None) -> Iterable[Object]:
        """The owner before and after the change; for an orphan every owner that might take it."""
        found: dict[str, Object] = {}
        for obj in (old, new):
            owner = self.owner_of(obj) if obj is not None else None
            if owner is not None:
                found[owner["metadata"]["uid"]] = owner
        if new is not None and self._is_news_of_an_orphan(old, new):
            for owner in self._owners.list_objects(new["metadata"]["namespace"]):
                selector = selector_of(owner)
                if selector is not None and not selector.everything and selector.matches(new["metadata"].get("labels")):
                    found[owner["metadata"]["uid"]] = owner
        return found.values()

    def owner_of(self, obj: Object) -> Object | None:
        """The cached owner of that kind which controls the object."""
        reference = controller_of(obj)
        if reference is None or reference["kind"] != self._kind:
            return None
        owner = self._owners.get(obj["metadata"]["namespace"], reference["name"])
        return owner if owner is not None and owner["metadata"]["uid"] == reference["uid"] else None

    def _is_news_of_an_orphan(self, old: Object | None, new: Object) -> bool:
        if controller_of(new) is not None or is_deleting(new):
            return False
        same_labels = old is not None and old["metadata"].get("labels") == new["metadata"].get("labels")
        return not (same_labels and old is not None and controller_of(old) is None)

    # What is an owner's

    def owned(self, owner: Object) -> list[Object]:
        """What the owner controls."""
        return self._dependents.by_index(CONTROLLER_INDEX, owner["metadata"]["uid"])

    def owned_and_orphans(self, owner: Object) -> list[Object]:
        """What the owner controls, and the orphans of its namespace."""
        orphans = self._dependents.by_index(CONTROLLER_INDEX, f"orphans of {owner['metadata']['namespace']}")
        return [*self.owned(owner), *orphans]

    def matching(self, owner: Object, selector: Selector) -> list[Object]:
        """What the owner controls and the orphans of its namespace, as far as they match."""
        return [obj for obj in self.owned_and_orphans(owner) if selector.matches(obj["metadata"].get("labels"))]

    async def adopt_orphans(self, owner: Object, selector: Selector) -> None:
        """Take the orphans that match."""
        orphans = [obj for obj in self.matching(owner, selector) if controller_of(obj) is None]
        if orphans:
            await self.check_adopter(owner)
            for orphan in orphans:
                await self.adopt(owner, orphan)

    async def claim(
        self,
        owner: Object,
        selector: Selector,
        may_own: Callable[[Object], bool] = lambda obj: True,
        *,
        among: Iterable[Object] | None = None,
    ) -> list[Object]:
        """What is the owner's after adoption and release. `may_own` is a condition beside the selector.

        Others than those of `among` stay as they are; without it there are none.
        """
        claimed: list[Object] = []
        faults: list[Exception] = []
        for obj in self.owned_and_orphans(owner) if among is None else among:
            try:
                if await self._claim(owner, obj, selector.matches(obj["metadata"].get("labels")) and may_own(obj)):
                    claimed.append(obj)
            except (ApiError, AdoptionRefused) as error:
                faults.append(error)
        raise_faults(f"{self._dependents.resource.resource} were not adopted or released", faults)
        return claimed

    async def _claim(self, owner: Object, obj: Object, matches: bool) -> bool:
        if controller_of(obj) is not None:
            if not matches and not is_deleting(owner):
                await self._patch_owner(owner, obj, {"$patch": "delete", "uid": owner["metadata"]["uid"]})
            return matches
        if not matches or is_deleting(owner) or is_deleting(obj):
            return False
        await self.check_adopter(owner)
        return await self.adopt(owner, obj)

    async def adopt(self, owner: Object, obj: Object) -> bool:
        """Make the owner the orphan's controller; False where the orphan is gone."""
        return await self._patch_owner(owner, obj, controller_reference(owner, self._owners.resource, self._kind))

    async def _patch_owner(self, owner: Object, obj: Object, reference: Object) -> bool:
        """False where the object is gone. With its uid in the patch no other one of that name is changed."""
        metadata = obj["metadata"]
        patch: Any = {"metadata": {"uid": metadata["uid"], "ownerReferences": [reference]}}
        if self._finalizer:
            part = "$deleteFromPrimitiveList/finalizers" if "$patch" in reference else "finalizers"
            patch["metadata"][part] = [self._finalizer]
        resource = self._dependents.resource
        try:
            patched = await self._client.patch(
                resource,
                metadata["namespace"],
                metadata["name"],
                patch,
                patch_type="application/strategic-merge-patch+json",
            )
        except ApiError as error:
            if is_not_found(error) or (error.reason == "Invalid" and "$patch" in reference):
                return False
            raise
        self._writes.note(object_key(owner), resource, patched)
        return True

    async def check_adopter(self, owner: Object) -> None:
        """A cached owner may be gone already: ask the API itself before taking anything. Raises AdoptionRefused."""
        metadata, resource = owner["metadata"], self._owners.resource
        live = await self._client.get(resource, metadata["namespace"], metadata["name"])
        if live["metadata"]["uid"] != metadata["uid"]:
            text = f"got uid {live['metadata']['uid']}, wanted {metadata['uid']}"
            raise AdoptionRefused(f"original {self._kind} {object_key(owner)} is gone: {text}")
        if is_deleting(live):
            moment = live["metadata"]["deletionTimestamp"]
            raise AdoptionRefused(f"{object_key(owner)} has just been deleted at {moment}")


def selector_of(owner: Object) -> Selector | None:
    """The owner's `spec.selector`, a label selector or (of a ReplicationController) a map; None where it cannot be read."""
    selector = owner["spec"].get("selector")
    if selector and {"matchLabels", "matchExpressions"}.isdisjoint(selector):
        selector = {"matchLabels": selector}
    try:
        return label_selector_as_selector(selector)
    except SelectorError:
        return None


def raise_faults(message: str, faults: list[Exception]) -> None:
    """Raise one fault as it is, several as a group."""
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise ExceptionGroup(message, faults)
