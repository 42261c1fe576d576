"""The ledger of work that is under way, which `settle()` reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Token:
    """One piece of work in the ledger."""

    __slots__ = ("_ledger", "name")

    def __init__(self, ledger: Ledger, name: str) -> None:
        self._ledger: Ledger | None = ledger
        self.name = name

    def done(self) -> None:
        """The work is finished; saying it twice does no harm."""
        if self._ledger is not None:
            ledger, self._ledger = self._ledger, None
            ledger.finish(self.name)


class Ledger:
    """Counts the work that is under way, by name."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._total = 0
        self._waiters: list[asyncio.Future[None]] = []

    def start(self, name: str) -> Token:
        """Note a piece of work; its token ends it."""
        self._counts[name] = self._counts.get(name, 0) + 1
        self._total += 1
        return Token(self, name)

    def finish(self, name: str) -> None:
        """End a piece of work. Called by its token."""
        left = self._counts[name] - 1
        if left:
            self._counts[name] = left
        else:
            del self._counts[name]
        self._total -= 1
        if not self._total:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    @contextmanager
    def work(self, name: str) -> Iterator[None]:
        """The block is a piece of work."""
        token = self.start(name)
        try:
            yield
        finally:
            token.done()

    @property
    def idle(self) -> bool:
        """Whether no work is under way."""
        return not self._total

    def outstanding(self) -> dict[str, int]:
        """What is under way: how many of each name."""
        return dict(sorted(self._counts.items()))

    async def wait_idle(self) -> None:
        """Return when no work is under way."""
        while self._total:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter


def hold_for_turns(ledger: Ledger, name: str, turns: int) -> Callable[[], None]:
    """Note a piece of work that ends after that many turns of the event loop, or when what is returned is called.

    What outside code does cannot be waited for without a limit: it may wait for time to pass, which waits for it.
    """
    loop = asyncio.get_running_loop()
    token = ledger.start(name)
    ended = False

    def end() -> None:
        nonlocal ended
        ended = True
        token.done()

    def turn(left: int) -> None:
        if left and not ended:
            loop.call_soon(turn, left - 1)
        else:
            end()

    turn(turns)
    return end
