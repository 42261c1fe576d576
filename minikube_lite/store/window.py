"""The bounded window of one resource's changes, and the cursors that watchers read it by; upstream: etcd's mvcc watchers.

A watcher is a position in the window, not a queue: nothing is copied for it, and one that falls off the window's end gets
Compacted. Worked example, with a window of 3: changes 4, 5, 6 are held, a cursor stands behind 4. Change 7 pushes 4 out;
the cursor still reads 5, 6, 7. Had it stood before 4, its next read would raise Compacted.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable

from minikube_lite.ledger import Ledger, Token
from minikube_lite.store.errors import Compacted, Ended
from minikube_lite.store.records import Event

WATCH_WINDOW_EVENTS_MAX = 8192
"""Changes of one resource that can be watched or listed again."""
WATCH_BATCH_EVENTS_MAX = 1024
"""Changes handed to a watcher at once."""


class Window:
    """The latest changes of one resource, oldest first."""

    def __init__(self, events_max: int) -> None:
        self.events: list[Event] = []
        self.dropped = 0
        """How many changes were pushed out; a position is an index into all changes ever."""
        self.floor = 0
        """Changes up to this revision may be missing."""
        self._events_max = events_max

    @property
    def end(self) -> int:
        """The position behind the newest change."""
        return self.dropped + len(self.events)

    def append(self, event: Event) -> None:
        """Add the newest change; the oldest leave in blocks, which keeps appending cheap."""
        self.events.append(event)
        if len(self.events) > self._events_max + self._events_max // 8:
            self.drop(len(self.events) - self._events_max)

    def drop(self, count: int) -> None:
        """Forget the oldest changes."""
        if count > 0:
            self.floor = self.events[count - 1].revision
            self.dropped += count
            del self.events[:count]

    def position_after(self, revision: int) -> int:
        """Where changes newer than `revision` begin; Compacted when some of them are gone."""
        if revision < self.floor:
            raise Compacted(revision, self.floor)
        return self.dropped + bisect_right(self.events, revision, key=_revision)

    def newer_than(self, revision: int) -> list[Event]:
        """All changes after `revision`."""
        return self.events[self.position_after(revision) - self.dropped :]


def _revision(event: Event) -> int:
    return event.revision


class Cursor:
    """A watcher's place in a window, for one resource, optionally one namespace and one name.

    - Every matching change after the starting revision is delivered once, in order, or Compacted is raised.
    - From a change until its delivery the cursor counts as work in the ledger.
    """

    def __init__(
        self, window: Window, after: int, namespace: str, name: str, ledger: Ledger, on_close: Callable[[Cursor], None]
    ) -> None:
        self._window = window
        self._position = window.position_after(after)
        self._seen = after
        self._namespace = namespace
        self._name = name
        self._ledger = ledger
        self._on_close = on_close
        self._token: Token | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._idle = False
        self._outside = False
        self._ended = False

    def end(self) -> None:
        """Its next read raises Ended. Called by the store."""
        self._ended = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def wake(self, position: int) -> None:
        """A matching change stands at that position. Called by the store."""
        if self._idle:
            self._idle = False
            self._position = position
        if self._token is None and not self._outside:
            self._token = self._ledger.start("watch")
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def idle(self) -> bool:
        """Whether it was read up to the newest change, so that the cluster's revision is what its reader knows."""
        return self._idle

    def drain(self) -> list[Event]:
        """The changes that are pending, some of them where there are very many; does not wait. Raises Compacted and Ended."""
        window = self._window
        if self._ended:
            raise Ended
        if self._idle:  # woken again, it starts at the change that wakes it
            return []
        if self._position < window.dropped:
            raise Compacted(self._seen, window.floor)
        batch: list[Event] = []
        start = self._position - window.dropped
        for event in window.events[start : start + WATCH_BATCH_EVENTS_MAX]:
            self._position += 1
            self._seen = event.revision
            if self._matches(event):
                batch.append(event)
        if self._position == window.end and not batch:
            self._idle = True
        return batch

    async def next_batch(self) -> list[Event]:
        """The next changes; waits until there are some. May be cancelled and called again."""
        self._outside = False
        while True:
            batch = self.drain()
            if batch:
                return batch
            if self._idle:
                self._finish()
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter

    def hand_out(self) -> None:
        """What was read now waits for a reader outside: until the next read nothing here is the cluster's work."""
        self._outside = True
        self._finish()

    def _finish(self) -> None:
        if self._token is not None:
            self._token.done()
            self._token = None

    def close(self) -> None:
        """Stop watching."""
        self._on_close(self)
        self.hand_out()

    def _matches(self, event: Event) -> bool:
        record = event.record
        return (not self._namespace or record.namespace == self._namespace) and (
            not self._name or record.name == self._name
        )
