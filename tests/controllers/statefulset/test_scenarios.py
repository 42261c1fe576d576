"""Every scenario under both policies, with the invariants checked after each write, and with each write failing once.

A failed write, whether it was refused or only its answer lost, must change nothing about where the scenario ends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, PODS

if TYPE_CHECKING:
    from tests.controllers.statefulset.conftest import FaultMode, World

Scenario = Callable[["World", str], Awaitable[None]]


async def creation(world: World, policy: str) -> None:
    await world.create(replicas=3, policy=policy)
    assert await world.names(PODS) == (["kubia-0"] if policy == "OrderedReady" else ["kubia-0", "kubia-1", "kubia-2"])
    await world.live()


async def scale_up(world: World, policy: str) -> None:
    await world.create(replicas=1, policy=policy)
    await world.live()
    await world.patch({"replicas": 3})
    await world.live()


async def scale_down_and_up_again(world: World, policy: str) -> None:
    await world.create(replicas=3, policy=policy)
    await world.live()
    await world.patch({"replicas": 1})
    pods = await world.pods()
    leaving = [name for name in pods if "deletionTimestamp" in pods[name]["metadata"]]
    assert leaving == (["kubia-2"] if policy == "OrderedReady" else ["kubia-1", "kubia-2"])
    await world.live()
    assert await world.names(PODS) == ["kubia-0"]
    assert await world.names(PERSISTENT_VOLUME_CLAIMS) == ["data-kubia-0", "data-kubia-1", "data-kubia-2"]
    await world.patch({"replicas": 2})
    await world.live()


async def first_pod_deleted_while_second_starts(world: World, policy: str) -> None:
    await world.create(replicas=3, policy=policy)
    await world.live("kubia-1", "kubia-2")
    await world.delete_pod("kubia-0")
    await world.live("kubia-1", "kubia-2")
    assert ("kubia-2" in await world.pods()) == (policy == "Parallel")
    await world.live()


async def unhealthy_pod_blocks_scale_down(world: World, policy: str) -> None:
    await world.create(replicas=3, policy=policy)
    await world.live()
    await world.unready("kubia-0")
    await world.patch({"replicas": 1})
    assert ("deletionTimestamp" in (await world.pods())["kubia-2"]["metadata"]) == (policy == "Parallel")
    await world.run("kubia-0")
    await world.live()


async def rolling_update(world: World, policy: str) -> None:
    await world.create(replicas=3, policy=policy)
    await world.live()
    await world.set_image("luksa/kubia-pet-peers")
    assert ["deletionTimestamp" in pod["metadata"] for pod in (await world.pods()).values()] == [False, False, True]
    await world.live()


async def update_above_partition(world: World, policy: str) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    await world.create(replicas=3, policy=policy, updateStrategy=rolling)
    await world.live()
    await world.set_image("luksa/kubia-pet-peers")
    await world.live()
    await world.delete_pod("kubia-0")
    await world.live()
    await world.patch({"updateStrategy": {"rollingUpdate": {"partition": 1}}})
    await world.live()


async def update_on_delete(world: World, policy: str) -> None:
    await world.create(replicas=2, policy=policy, updateStrategy={"type": "OnDelete"})
    await world.live()
    await world.set_image("luksa/kubia-pet-peers")
    await world.live()
    await world.delete_pod("kubia-0")
    await world.live()


async def ended_pods(world: World, policy: str) -> None:
    await world.create(replicas=2, policy=policy)
    await world.live()
    await world.end("kubia-0", "Failed")
    await world.live()
    await world.end("kubia-1", "Succeeded")
    await world.live()


async def rollback(world: World, policy: str) -> None:
    await world.create(replicas=2, policy=policy)
    await world.live()
    await world.set_image("luksa/kubia-pet-peers")
    await world.live()
    await world.set_image("luksa/kubia-pet")
    await world.live()


async def stuck_rollout(world: World, policy: str) -> None:
    """A broken pod is in the way of its own repair when the set is ordered: somebody has to delete it."""
    await world.create(replicas=2, policy=policy)
    await world.live()
    await world.set_image("luksa/broken")
    await world.stop("kubia-1")
    await world.bind("kubia-1")
    await world.settle()
    await world.set_image("luksa/kubia-pet")
    leaving = "deletionTimestamp" in (await world.pods())["kubia-1"]["metadata"]
    assert leaving == (policy == "Parallel")
    await world.delete_pod("kubia-1")
    await world.live()


async def third_revision_in_mid_update(world: World, policy: str) -> None:
    """When the third comes, no pod of the current revision is left to be counted."""
    await world.create(replicas=2, policy=policy)
    await world.live()
    await world.set_image("luksa/kubia-pet-peers")
    await world.stop("kubia-1")
    await world.run("kubia-1")
    await world.stop("kubia-0")
    await world.set_image("luksa/kubia-pet:v3")
    await world.live()


async def other_ordinals(world: World, policy: str) -> None:
    await world.create(replicas=2, policy=policy, ordinals={"start": 5})
    await world.live()
    assert await world.names(PODS) == ["kubia-5", "kubia-6"]
    await world.patch({"ordinals": {"start": 4}})
    await world.live()
    assert await world.names(PODS) == ["kubia-4", "kubia-5"]


async def claim_lost_while_pending(world: World, policy: str) -> None:
    await world.create(replicas=1, policy=policy)
    await remove_claim(world, "data-kubia-0")
    await world.bind("kubia-0")
    await world.settle()
    assert await world.names(PERSISTENT_VOLUME_CLAIMS) == ["data-kubia-0"]
    await world.live()


async def claim_on_its_way_out(world: World, policy: str) -> None:
    await world.create(replicas=1, policy=policy)
    await world.live()
    await world.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data-kubia-0")
    await world.delete_pod("kubia-0")
    await world.stop("kubia-0")
    assert await world.names(PODS) == []
    await remove_claim(world, "data-kubia-0")
    await world.clock.advance(2000)
    await world.live()


async def available_after_a_while(world: World, policy: str) -> None:
    await world.create(replicas=2, policy=policy, minReadySeconds=10)
    await world.live()
    await world.clock.advance(9)
    assert (await world.get())["status"]["availableReplicas"] == 0
    await world.clock.advance(1)
    await world.live()
    await world.clock.advance(10)
    assert (await world.get())["status"]["availableReplicas"] == 2
    await world.set_image("luksa/kubia-pet-peers")
    for _ in range(4):
        await world.live()
        await world.clock.advance(10)


async def history_limit(world: World, policy: str) -> None:
    await world.create(replicas=1, policy=policy, revisionHistoryLimit=1)
    for image in ("a", "b", "c", "d"):
        await world.live()
        await world.set_image(image)
    await world.live()
    assert len(await world.revisions()) == 2


async def adoption_and_release(world: World, policy: str) -> None:
    await world.create(replicas=2, policy=policy)
    await world.live()
    await world.client.delete(world.sets, "default", "kubia", {"propagationPolicy": "Orphan"})
    for pod in (await world.pods()).values():
        await orphan(world, pod)
    await remove_set(world)
    await world.create(replicas=2, policy=policy)
    await world.live()
    await relabel(world, "kubia-1")
    assert (await world.get())["status"]["replicas"] == 1
    await world.delete_pod("kubia-1")
    await world.live()
    await world.clock.advance(2000)
    await world.live()


async def to_nothing(world: World, policy: str) -> None:
    await world.create(replicas=2, policy=policy)
    await world.live()
    await world.patch({"replicas": 0})
    await world.live()
    assert await world.names(PODS) == []


async def remove_claim(world: World, name: str) -> None:
    """Delete a claim, protection and all."""
    await world.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", name)
    claim = copy_object(await world.client.get(PERSISTENT_VOLUME_CLAIMS, "default", name))
    del claim["metadata"]["finalizers"]
    await world.client.update(PERSISTENT_VOLUME_CLAIMS, "default", claim)


async def orphan(world: World, pod: Any) -> None:
    fresh = copy_object(pod)
    del fresh["metadata"]["ownerReferences"]
    await world.client.update(PODS, "default", fresh)


async def relabel(world: World, name: str) -> None:
    await world.client.patch(PODS, "default", name, {"metadata": {"labels": {"app": "else"}}})
    await world.settle()
    assert "ownerReferences" not in (await world.pods())[name]["metadata"]


async def remove_set(world: World) -> None:
    stateful_set = copy_object(await world.get())
    stateful_set["metadata"]["finalizers"] = []
    await world.client.update(world.sets, "default", stateful_set)
    await world.settle()


SCENARIOS: tuple[Scenario, ...] = (
    creation,
    scale_up,
    scale_down_and_up_again,
    first_pod_deleted_while_second_starts,
    unhealthy_pod_blocks_scale_down,
    rolling_update,
    update_above_partition,
    update_on_delete,
    ended_pods,
    rollback,
    stuck_rollout,
    third_revision_in_mid_update,
    other_ordinals,
    claim_lost_while_pending,
    claim_on_its_way_out,
    available_after_a_while,
    history_limit,
    adoption_and_release,
    to_nothing,
)


async def play(new_world: Callable[[], World], scenario: Scenario, policy: str, fail_at: int, mode: FaultMode) -> Any:
    async with new_world() as world:
        world.faulty.fail_at, world.faulty.mode = fail_at, mode
        await scenario(world, policy)
        await world.clock.advance(3600)
        assert world.store.faults == []
        if not fail_at:  # where nothing fails, nothing is tried in vain, but for a name that is still taken
            assert set(world.faulty.refusals) <= {"AlreadyExists"}
        return await world.state(), world.faulty.writes


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_with_every_write_failing_once(new_world, scenario: Scenario, policy: str):
    expected, writes = await play(new_world, scenario, policy, 0, "refused")
    status = expected["status"]
    assert status["replicas"] == status.get("readyReplicas", 0) == len(expected["pods"])
    assert all(is_healthy for is_healthy, _ in expected["pods"].values())
    for mode in ("refused", "lost"):
        for fail_at in range(1, writes + 1):
            state, made = await play(new_world, scenario, policy, fail_at, mode)
            assert made >= fail_at
            assert state == expected, f"write {fail_at} of {writes} {mode}"
