"""Emulated time in its three ways, the ledger that settle() reads, and seeded randomness and ids."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.clock import (
    SAFE_ALPHABET,
    STALL_SECONDS_MAX,
    STEPPED_EPOCH_SECONDS,
    Clock,
    Unsettled,
    format_time,
    parse_time,
)
from minikube_lite.ledger import Ledger


class Host:
    """The host's monotonic clock, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Repeating:
    """A timer that arms itself again, and notes when it fired."""

    def __init__(self, clock: Clock, period: float, fired: list[tuple[float, float]]) -> None:
        self._clock, self._period, self._fired = clock, period, fired
        clock.call_later(period, self._fire)

    def _fire(self) -> None:
        self._fired.append((round(self._clock.now() - STEPPED_EPOCH_SECONDS, 6), self._period))
        self._clock.call_later(self._period, self._fire)


# Time


def test_stepped_time_stands_still() -> None:
    host = Host()
    clock = Clock("stepped", monotonic=host)
    host.seconds += 1000
    assert clock.now() == STEPPED_EPOCH_SECONDS
    assert clock.timestamp() == "2026-01-01T00:00:00Z"
    assert clock.micro_timestamp() == "2026-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("mode", "rate", "seconds"), [("real", 7.0, 1.0), ("scaled", 10.0, 10.0), ("scaled", 0.5, 0.5)]
)
def test_flowing_time_follows_the_host(mode, rate, seconds) -> None:
    host = Host()
    clock = Clock(mode, rate=rate, start=0.0, monotonic=host)
    host.seconds += 1
    assert clock.now() == pytest.approx(seconds)


def test_a_host_that_stood_still_stops_emulated_time() -> None:
    host = Host()
    clock = Clock("scaled", rate=10.0, start=0.0, monotonic=host)
    host.seconds += 3600
    assert clock.now() == pytest.approx(STALL_SECONDS_MAX * 10)
    host.seconds += 1
    assert clock.now() == pytest.approx(STALL_SECONDS_MAX * 10 + 10)


def test_a_change_of_mode_keeps_the_moment() -> None:
    host = Host()
    clock = Clock("scaled", rate=2.0, start=0.0, monotonic=host)
    host.seconds += 1
    clock.set_mode("stepped")
    host.seconds += 1
    assert clock.now() == pytest.approx(2.0)
    clock.set_mode("real")
    host.seconds += 1
    assert clock.now() == pytest.approx(3.0)


async def test_a_timer_of_flowing_time_fires_by_itself() -> None:
    clock = Clock("scaled", rate=1000.0)
    clock.start()
    await clock.sleep(2)
    clock.stop()


async def test_a_stepped_clock_that_begins_to_flow_fires_what_is_due() -> None:
    clock = Clock("stepped")
    fired: list[int] = []
    clock.call_later(1, fired.append, 1, pending="one")
    clock.set_mode("scaled", 1000.0)
    await clock.settle()
    assert fired == [1]
    clock.stop()


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_times_are_read_as_they_were_written(seconds: int) -> None:
    assert parse_time(format_time(seconds)) == seconds


# Advancing


async def test_timers_fire_in_order_of_time_then_of_arming() -> None:
    clock = Clock("stepped")
    fired: list[str] = []
    for name, delay in [("c", 3), ("a1", 1), ("b", 2), ("a2", 1)]:
        clock.call_later(delay, fired.append, name)
    await clock.advance(2)
    assert fired == ["a1", "a2", "b"]
    await clock.advance(1)
    assert fired == ["a1", "a2", "b", "c"]
    assert clock.now() == STEPPED_EPOCH_SECONDS + 3


async def test_everything_settles_between_two_timers() -> None:
    clock = Clock("stepped")
    seen: list[str] = []

    async def work(name: str) -> None:
        with clock.ledger.work(name):
            for _ in range(20):
                await asyncio.sleep(0)
            seen.append(name)

    tasks: list[asyncio.Task[None]] = []
    clock.call_later(1, lambda: tasks.append(asyncio.create_task(work("slow"))))
    clock.call_later(1, lambda: seen.append("second timer"))
    await clock.advance(1)
    assert seen == ["slow", "second timer"]


async def test_a_timer_sees_the_moment_it_was_set_for() -> None:
    clock = Clock("stepped", start=0.0)
    seen: list[float] = []
    clock.call_at(0.25, lambda: seen.append(clock.now()))
    clock.call_at(7.0, lambda: seen.append(clock.now()))
    await clock.advance(10)
    assert seen == [0.25, 7.0]


async def test_a_cancelled_timer_stays_silent() -> None:
    clock = Clock("stepped")
    fired: list[str] = []
    timer = clock.call_later(1, fired.append, "no")
    timer.cancel()
    timer.cancel()
    await clock.advance(2)
    assert fired == []


async def test_a_failing_timer_hurts_no_other(caplog) -> None:
    clock = Clock("stepped")
    fired: list[str] = []
    clock.call_later(1, lambda: 1 // 0)
    clock.call_later(1, fired.append, "next")
    await clock.advance(1)
    assert fired == ["next"]
    assert "a timer failed" in caplog.text


async def test_a_day_at_once_is_a_day_by_the_minute() -> None:
    at_once: list[tuple[float, float]] = []
    by_minute: list[tuple[float, float]] = []
    for fired, steps in ((at_once, [86_400.0]), (by_minute, [60.0] * 1440)):
        clock = Clock("stepped")
        for period in (60.0, 97.0, 3600.0, 40.5):
            Repeating(clock, period, fired)
        for step in steps:
            await clock.advance(step)
    assert at_once == by_minute
    assert len(at_once) == 1440 + 890 + 24 + 2133


@given(
    st.lists(st.sampled_from([0.5, 1.0, 1.5, 3.25, 10.0]), min_size=1, max_size=4),
    st.lists(st.sampled_from([0.0, 0.25, 1.0, 2.5, 7.0]), min_size=1, max_size=6),
)
def test_steps_of_any_size_lead_to_the_same(periods: list[float], steps: list[float]) -> None:
    async def run(chosen: list[float]) -> list[tuple[float, float]]:
        clock = Clock("stepped")
        fired: list[tuple[float, float]] = []
        for period in periods:
            Repeating(clock, period, fired)
        for step in chosen:
            await clock.advance(step)
        return fired

    assert asyncio.run(run(steps)) == asyncio.run(run([sum(steps)]))


async def test_flowing_time_can_be_advanced_too() -> None:
    host = Host()
    clock = Clock("real", start=0.0, monotonic=host)
    fired: list[float] = []
    clock.call_later(300, lambda: fired.append(clock.now()))
    await clock.advance(301)
    assert fired == [pytest.approx(300)]
    assert clock.now() == pytest.approx(301)
    clock.stop()


async def test_two_who_advance_take_turns() -> None:
    clock = Clock("stepped", start=0.0)
    await asyncio.gather(clock.advance(5), clock.advance(7))
    assert clock.now() == 12.0


# Settling


async def test_settle_waits_for_work_and_for_what_it_leads_to() -> None:
    clock = Clock("stepped")
    done: list[str] = []

    async def work(left: int) -> None:
        with clock.ledger.work("step"):
            await asyncio.sleep(0)
            done.append("step")
            if left:
                tasks.append(asyncio.create_task(work(left - 1)))

    tasks = [asyncio.create_task(work(5))]
    await clock.settle()
    assert len(done) == 6


async def test_settle_names_what_is_busy() -> None:
    clock = Clock("stepped")
    clock.ledger.start("starting pod x")
    clock.ledger.start("queue endpoints")
    clock.ledger.start("queue endpoints")
    with pytest.raises(Unsettled, match=r"'queue endpoints': 2, 'starting pod x': 1"):
        await clock.settle(0.01)


async def test_settle_waits_for_pending_timers_only_while_time_flows() -> None:
    stepped = Clock("stepped")
    stepped.call_later(3600, lambda: None, pending="pulling image")
    await stepped.settle(0.5)
    flowing = Clock("scaled", rate=0.001)
    flowing.start()
    timer = flowing.call_later(3600, lambda: None, pending="pulling image")
    with pytest.raises(Unsettled, match="'pulling image': 1"):
        await flowing.settle(0.01)
    timer.cancel()
    await flowing.settle(0.5)
    flowing.stop()


async def test_a_sleep_given_up_is_not_pending_any_more() -> None:
    clock = Clock("scaled", rate=0.001)
    task = asyncio.create_task(clock.sleep(3600, pending="nap"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await clock.settle(0.5)
    clock.stop()


async def test_timers_may_be_cancelled_after_the_clock_stopped() -> None:
    clock = Clock("stepped")
    timer = clock.call_later(1, lambda: None, pending="late")
    sleeper = asyncio.create_task(clock.sleep(5, pending="nap"))
    await asyncio.sleep(0)
    clock.stop()
    timer.cancel()
    sleeper.cancel()
    [outcome] = await asyncio.gather(sleeper, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError)


async def test_advance_names_what_is_busy_too() -> None:
    clock = Clock("stepped")
    clock.ledger.start("a program that waits for time")
    with pytest.raises(Unsettled, match="a program that waits for time"):
        await clock.advance(1, timeout=0.01)


def test_a_token_counts_once() -> None:
    ledger = Ledger()
    first, second = ledger.start("x"), ledger.start("x")
    first.done()
    first.done()
    assert ledger.outstanding() == {"x": 1}
    second.done()
    assert ledger.idle


def test_work_that_fails_ends_too() -> None:
    ledger = Ledger()
    with pytest.raises(ZeroDivisionError), ledger.work("x"):
        raise ZeroDivisionError
    assert ledger.idle


# Randomness and ids


def test_equal_seeds_give_equal_ids() -> None:
    def draw(seed: int) -> list[str]:
        clock = Clock("stepped", seed=seed)
        return [clock.uid(), clock.suffix(), clock.token_hex(10), clock.uid(), str(clock.random.random())]

    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_clocks_without_a_seed_differ() -> None:
    assert Clock("stepped").uid() != Clock("stepped").uid()


def test_a_stream_disturbs_no_other() -> None:
    plain, disturbed = Clock("stepped", seed=7), Clock("stepped", seed=7)
    stream = disturbed.random_stream("kubelet")
    drawn = [stream.random() for _ in range(5)]
    assert disturbed.uid() == plain.uid()
    assert drawn == [random.random() for random in [plain.random_stream("kubelet")] for _ in range(5)]
    assert drawn[0] != plain.random_stream("scheduler").random()


@given(st.integers())
def test_ids_have_their_form(seed: int) -> None:
    clock = Clock("stepped", seed=seed)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", clock.uid())
    assert re.fullmatch(f"[{SAFE_ALPHABET}]{{5}}", clock.suffix())
    assert re.fullmatch(r"[0-9a-f]{9}", clock.token_hex(9))
