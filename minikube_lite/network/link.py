"""Links: the paths between endpoints, which faults cut and heal; upstream: the cables and routes between machines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Watcher = Callable[[bool], None]


class Unreachable(ConnectionError):
    """Nothing gets through to the other end."""


class Link:
    """A path between two endpoints, as `node-2` and `api`: up unless something cuts it; several causes may at once."""

    def __init__(self, source: str, target: str) -> None:
        self.source = source
        self.target = target
        self._causes: dict[str, None] = {}
        self._watchers: dict[int, Watcher] = {}
        self._watcher_number = 0
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def up(self) -> bool:
        """Whether something gets through."""
        return not self._causes

    def cut(self, cause: str = "cut") -> None:
        """Let nothing through until that cause is healed."""
        was_up = self.up
        self._causes[cause] = None
        if was_up:
            self._tell()

    def heal(self, cause: str = "cut") -> None:
        """Take a cause away; the link is up when no other is left."""
        was_up = self.up
        self._causes.pop(cause, None)
        if self.up and not was_up:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._tell()

    def check(self) -> None:
        """Raise Unreachable while nothing gets through."""
        if not self.up:
            raise Unreachable(f"{self.source} to {self.target}: no route to host")

    async def wait_up(self) -> None:
        """Return when something gets through."""
        while not self.up:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call with whether the link is up, whenever that changes. Returns what ends it."""
        self._watcher_number += 1
        number = self._watcher_number
        self._watchers[number] = watcher

        def unwatch() -> None:
            self._watchers.pop(number, None)

        return unwatch

    def _tell(self) -> None:
        up = self.up
        for watcher in list(self._watchers.values()):
            watcher(up)
