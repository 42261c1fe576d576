"""Whatever happens to pods and to writes: each pod is counted once, and the Job comes to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.resources import PODS
from minikube_lite.store import Object

if TYPE_CHECKING:
    from tests.controllers.conftest import World
    from tests.controllers.job.conftest import JobWorld

Deed = tuple[str, int]
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(("succeed", "fail", "delete", "run", "wait", "break", "lose", "suspend", "resume")),
        st.integers(0, 5),
    ),
    max_size=14,
)


class Ledger:
    """How each pod ended, as the test made it."""

    def __init__(self) -> None:
        self.succeeded: dict[str, int] = {}
        self.failed: dict[str, None] = {}


async def do(jobs: JobWorld, ledger: Ledger, deed: str, number: int) -> None:
    world, pods = jobs.world, await jobs.pods()
    pod: Object | None = pods[number % len(pods)] if pods else None
    if deed == "wait":
        await world.advance(20 * number)
    elif deed in ("break", "lose"):
        world.failures.nth, world.failures.takes_effect = world.failures.count + 1 + number, deed == "lose"
    elif deed in ("suspend", "resume"):
        if await jobs.end() is None:
            await jobs.change(suspend=deed == "suspend")
    elif pod is None:
        return
    elif deed == "run":
        await jobs.run()
    elif deed == "delete":
        ledger.failed[pod["metadata"]["uid"]] = None
        await world.client.delete(PODS, "default", pod["metadata"]["name"])
    else:
        if deed == "succeed":
            index = (pod["metadata"].get("annotations") or {}).get("batch.kubernetes.io/job-completion-index", "0")
            ledger.succeeded[pod["metadata"]["uid"]] = int(index)
        else:
            ledger.failed[pod["metadata"]["uid"]] = None
        await jobs.finish(pod, 0 if deed == "succeed" else 1)
    await world.settle()


async def play(jobs: JobWorld, deeds: list[Deed], spec: dict[str, Any]) -> None:
    ledger = Ledger()
    await jobs.start(completions=4, parallelism=2, backoffLimit=100, **spec)
    highest = (0, 0)
    for deed, number in deeds:
        await do(jobs, ledger, deed, number)
        _, *ended = await jobs.counts()
        assert ended[0] >= highest[0]
        assert ended[1] >= highest[1]
        assert ended[0] <= len(ledger.succeeded)
        assert ended[1] <= len(ledger.failed)
        highest = (ended[0], ended[1])
        assert len(await jobs.pods()) <= 2
    if await jobs.end() is None:
        await jobs.change(suspend=False)
    for _ in range(12):
        if await jobs.end() is not None:
            break
        await jobs.world.advance(700)  # also the back-off of the queue, after writes that failed
        for pod in await jobs.pods():
            await do(jobs, ledger, "succeed", 0)
            assert not is_deleting(pod)
    end = await jobs.end()
    assert end is not None
    assert end[0] == "Complete"
    await jobs.world.advance(700)
    assert await jobs.tracked() == 0
    assert await jobs.counts() == (0, len(ledger.succeeded), len(ledger.failed))


@pytest.mark.parametrize("mode", ["NonIndexed", "Indexed"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_each_pod_is_counted_once(
    run_world: Callable[..., None], job_world: Callable[[World], JobWorld], mode: str, deeds: list[Deed]
):
    run_world(lambda world: play(job_world(world), deeds, {"completionMode": mode}))


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("nth", range(1, 16))
@pytest.mark.parametrize("mode", ["NonIndexed", "Indexed"])
async def test_every_write_may_fail(jobs: JobWorld, mode: str, nth: int, takes_effect: bool):
    jobs.world.failures.nth, jobs.world.failures.takes_effect = nth, takes_effect
    await jobs.start(completions=3, parallelism=2, completionMode=mode)
    await jobs.finish((await jobs.pods())[0], 1)
    for _ in range(6):
        await jobs.world.advance(700)
        await jobs.finish_all()
    end = await jobs.end()
    assert end is not None
    assert end[0] == "Complete"
    assert await jobs.counts() == (0, 3, 1)
    assert await jobs.tracked() == 0
