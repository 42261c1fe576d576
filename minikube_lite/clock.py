"""The one door to time, randomness and ids.

Emulated time flows as the host's (real), faster or slower (scaled), or only when asked (stepped); `advance()` moves it in each.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from minikube_lite.ledger import Ledger, hold_for_turns

log = logging.getLogger(__name__)

Mode = Literal["real", "scaled", "stepped"]

STEPPED_EPOCH_SECONDS = 1_767_225_600.0
"""2026-01-01T00:00:00Z, where a stepped clock starts: in the past, so that ages which clients compute themselves stay sane."""
TICK_SECONDS = 0.5
"""How often flowing time looks at the host's clock at least."""
STALL_SECONDS_MAX = 2.0
"""A longer gap between two looks means that the host stood still; emulated time then moves by this much only."""
SETTLE_SECONDS_MAX = 60.0
"""How long, in the host's time, `settle()` waits for quiet before it names what is busy."""
SETTLE_ROUNDS = 3
"""Turns of the event loop without new work after which it counts as idle."""
WAKING_TURNS_MAX = 50
"""So many turns of the event loop whoever slept counts as work that `settle()` waits for."""
SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Upstream's letters for random names (apimachinery/pkg/util/rand): no vowels, so no words."""


class Unsettled(TimeoutError):
    """The cluster did not become quiet; the message names the work that was left."""


class Timer:
    """A callback at a moment of emulated time."""

    __slots__ = ("args", "callback", "cancelled", "clock", "pending", "when")

    def __init__(
        self, clock: Clock, when: float, callback: Callable[..., object], args: tuple[Any, ...], pending: str
    ) -> None:
        self.clock = clock
        self.when = when
        self.callback = callback
        self.args = args
        self.pending = pending
        self.cancelled = False

    def cancel(self) -> None:
        """Do not call back; does nothing once it has fired."""
        if not self.cancelled:
            self.cancelled = True
            self.clock.forget(self)


class TransportTime:
    """The host's own time, for sockets and clients outside the emulation: watch timeouts, pings, webhooks, TLS."""

    def now(self) -> float:
        """Seconds of a clock that never goes back; only differences mean something."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that many real seconds."""
        await asyncio.sleep(seconds)

    def pause(self, seconds: float) -> None:
        """Block for that many real seconds: for commands, which have no event loop."""
        time.sleep(seconds)

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        """A context that is cancelled after that many real seconds."""
        return asyncio.timeout(seconds)


class Clock:
    """Emulated time, one timer heap, seeded randomness and ids; one for a cluster."""

    def __init__(
        self,
        mode: Mode = "real",
        *,
        rate: float = 1.0,
        start: float | None = None,
        seed: int | None = None,
        interleaving: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.mode: Mode = mode
        self.rate = 1.0 if mode == "real" else rate
        self.seed = random.SystemRandom().getrandbits(48) if seed is None else seed
        self.random = random.Random(f"{self.seed}/cluster")
        self.interleaving = None if interleaving is None else random.Random(f"{interleaving}/interleaving")
        """Draws in which order ready work is taken; None for the order in which it came."""
        self.ledger = Ledger()
        self.transport = TransportTime()
        self._now = start if start is not None else STEPPED_EPOCH_SECONDS if mode == "stepped" else time.time()
        self._monotonic = monotonic
        self._observed = monotonic()
        self._heap: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._pending: dict[str, int] = {}
        self._handle: asyncio.TimerHandle | None = None
        self._advancing = asyncio.Lock()

    # Time

    @property
    def flowing(self) -> bool:
        """Whether time passes by itself."""
        return self.mode != "stepped"

    def now(self) -> float:
        """Emulated unix seconds."""
        if self.mode != "stepped":
            observed = self._monotonic()
            self._now += min(observed - self._observed, STALL_SECONDS_MAX) * self.rate
            self._observed = observed
        return self._now

    def timestamp(self) -> str:
        """Now as metav1.Time is written: `2026-01-02T03:04:05Z`."""
        return format_time(self.now())

    def micro_timestamp(self) -> str:
        """Now as metav1.MicroTime is written: `2026-01-02T03:04:05.000006Z`."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def set_mode(self, mode: Mode, rate: float = 1.0) -> None:
        """Change how time flows from now on."""
        self.now()
        self._observed = self._monotonic()
        self.mode, self.rate = mode, 1.0 if mode == "real" else rate
        self._arm()

    # Timers

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, pending: str = "") -> Timer:
        """Call back at that emulated time. `pending` names work that `settle()` waits for while time flows by itself."""
        timer = Timer(self, when, callback, args, pending)
        self._sequence += 1
        heapq.heappush(self._heap, (when, self._sequence, timer))
        if pending:
            self._pending[pending] = self._pending.get(pending, 0) + 1
        if self._heap[0][2] is timer:
            self._arm()
        return timer

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, pending: str = "") -> Timer:
        """Call back after that many emulated seconds."""
        return self.call_at(self.now() + delay, callback, *args, pending=pending)

    async def sleep(self, delay: float, *, pending: str = "") -> None:
        """Wait that many emulated seconds; for none, until the next turn of the event loop."""
        if delay <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_later(delay, self._wake, waiter, pending=pending)
        try:
            await waiter
        finally:
            timer.cancel()

    def _wake(self, waiter: asyncio.Future[None]) -> None:
        if not waiter.done():
            waiter.set_result(None)
            hold_for_turns(self.ledger, "what slept", WAKING_TURNS_MAX)

    def forget(self, timer: Timer) -> None:
        """Take a timer's name off the work that `settle()` waits for. Called by the timer."""
        if timer.pending:
            left = self._pending.get(timer.pending, 0) - 1  # after stop() there is none
            if left > 0:
                self._pending[timer.pending] = left
            else:
                self._pending.pop(timer.pending, None)

    def start(self) -> None:
        """Let time flow; needs a running event loop."""
        self._observed = self._monotonic()
        self._arm()

    def stop(self) -> None:
        """Call nothing back any more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._heap.clear()
        self._pending.clear()

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self.flowing:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return  # armed by start()
            delay = (self._heap[0][0] - self.now()) / self.rate if self._heap else TICK_SECONDS
            self._handle = loop.call_later(min(max(delay, 0.0), TICK_SECONDS), self._tick)

    def _tick(self) -> None:
        self._handle = None
        now = self.now()
        while self._heap and self._heap[0][0] <= now and self.flowing:
            self._fire(heapq.heappop(self._heap)[2])
        self._arm()

    def _fire(self, timer: Timer) -> None:
        if timer.cancelled:
            return
        timer.cancel()
        try:
            timer.callback(*timer.args)
        except Exception:
            log.exception(
                "a timer failed: %s", timer.pending or getattr(timer.callback, "__qualname__", timer.callback)
            )

    # Moving and settling

    async def advance(self, seconds: float, timeout: float = SETTLE_SECONDS_MAX) -> None:
        """Move emulated time: timers fire in their order, and everything settles between two of them.

        Raises Unsettled where that takes more than `timeout` real seconds, as when what is busy waits for time itself.
        """
        async with self._advancing:
            target = self.now() + seconds
            await self._quiet_within(timeout)
            while self._heap and self._heap[0][0] <= target:
                when, _, timer = heapq.heappop(self._heap)
                if timer.cancelled:
                    continue
                self._jump(when)
                self._fire(timer)
                await self._quiet_within(timeout)
            self._jump(target)
            await self._quiet_within(timeout)
            self._arm()

    def _jump(self, when: float) -> None:
        self._now = max(when, self.now())

    async def settle(self, timeout: float = SETTLE_SECONDS_MAX) -> None:
        """Wait until no work is left; `timeout` in real seconds, then Unsettled names what is busy."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    await self._quiet()
                    if not (self._pending and self.flowing):
                        return
                    await asyncio.sleep(0.002)
        except TimeoutError:
            raise self._unsettled(timeout) from None

    def _unsettled(self, timeout: float) -> Unsettled:
        busy = {**self.ledger.outstanding(), **self._pending}
        return Unsettled(f"not quiet after {timeout:g} s, still busy: {busy}")

    async def _quiet_within(self, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._quiet()
        except TimeoutError:
            raise self._unsettled(timeout) from None

    async def _quiet(self) -> None:
        """Wait until the ledger is empty and the event loop has nothing to do for it."""
        rounds = 0
        while rounds < SETTLE_ROUNDS:
            if self.ledger.idle:
                await asyncio.sleep(0)
                rounds = rounds + 1 if self.ledger.idle else 0
            else:
                await self.ledger.wait_idle()
                rounds = 0

    # Randomness and ids

    def random_stream(self, name: str) -> random.Random:
        """A seeded source of its own, so that drawing from it changes nothing elsewhere."""
        return random.Random(f"{self.seed}/{name}")

    def uid(self) -> str:
        """A new object's uid."""
        bits = self.random.getrandbits(128) & ~(0xF000 << 64) | (0x4000 << 64)
        bits = bits & ~(0xC000 << 48) | (0x8000 << 48)
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def suffix(self, length: int = 5) -> str:
        """Random letters as upstream appends to generated names."""
        return "".join(self.random.choices(SAFE_ALPHABET, k=length))

    def token_hex(self, digits: int) -> str:
        """That many random hexadecimal digits."""
        return f"{self.random.getrandbits(digits * 4):0{digits}x}"


def format_time(seconds: float) -> str:
    """Unix seconds as metav1.Time is written."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> float:
    """Unix seconds of a metav1.Time or MicroTime."""
    return datetime.fromisoformat(text).timestamp()
