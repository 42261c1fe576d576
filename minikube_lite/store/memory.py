"""The embedded store: all objects of the cluster in memory, one counter of revisions, a window of changes per resource."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sortedcontainers import SortedDict

from minikube_lite.ledger import Ledger
from minikube_lite.store.errors import MutatedObject, RevisionMismatch
from minikube_lite.store.records import Event, EventType, Object, Record
from minikube_lite.store.window import WATCH_WINDOW_EVENTS_MAX, Cursor, Window

Watched = tuple[str, str]
"""The namespace and the name that a cursor waits for, "" for any."""


class _Table:
    """The objects of one resource, in order of namespace and name, with its changes and who waits for them."""

    def __init__(self, window_events_max: int) -> None:
        self.records: SortedDict[tuple[str, str], Record] = SortedDict()
        self.window = Window(window_events_max)
        self.cursors: dict[Watched, dict[Cursor, None]] = {}
        self.changed_at = 0

    def wake(self, event: Event) -> None:
        """Wake the cursors whose resource, namespace or name this is, and nobody else."""
        position = self.window.end - 1
        namespace, name = event.record.namespace, event.record.name
        for watched in {("", ""): 0, (namespace, ""): 0, (namespace, name): 0, ("", name): 0}:
            for cursor in self.cursors.get(watched, ()):
                cursor.wake(position)


class MemoryStore:
    """An implementation of the Store protocol that lives and dies with the process.

    `detect_mutation` keeps the bytes that every object was committed as, so that `check_mutations` finds who changed a shared one.
    """

    def __init__(
        self, ledger: Ledger, window_events_max: int = WATCH_WINDOW_EVENTS_MAX, *, detect_mutation: bool = False
    ) -> None:
        self.revision = 0
        self._ledger = ledger
        self._window_events_max = window_events_max
        self._detect_mutation = detect_mutation
        self._tables: dict[str, _Table] = {}

    def _table(self, resource: str) -> _Table:
        table = self._tables.get(resource)
        if table is None:
            table = self._tables[resource] = _Table(self._window_events_max)
        return table

    def get(self, resource: str, namespace: str, name: str) -> Record | None:
        """The object as it is now."""
        table = self._tables.get(resource)
        return table.records.get((namespace, name)) if table else None

    def scan(self, resource: str, namespace: str = "", *, at: int | None = None) -> Sequence[Record]:
        """The objects of a resource in order of namespace and name, as they were at revision `at`; Compacted when that is too old."""
        table = self._table(resource)
        records: SortedDict[tuple[str, str], Record] = table.records
        if at is not None and at < self.revision:
            newer = table.window.newer_than(at)
            if newer:
                records = records.copy()
                for event in reversed(newer):
                    _undo(records, event)
        if not namespace:
            return list(records.values())
        return [
            records[key] for key in records.irange((namespace, ""), (namespace + "\0", ""), inclusive=(True, False))
        ]

    def count(self, resource: str) -> int:
        """How many objects there are."""
        table = self._tables.get(resource)
        return len(table.records) if table else 0

    def changed_at(self, resource: str) -> int:
        """The revision of the newest change of a resource, 0 if there was none."""
        table = self._tables.get(resource)
        return table.changed_at if table else 0

    def commit(self, resource: str, namespace: str, name: str, obj: Object | None, *, expected: int) -> Record:
        """Compare, number and append in one step: write `obj` (None deletes) if the object stands at revision `expected` (0: is not there).

        The store keeps `obj` and sets its resourceVersion. Raises RevisionMismatch; nothing is changed then.
        """
        table = self._table(resource)
        previous = table.records.get((namespace, name))
        actual = previous.revision if previous is not None else 0
        if actual != expected or (obj is None and previous is None):
            raise RevisionMismatch(expected, actual)
        if self._detect_mutation and previous is not None:
            _check_mutation(previous)
        self.revision += 1
        table.changed_at = self.revision
        kind: EventType = "DELETED" if obj is None else "MODIFIED" if previous is not None else "ADDED"
        if obj is None:
            assert previous is not None
            last = previous.object
            obj = {**last, "metadata": {**last["metadata"], "resourceVersion": str(self.revision)}}
        else:
            obj["metadata"]["resourceVersion"] = str(self.revision)
        record = Record(resource, namespace, name, self.revision, obj)
        if kind == "DELETED":
            del table.records[namespace, name]
        else:
            table.records[namespace, name] = record
        if self._detect_mutation:
            _ = record.body
        event = Event(kind, record, previous)
        table.window.append(event)
        table.wake(event)
        return record

    def check_mutations(self) -> None:
        """Raise MutatedObject if an object that is still held is not as it was committed; nothing without `detect_mutation`."""
        if self._detect_mutation:
            for table in self._tables.values():
                for record in [*table.records.values(), *(event.record for event in table.window.events)]:
                    _check_mutation(record)

    def watch(self, resource: str, namespace: str = "", name: str = "", *, after: int) -> Cursor:
        """A cursor over the changes after that revision; Compacted when some of them are gone."""
        table = self._table(resource)
        watched = (namespace, name)

        def close(cursor: Cursor) -> None:
            waiting = table.cursors.get(watched, {})
            waiting.pop(cursor, None)
            if not waiting:
                table.cursors.pop(watched, None)

        cursor = Cursor(table.window, after, namespace, name, self._ledger, close)
        table.cursors.setdefault(watched, {})[cursor] = None
        return cursor

    @property
    def watchers(self) -> int:
        """How many cursors are open."""
        return sum(len(waiting) for table in self._tables.values() for waiting in table.cursors.values())

    def end_watches(self, resource: str) -> None:
        """End every cursor of a resource: its next read raises Ended."""
        table = self._tables.get(resource)
        if table is not None:
            for waiting in list(table.cursors.values()):
                for cursor in list(waiting):
                    cursor.end()

    def compact(self, resource: str) -> None:
        """Forget the changes of a resource: whoever stands behind gets Compacted, as when etcd compacts."""
        window = self._table(resource).window
        window.drop(len(window.events))
        window.floor = self.revision


def _check_mutation(record: Record) -> None:
    found = orjson.dumps(record.object)
    if found != record.body:
        raise MutatedObject(record.resource, record.namespace, record.name, record.revision, record.body, found)


def _undo(records: SortedDict[tuple[str, str], Record], event: Event) -> None:
    key = (event.record.namespace, event.record.name)
    if event.previous is None:
        records.pop(key, None)
    else:
        records[key] = event.previous
