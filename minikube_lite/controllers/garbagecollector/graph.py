"""Who owns whom, from what the informers show; upstream: graph_builder.go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object

FOREGROUND_FINALIZER = "foregroundDeletion"
ORPHAN_FINALIZER = "orphan"


@dataclass(frozen=True, slots=True)
class Item:
    """An object, as far as its owners and its deletion go."""

    resource: GroupVersionResource
    kind: str
    namespace: str
    name: str
    uid: str
    owners: tuple[Object, ...]
    finalizers: tuple[str, ...]
    deleting: bool

    @classmethod
    def of(cls, resource: GroupVersionResource, kind: str, obj: Object) -> Item:
        """From an object of that resource and kind."""
        metadata = obj["metadata"]
        return cls(
            resource,
            kind,
            metadata.get("namespace", ""),
            metadata["name"],
            metadata["uid"],
            tuple(metadata.get("ownerReferences") or ()),
            tuple(metadata.get("finalizers") or ()),
            is_deleting(obj),
        )

    @property
    def deletes_dependents(self) -> bool:
        """Whether it is being deleted and waits for its dependents to go."""
        return self.deleting and FOREGROUND_FINALIZER in self.finalizers

    @property
    def orphans_dependents(self) -> bool:
        """Whether it is being deleted and its dependents are to be freed."""
        return self.deleting and ORPHAN_FINALIZER in self.finalizers

    def blocks(self, owner: str) -> bool:
        """Whether that owner must wait for this one."""
        return any(reference["uid"] == owner and reference.get("blockOwnerDeletion") for reference in self.owners)


def is_elsewhere(item: Item, owner: Item) -> bool:
    """Whether an owner is in a namespace of which the item is not."""
    return bool(owner.namespace) and owner.namespace != item.namespace


def names_another(reference: Object, owner: Item) -> bool:
    """Whether a reference means, beside the uid, something else than the owner is."""
    found = (owner.resource.api_version, owner.kind, owner.name)
    return (reference["apiVersion"], reference["kind"], reference["name"]) != found


class Graph:
    """All items by uid, and the dependents of each uid, also of owners that are not watched or gone."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._dependents: dict[str, dict[str, None]] = {}

    def get(self, uid: str) -> Item | None:
        """The item, or None."""
        return self._items.get(uid)

    def dependents(self, uid: str) -> list[Item]:
        """Those whose owner it is, in the order in which they came."""
        return [self._items[dependent] for dependent in self._dependents.get(uid, ())]

    def put(self, item: Item) -> None:
        """An item came or changed."""
        self.remove(item.uid)
        self._items[item.uid] = item
        for owner in _owner_uids(item):
            self._dependents.setdefault(owner, {})[item.uid] = None

    def remove(self, uid: str) -> None:
        """An item is gone; its dependents stay."""
        item = self._items.pop(uid, None)
        if item is None:
            return
        for owner in _owner_uids(item):
            dependents = self._dependents[owner]
            del dependents[uid]
            if not dependents:
                del self._dependents[owner]


def _owner_uids(item: Item) -> Iterator[str]:
    return iter(dict.fromkeys(reference["uid"] for reference in item.owners))
