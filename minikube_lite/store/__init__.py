"""Revisions: what the cluster holds and every change of it; upstream: etcd behind apiserver/pkg/storage.

- Revisions count all changes of the cluster; one commit is one synchronous step.
- Each resource keeps a bounded window of its own changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from minikube_lite.store.errors import Compacted, Ended, MutatedObject, RevisionMismatch
from minikube_lite.store.memory import MemoryStore
from minikube_lite.store.records import Event, EventType, Object, Record
from minikube_lite.store.window import Cursor


class Store(Protocol):
    """The seam behind which another store can take the place of memory."""

    revision: int

    def get(self, resource: str, namespace: str, name: str) -> Record | None:
        """The object as it is now."""

    def scan(self, resource: str, namespace: str = "", *, at: int | None = None) -> Sequence[Record]:
        """The objects of a resource, as they were at revision `at`."""

    def count(self, resource: str) -> int:
        """How many objects there are."""

    def changed_at(self, resource: str) -> int:
        """The revision of the newest change of a resource, 0 if there was none."""

    def commit(self, resource: str, namespace: str, name: str, obj: Object | None, *, expected: int) -> Record:
        """Write or delete one object if it stands at revision `expected`."""

    def watch(self, resource: str, namespace: str = "", name: str = "", *, after: int) -> Cursor:
        """A cursor over the changes after that revision."""

    def end_watches(self, resource: str) -> None:
        """Tell who watches a resource that they have to ask again."""

    def compact(self, resource: str) -> None:
        """Forget the changes of a resource."""


__all__ = [
    "Compacted",
    "Cursor",
    "Ended",
    "Event",
    "EventType",
    "MemoryStore",
    "MutatedObject",
    "Object",
    "Record",
    "RevisionMismatch",
    "Store",
]
