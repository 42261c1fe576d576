"""Whatever users and kubelets do, and whatever write fails: the invariants hold after each write, and all ends well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minikube_lite.machinery.meta import is_deleting

if TYPE_CHECKING:
    from tests.controllers.statefulset.conftest import World

IMAGES = ("a", "b", "c")
Deed = tuple[str, int]

DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "scale",
                "image",
                "partition",
                "start",
                "kill",
                "stop",
                "run",
                "unready",
                "fail",
                "succeed",
                "refuse",
                "lose",
                "wait",
            )
        ),
        st.integers(0, 5),
    ),
    max_size=25,
)


async def do(world: World, deed: str, number: int) -> None:
    pods = await world.pods()
    names = sorted(pods)
    name = names[number % len(names)] if names else ""
    there = bool(names) and not is_deleting(pods[name])
    running = there and pods[name]["status"]["phase"] == "Running"
    match deed:
        case "scale":
            await world.patch({"replicas": number})
        case "image":
            await world.set_image(IMAGES[number % 3])
        case "partition":
            await world.patch({"updateStrategy": {"rollingUpdate": {"partition": number % 3}}})
        case "start":
            await world.patch({"ordinals": {"start": number % 3}})
        case "kill" if there:
            await world.delete_pod(name)
        case "stop" if names and not there:
            await world.stop(name)
        case "run" if there and pods[name]["status"]["phase"] == "Pending":
            await world.run(name)
        case "unready" if running:
            await world.unready(name)
        case "fail" | "succeed" if running:
            await world.end(name, {"fail": "Failed", "succeed": "Succeeded"}[deed])
        case "refuse" | "lose":
            world.faulty.mode = "refused" if deed == "refuse" else "lost"
            world.faulty.fail_at = world.faulty.writes + 1 + number
        case "wait":
            await world.clock.advance(number)


async def play(new_world: Callable[[], World], policy: str, deeds: list[Deed], min_ready_seconds: int) -> Any:
    async with new_world() as world:
        await world.create(policy=policy, replicas=2, minReadySeconds=min_ready_seconds)
        for deed, number in deeds:
            await do(world, deed, number)
        await world.patch({"updateStrategy": {"rollingUpdate": {"partition": 0}}})
        for _ in range(30):  # as many times as pods may have to become available one after the other, and more
            await world.live()
            await world.clock.advance(min_ready_seconds + 60)
        return await world.get(), await world.state()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS, min_ready_seconds=st.sampled_from((0, 5)))
def test_all_ends_well(new_world, policy: str, deeds: list[Deed], min_ready_seconds: int):
    stateful_set, state = asyncio.run(play(new_world, policy, deeds, min_ready_seconds))
    status, spec = stateful_set["status"], stateful_set["spec"]
    start = spec.get("ordinals", {}).get("start", 0)
    revision = status["updateRevision"]
    assert state["pods"] == {f"kubia-{n}": (True, revision) for n in range(start, start + spec["replicas"])}
    assert status["currentRevision"] == revision
    for part in ("replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"):
        assert status.get(part, 0) == spec["replicas"]
    assert status["observedGeneration"] == stateful_set["metadata"]["generation"]
