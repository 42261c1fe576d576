"""The queue's guarantees: fair, stingy, safe and patient."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from minikube_lite.clock import Clock
from minikube_lite.machinery.queue import BACKOFF_SECONDS_MAX, BACKOFF_SECONDS_MIN, RETRIES_AT_ONCE_MAX, WorkQueue


@pytest.fixture
def clock() -> Clock:
    return Clock("stepped", start=0.0)


@pytest.fixture
def queue(clock: Clock) -> WorkQueue[str]:
    return WorkQueue(clock, "test")


def take(queue: WorkQueue[str]) -> str | None:
    """The next key if there is one now."""
    if not queue.depth:
        return None
    work = queue.get()
    try:
        while work.send(None) is None:
            pass  # it lets others go first
    except StopIteration as found:
        return found.value
    raise AssertionError("a worker waits although there is a key")


def take_all(queue: WorkQueue[str]) -> list[str]:
    found = []
    while (key := take(queue)) is not None:
        found.append(key)
        queue.done(key)
    return found


async def test_keys_come_in_their_order_and_once(queue) -> None:
    for key in "abcab":
        queue.add(key)
    assert take_all(queue) == ["a", "b", "c"]


async def test_a_key_is_never_in_two_hands(queue) -> None:
    queue.add("a")
    queue.add("b")
    assert take(queue) == "a"
    queue.add("a")
    queue.add("a")
    assert take(queue) == "b"
    assert take(queue) is None
    queue.done("a")
    assert take(queue) == "a"
    queue.done("a")
    assert take(queue) is None


async def test_a_worker_waits_for_a_key(queue) -> None:
    worker = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.add("a")
    assert await worker == "a"


async def test_what_is_waiting_or_in_hand_is_work(clock, queue) -> None:
    queue.add("a")
    queue.add("a")
    assert clock.ledger.outstanding() == {"queue test": 1}
    take(queue)
    queue.add("a")
    assert clock.ledger.outstanding() == {"queue test": 1}
    queue.done("a")
    assert clock.ledger.outstanding() == {"queue test": 1}
    take(queue)
    queue.done("a")
    assert clock.ledger.idle


class Worker:
    """Takes every key at once, and notes when; says that it failed as often as it is told to."""

    def __init__(self, clock: Clock, queue: WorkQueue[str], failures: int = 0) -> None:
        self.clock, self.queue, self.failures = clock, queue, failures
        self.taken: list[tuple[str, float]] = []
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            key = await self.queue.get()
            self.taken.append((key, round(self.clock.now(), 6)))
            if len(self.taken) <= self.failures:
                self.queue.retry(key)
            self.queue.done(key)


async def test_later_is_in_emulated_time_and_the_earliest_wish_counts(clock, queue) -> None:
    worker = Worker(clock, queue)
    queue.add_after("a", 10)
    queue.add_after("a", 5)
    queue.add_after("a", 7)
    queue.add_after("b", 0)
    queue.add_after("c", -1)
    queue.add_after("d", 20)
    queue.add_after("d", 0)
    await clock.settle(5)
    assert worker.taken == [("b", 0), ("c", 0), ("d", 0)]
    await clock.advance(100)
    assert worker.taken[3:] == [("a", 5)]
    queue.add_after("a", 1)
    await clock.advance(1)
    assert worker.taken[4:] == [("a", 101)]
    worker.task.cancel()


async def test_failures_come_back_later_each_time(clock, queue) -> None:
    worker = Worker(clock, queue, failures=40)
    queue.add("a")
    await clock.advance(1e6)
    moments = [moment for _, moment in worker.taken]
    delays = [round(later - moment, 6) for moment, later in zip(moments, moments[1:], strict=False)]
    assert delays[:RETRIES_AT_ONCE_MAX] == [0] * RETRIES_AT_ONCE_MAX
    backoff = [
        min(BACKOFF_SECONDS_MIN * 2**failures, BACKOFF_SECONDS_MAX) for failures in range(RETRIES_AT_ONCE_MAX, 40)
    ]
    assert delays[RETRIES_AT_ONCE_MAX:] == backoff
    worker.task.cancel()


async def test_success_forgets_the_failures(clock, queue) -> None:
    for _ in range(RETRIES_AT_ONCE_MAX):
        queue.retry("a")
        assert take_all(queue) == ["a"]
    queue.forget("a")
    queue.retry("a")
    assert take_all(queue) == ["a"]


async def test_a_queue_that_is_held_hands_out_nothing_and_is_no_work(clock, queue) -> None:
    queue.add("a")
    queue.hold()
    assert clock.ledger.idle
    queue.add("b")
    waiting = asyncio.create_task(queue.get())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    assert clock.ledger.idle
    queue.release()
    assert not clock.ledger.idle
    assert await waiting == "a"
    queue.done("a")
    assert take_all(queue) == ["b"]
    assert clock.ledger.idle


async def test_a_closed_queue_holds_nothing_and_takes_nothing(clock, queue) -> None:
    for key in "abc":
        queue.add(key)
    take(queue)
    queue.add_after("later", 5)
    queue.close()
    queue.done("a")
    queue.add("d")
    queue.add_after("e", 1)
    queue.add_after("f", 0)
    await clock.advance(10)
    assert clock.ledger.idle
    assert take(queue) is None


class QueueMachine(RuleBasedStateMachine):
    """Any order of calls, against the plainest model: an ordered list, a set in hand, and who came again."""

    in_hand = Bundle("in_hand")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock("stepped", start=0.0)
        self.queue: WorkQueue[str] = WorkQueue(self.clock, "test")
        self.waiting: list[str] = []
        self.hands: list[str] = []
        self.again: list[str] = []

    @rule(key=st.sampled_from("abcd"))
    def add(self, key: str) -> None:
        self.queue.add(key)
        if key in self.hands:
            self.again.append(key)
        elif key not in self.waiting:
            self.waiting.append(key)

    @precondition(lambda self: self.waiting)
    @rule(target=in_hand)
    def get(self) -> str:
        key = take(self.queue)
        assert key == self.waiting.pop(0)
        assert key not in self.hands
        self.hands.append(key)
        return key

    @precondition(lambda self: not self.waiting)
    @rule()
    def nothing_to_get(self) -> None:
        assert take(self.queue) is None

    @rule(key=consumes(in_hand))
    def done(self, key: str) -> None:
        self.queue.done(key)
        self.hands.remove(key)
        if key in self.again:
            self.again = [other for other in self.again if other != key]
            self.waiting.append(key)

    @invariant()
    def counts_its_work(self) -> None:
        assert sum(self.clock.ledger.outstanding().values()) == len(self.waiting) + len(self.hands)

    def teardown(self) -> None:
        self.queue.close()
        assert self.clock.ledger.idle


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


async def test_held_twice_and_released_once_it_hands_out_again(clock, queue) -> None:
    queue.add("a")
    queue.hold()
    queue.hold()
    assert clock.ledger.idle, "nobody is to do what waits"
    queue.add("b")
    assert clock.ledger.idle
    queue.release()
    queue.release()
    assert clock.ledger.outstanding() == {"queue test": 2}
    for key in "ab":
        assert await queue.get() == key
        queue.done(key)
    assert clock.ledger.idle
