"""The work queue; upstream: client-go/util/workqueue.

- Fair: keys are handed out in the order in which they came, unless a test wants to see other orders.
- Stingy: a key that comes again before it is handed out is handed out once.
- Safe: a key is never in two hands; one that comes while in hand is handed out again after it is done.
- Patient: a key that failed comes back after a delay that doubles, in emulated time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Generic, TypeVar

from minikube_lite.clock import Clock, Timer
from minikube_lite.ledger import Token

K = TypeVar("K", bound=Hashable)

BACKOFF_SECONDS_MIN = 0.005
BACKOFF_SECONDS_MAX = 1000.0
"""The delays after failures, as upstream's default controller rate limiter has them."""
RETRIES_AT_ONCE_MAX = 3
"""So many first failures come back without delay: a conflict is then retried even where time stands still."""


INTERLEAVED_TURNS = 8
"""So many turns of the event loop, less one, a key may wait longer where the clock interleaves."""


class WorkQueue(Generic[K]):
    """Keys that need work, for one worker. What is in it, and in hand, is work in the ledger."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self._name = name
        self._waiting: dict[K, None] = {}
        self._in_hand: set[K] = set()
        self._again: set[K] = set()
        self._tokens: dict[K, Token] = {}
        self._failures: dict[K, int] = {}
        self._timers: dict[K, Timer] = {}
        self._waiter: asyncio.Future[None] | None = None
        self._held = False
        self._closed = False

    @property
    def depth(self) -> int:
        """How many keys wait to be handed out."""
        return len(self._waiting)

    def add(self, key: K) -> None:
        """The key needs work."""
        if self._closed:
            return
        if key in self._in_hand:
            self._again.add(key)
            return
        if key not in self._waiting:
            self._waiting[key] = None
            if not self._held:
                self._count(key)
                self._wake()

    def hold(self) -> None:
        """Hand out nothing until `release`. What waits is no work of the ledger meanwhile: nobody is to do it."""
        if self._held:
            return
        self._held = True
        for key in self._waiting:
            self._tokens.pop(key).done()

    def release(self) -> None:
        """Hand out again, first what has come meanwhile."""
        if not self._held:
            return
        self._held = False
        for key in self._waiting:
            self._count(key)
        self._wake()

    def _count(self, key: K) -> None:
        self._tokens[key] = self._clock.ledger.start(f"queue {self._name}")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def add_after(self, key: K, delay: float) -> None:
        """The key needs work in that many emulated seconds; the earliest wish counts."""
        if self._closed:
            return
        when = self._clock.now() + delay
        timer = self._timers.get(key)
        if timer is not None and not timer.cancelled:
            if timer.when <= when:
                return
            timer.cancel()
        if delay <= 0:
            self.add(key)
            return
        self._timers[key] = self._clock.call_at(when, self._due, key)

    def _due(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def retry(self, key: K) -> None:
        """The key's work failed: give it back, later each time."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        if failures < RETRIES_AT_ONCE_MAX:
            self.add(key)
        else:
            delay = BACKOFF_SECONDS_MIN * 2.0 ** min(failures, 40)
            self.add_after(key, min(delay, BACKOFF_SECONDS_MAX))

    def forget(self, key: K) -> None:
        """The key's work succeeded: its failures do not count any more."""
        self._failures.pop(key, None)

    async def get(self, turns: int = 0) -> K:
        """The next key; it is in hand until `done`.

        It waits that many turns of the event loop first: changes that come meanwhile reach informers, and need no
        work of their own. Where the clock interleaves, it waits some turns more, and takes any of the keys.
        """
        drawn = self._clock.interleaving
        while True:
            while self._held or not self._waiting:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
            for _ in range(turns + (drawn.randrange(INTERLEAVED_TURNS) if drawn is not None else 0)):
                await self._clock.transport.sleep(0)
            if self._waiting and not self._held:
                break
        key = next(iter(self._waiting)) if drawn is None else drawn.choice(list(self._waiting))
        del self._waiting[key]
        self._in_hand.add(key)
        return key

    def done(self, key: K) -> None:
        """The key is out of hand."""
        self._in_hand.discard(key)
        token = self._tokens.pop(key, None)
        if key in self._again:
            self._again.discard(key)
            self.add(key)
        if token is not None:
            token.done()

    def close(self) -> None:
        """Drop everything, and take nothing more."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        for token in self._tokens.values():
            token.done()
        self._timers.clear()
        self._tokens.clear()
        self._waiting.clear()
