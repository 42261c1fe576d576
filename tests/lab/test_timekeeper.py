"""What the timekeeper does of what the Clock asks for, and what it says of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from minikube_lite.clock import Clock, Unsettled
from minikube_lite.cluster import Cluster
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import CLOCKS
from minikube_lite.store import Object

SECONDS_MAX = 60


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=0, clock="stepped", serve_api=False, serve_dns=False) as cluster:
        yield cluster


async def ask(cluster: Cluster, **spec: Any) -> int:
    """Change the spec; returns the generation."""
    clock = await cluster.client.patch(CLOCKS, "", "cluster", {"spec": spec})
    generation: int = clock["metadata"]["generation"]
    return generation


async def until(cluster: Cluster, wanted: Any) -> Object:
    """The Clock, as soon as it is as wanted."""
    clock = await cluster.client.get(CLOCKS, "", "cluster")
    cursor = cluster.client.watch(CLOCKS, after=int(clock["metadata"]["resourceVersion"]))
    async with asyncio.timeout(SECONDS_MAX):
        while not wanted(clock):
            for event in await cursor.next_batch():
                clock = event.record.object
    cursor.close()
    return clock


async def done(cluster: Cluster, generation: int) -> Object:
    """The status when that was done."""
    clock = await until(cluster, lambda clock: clock["status"]["observedGeneration"] >= generation)
    status: Object = clock["status"]
    return status


async def test_time_moves_by_what_was_added(cluster: Cluster) -> None:
    start = cluster.clock.now()
    for total in (300, 300, 450.5):
        status = await done(cluster, await ask(cluster, advanceSeconds=total))
        assert (cluster.clock.now() - start, status["advancedSeconds"]) == (total, total)
    assert status["now"] == "2026-01-01T00:07:30.500000Z"


async def test_wishes_that_nobody_saw_one_by_one_are_all_fulfilled(cluster: Cluster) -> None:
    start = cluster.clock.now()
    for total in range(10, 110, 10):
        generation = await ask(cluster, advanceSeconds=total)
    await done(cluster, generation)
    assert cluster.clock.now() - start == 100


async def test_timers_fire_in_order_and_what_they_start_is_done_between_them(cluster: Cluster) -> None:
    fired: list[float] = []
    start = cluster.clock.now()

    def fire() -> None:
        fired.append(cluster.clock.now() - start)
        if len(fired) < 3:
            cluster.clock.call_later(7, fire)

    cluster.clock.call_later(5, fire)
    await done(cluster, await ask(cluster, advanceSeconds=60))
    assert fired == [5, 12, 19]


async def test_modes(cluster: Cluster) -> None:
    status = await done(cluster, await ask(cluster, mode="scaled", rate=1000))
    assert (cluster.clock.mode, cluster.clock.rate, status["mode"], status["rate"]) == ("scaled", 1000, "scaled", 1000)
    status = await done(cluster, await ask(cluster, mode="real"))
    assert (cluster.clock.mode, cluster.clock.rate, status["rate"]) == ("real", 1, 1)
    before = cluster.clock.now()
    await done(cluster, await ask(cluster, advanceSeconds=3600))
    assert 3600 <= cluster.clock.now() - before < 3600 + SECONDS_MAX
    status = await done(cluster, await ask(cluster, mode="stepped"))
    stood = cluster.clock.now()
    await done(cluster, await ask(cluster, settleRequests=1))
    assert (cluster.clock.now(), status["rate"]) == (stood, 0)


async def test_quiet_is_waited_for(cluster: Cluster) -> None:
    work = cluster.clock.ledger.start("a test's work")
    generation = await ask(cluster, settleRequests=1)
    for _ in range(100):
        await asyncio.sleep(0)
    assert (await cluster.client.get(CLOCKS, "", "cluster"))["status"]["observedGeneration"] < generation
    work.done()
    status = await done(cluster, generation)
    assert find_condition({"status": status}, "Settled")["status"] == "True"  # type: ignore[index]


class Impatient(Clock):
    """A clock that waits for quiet for a moment only."""

    async def advance(self, seconds: float, timeout: float = 0.05) -> None:
        await super().advance(seconds, timeout)

    async def settle(self, timeout: float = 0.05) -> None:
        await super().settle(timeout)


async def test_what_is_busy_is_named_and_the_rest_of_the_way_is_made_up_for(cluster: Cluster) -> None:
    cluster.clock.__class__ = Impatient
    start = cluster.clock.now()
    held: list[Any] = []
    cluster.clock.call_later(60, lambda: held.append(cluster.clock.ledger.start("a test's work")))
    generation = await ask(cluster, advanceSeconds=300)
    clock = await until(cluster, lambda clock: clock["status"].get("pending"))
    status = clock["status"]
    assert status["pending"] == [{"name": "a test's work", "count": 1}]
    assert (status["observedGeneration"] < generation, status["advancedSeconds"]) == (True, 60)
    condition = find_condition(clock, "Settled")
    assert condition is not None
    assert (condition["status"], condition["reason"], condition["observedGeneration"]) == ("False", "Busy", generation)
    assert "a test's work" in condition["message"]

    held[0].done()
    status = await done(cluster, generation)
    assert (cluster.clock.now() - start, status["advancedSeconds"], "pending" in status) == (300, 300, False)
    assert find_condition({"status": status}, "Settled")["status"] == "True"  # type: ignore[index]


async def test_the_clock_is_not_work_itself(cluster: Cluster) -> None:
    """Else it would wait for itself."""
    generation = await ask(cluster, advanceSeconds=1, settleRequests=1)
    try:
        await cluster.settle(SECONDS_MAX)
    except Unsettled as error:
        pytest.fail(str(error))
    await done(cluster, generation)
