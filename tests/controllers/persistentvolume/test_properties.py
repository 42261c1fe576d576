"""Whatever is made and deleted in whatever order: one volume a claim, one claim a volume, and nobody waits in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES
from minikube_lite.store import Object

Make = Callable[..., Object]

SIZES = ("1Mi", "2Mi", "3Mi")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add volume", "add claim", "drop claim", "drop volume", "settle"]),
        st.integers(0, 3),
        st.sampled_from(SIZES),
    ),
    max_size=25,
)


async def take(world: Any, step: str, number: int, size: str, new_volume: Make, new_claim: Make) -> None:
    """One step from outside; what stands there already, or is gone, is no matter."""
    try:
        if step == "add volume":
            await world.create(PERSISTENT_VOLUMES, new_volume(f"pv-{number}", size), "")
        elif step == "add claim":
            await world.create(PERSISTENT_VOLUME_CLAIMS, new_claim(f"claim-{number}", size))
        elif step == "drop claim":
            await world.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", f"claim-{number}")
        elif step == "drop volume":
            await world.client.delete(PERSISTENT_VOLUMES, "", f"pv-{number}")
        else:
            await world.settle()
    except ApiError as error:
        assert error.reason in ("AlreadyExists", "NotFound")


def free_and_waiting(volumes: list[Object], claims: list[Object]) -> list[tuple[str, str]]:
    """Pairs that could be bound but are not."""
    return [
        (claim["metadata"]["name"], volume["metadata"]["name"])
        for claim in claims
        if claim["status"]["phase"] == "Pending"
        for volume in volumes
        if volume["status"]["phase"] == "Available" and "deletionTimestamp" not in volume["metadata"]
        if SIZES.index(volume["spec"]["capacity"]["storage"])
        >= SIZES.index(claim["spec"]["resources"]["requests"]["storage"])
    ]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, fails=st.integers(0, 30), takes_effect=st.booleans())
def test_bindings_are_exclusive(
    storage_alone: Callable[[], Awaitable[Any]],
    check: Callable[[Any], Awaitable[None]],
    new_volume: Make,
    new_claim: Make,
    steps: list[tuple[str, int, str]],
    fails: int,
    takes_effect: bool,
) -> None:
    async def run() -> None:
        world = await storage_alone()
        world.failures.nth, world.failures.takes_effect = fails, takes_effect
        for step in steps:
            await take(world, *step, new_volume, new_claim)
            await check(world)
        await world.settle()
        await check(world)
        volumes = await world.items(PERSISTENT_VOLUMES)
        claims = await world.items(PERSISTENT_VOLUME_CLAIMS)
        assert free_and_waiting(volumes, claims) == []
        held = {volume["metadata"]["name"] for volume in volumes if volume["spec"].get("claimRef")}
        assert held == {claim["spec"]["volumeName"] for claim in claims if claim["status"]["phase"] == "Bound"}
        await world.stop()

    asyncio.run(run())
