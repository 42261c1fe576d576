"""Tests of the controller as it runs: the order of changes, events in upstream's words, statuses, adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import CONTROLLER_REVISIONS, EVENTS, PERSISTENT_VOLUME_CLAIMS, PODS, SECRETS
from minikube_lite.store import Object

if TYPE_CHECKING:
    from tests.controllers.statefulset.conftest import World

COUNTS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")


async def test_creation_goes_as_recorded(new_world):
    async with new_world() as world:
        await world.create()
        await world.live()
        log = [entry for entry in world.store.log if entry[0] == "ADDED"][3:]
        assert [name for _, _, name in log] == [
            "kubia-59fc7cd76b",
            "data-kubia-0",
            "kubia-0",
            "data-kubia-1",
            "kubia-1",
        ]
        assert await world.messages() == [
            "Create Claim data-kubia-0 Pod kubia-0 in StatefulSet kubia success",
            "Create Pod kubia-0 in StatefulSet kubia successful",
            "Create Claim data-kubia-1 Pod kubia-1 in StatefulSet kubia success",
            "Create Pod kubia-1 in StatefulSet kubia successful",
        ]
        event = (await world.client.list_objects(EVENTS, "default")).items[0]
        assert (event["type"], event["reason"]) == ("Normal", "SuccessfulCreate")
        assert event["source"] == {"component": "statefulset-controller"}
        assert (event["involvedObject"]["kind"], event["involvedObject"]["name"]) == ("StatefulSet", "kubia")


async def test_statuses_go_as_recorded(new_world):
    async with new_world() as world:
        seen = record_statuses(world)
        await world.create()
        await world.live()
        assert seen == [(0, 0, 0, 0, 0), (1, 0, 1, 1, 0), (1, 1, 1, 1, 1), (2, 1, 2, 2, 1), (2, 2, 2, 2, 2)]
        seen.clear()
        await world.delete_pod("kubia-0")
        await world.live()
        assert seen == [(2, 2, 1, 1, 2), (1, 1, 1, 1, 1), (2, 1, 2, 2, 1), (2, 2, 2, 2, 2)]
        seen.clear()
        await world.patch({"replicas": 1})
        await world.live()
        assert seen == [(2, 2, 2, 2, 2), (2, 2, 1, 1, 2), (1, 1, 1, 1, 1)]
        seen.clear()
        await world.set_image("luksa/kubia-pet-peers")
        await world.live()
        assert seen == [(1, 1, 0, 0, 1), (0, 0, 0, 0, 0), (1, 0, 0, 1, 0), (1, 1, 1, 1, 1)]
        status = (await world.get())["status"]
        assert status["currentRevision"] == status["updateRevision"] == "kubia-58fc6586d6"
        assert (status["observedGeneration"], status["collisionCount"]) == (3, 0)


def record_statuses(world: World) -> list[tuple[int, ...]]:
    """The counts of each status that is new."""
    seen: list[tuple[int, ...]] = []

    def changed(old: Object | None, new: Object | None) -> None:
        if old is not None and new is not None and old["status"] != new["status"]:
            seen.append(tuple(new["status"].get(part, 0) for part in COUNTS))

    world.informers.informer(world.sets).add_handler(changed)
    return seen


async def test_undo_renumbers_the_older_revision(new_world):
    async with new_world() as world:
        await world.create(replicas=1)
        for image in ("luksa/kubia-pet-peers", "luksa/kubia-pet:v3", "luksa/kubia-pet-peers"):
            await world.live()
            await world.set_image(image)
        await world.live()
        expected = [(1, "kubia-59fc7cd76b"), (3, "kubia-5c5674ccb5"), (4, "kubia-58fc6586d6")]
        assert await world.revisions() == expected
        kept = (await world.client.list_objects(CONTROLLER_REVISIONS, "default")).items
        assert all(revision["data"]["spec"]["template"]["$patch"] == "replace" for revision in kept)


async def test_a_taken_revision_name_counts_as_collision(new_world):
    async with new_world() as world:
        taken = {"metadata": {"name": "kubia-59fc7cd76b"}, "data": {"spec": {"other": True}}, "revision": 1}
        await world.client.create(CONTROLLER_REVISIONS, "default", taken)
        await world.create(replicas=1)
        await world.live()
        status = (await world.get())["status"]
        assert status["collisionCount"] == 1
        assert status["currentRevision"] not in ("", "kubia-59fc7cd76b")
        assert (await world.pods())["kubia-0"]["metadata"]["labels"]["controller-revision-hash"] == status[
            "currentRevision"
        ]


async def test_a_pod_of_that_name_is_in_the_way(new_world, policy: str):
    async with new_world() as world:
        pod = {"metadata": {"name": "kubia-0"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        await world.client.create(PODS, "default", pod)
        await world.create(replicas=1, policy=policy)
        await world.clock.advance(60)
        assert "ownerReferences" not in (await world.pods())["kubia-0"]["metadata"]
        assert (await world.get())["status"]["replicas"] == 0
        assert not any("failed" in message for message in await world.messages())
        await world.client.delete(PODS, "default", "kubia-0")
        await world.clock.advance(60)
        await world.live()
        assert "ownerReferences" in (await world.pods())["kubia-0"]["metadata"]


async def test_orphans_are_adopted(new_world, policy: str):
    async with new_world() as world:
        labels = {"app": "kubia", "statefulset.kubernetes.io/pod-name": "kubia-0"}
        spec = {"containers": [{"name": "c", "image": "i"}]}
        await world.client.create(PODS, "default", {"metadata": {"name": "kubia-0", "labels": labels}, "spec": spec})
        await world.client.create(
            PODS, "default", {"metadata": {"name": "stray", "labels": {"app": "kubia"}}, "spec": spec}
        )
        await world.create(replicas=1, policy=policy, claims=False, updateStrategy={"type": "OnDelete"})
        await world.run("kubia-0")
        pods = await world.pods()
        assert pods["kubia-0"]["metadata"]["ownerReferences"][0]["name"] == "kubia"
        assert "ownerReferences" not in pods["stray"]["metadata"]


@pytest.mark.parametrize(
    ("fail_at", "reason", "message"),
    [
        (
            2,
            "FailedCreate",
            "Create Claim data-kubia-0 for Pod kubia-0 in StatefulSet kubia failed error: write 2 fails",
        ),
        (
            2,
            "FailedCreate",
            "Create Pod kubia-0 in StatefulSet kubia failed error: failed to create PVC data-kubia-0: write 2 fails",
        ),
        (3, "FailedCreate", "Create Pod kubia-0 in StatefulSet kubia failed error: write 3 fails"),
    ],
)
async def test_failed_creations_are_told(new_world, fail_at: int, reason: str, message: str):
    async with new_world() as world:
        world.faulty.fail_at = fail_at
        await world.create(replicas=1)
        events = (await world.client.list_objects(EVENTS, "default")).items
        assert ("Warning", reason, message) in [(event["type"], event["reason"], event["message"]) for event in events]


async def test_a_failed_deletion_is_told(new_world):
    async with new_world() as world:
        await world.create(replicas=1)
        await world.live()
        world.faulty.fail_at = world.faulty.writes + 1
        await world.patch({"replicas": 0})
        expected = "Delete Pod kubia-0 in StatefulSet kubia failed error: "
        assert any(message.startswith(expected) for message in await world.messages())
        assert "Delete Pod kubia-0 in StatefulSet kubia successful" in await world.messages()


async def test_a_claim_on_its_way_out_is_told(new_world):
    async with new_world() as world:
        await world.create(replicas=1)
        await world.live()
        await world.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data-kubia-0")
        await world.delete_pod("kubia-0")
        await world.stop("kubia-0")
        expected = "Create Pod kubia-0 in StatefulSet kubia failed error: pvc data-kubia-0 is being deleted"
        assert expected in await world.messages()


async def test_an_event_is_counted_when_it_comes_again(new_world):
    async with new_world() as world:
        await world.create(replicas=1)
        await world.live()
        await world.delete_pod("kubia-0")
        await world.live()
        events = (await world.client.list_objects(EVENTS, "default")).items
        assert [event["count"] for event in events if event["message"].startswith("Create Pod")] == [2]


async def test_claims_are_owned_as_the_policy_says(new_world, policy: str):
    async with new_world() as world:
        retention = {"whenScaled": "Delete", "whenDeleted": "Delete"}
        await world.create(policy=policy, persistentVolumeClaimRetentionPolicy=retention)
        await world.live()
        assert await owners(world) == {"data-kubia-0": ["StatefulSet"], "data-kubia-1": ["StatefulSet"]}
        await world.patch({"replicas": 1})
        assert await owners(world) == {"data-kubia-0": ["StatefulSet"], "data-kubia-1": ["Pod"]}
        await world.patch({"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"}})
        await world.live()
        assert (await owners(world))["data-kubia-0"] == []


async def owners(world: World) -> dict[str, list[str]]:
    claims = (await world.client.list_objects(PERSISTENT_VOLUME_CLAIMS, "default")).items
    return {
        claim["metadata"]["name"]: [reference["kind"] for reference in claim["metadata"].get("ownerReferences", ())]
        for claim in claims
    }


async def test_two_sets_of_one_selector_keep_to_their_own_pods(new_world, new_manifest, policy: str):
    async with new_world() as world:
        await world.create(replicas=2, policy=policy)
        other = new_manifest(replicas=1, policy=policy)
        other["metadata"]["name"] = "other"
        await world.client.create(world.sets, "default", other)
        await world.live()
        assert await world.names(PODS) == ["kubia-0", "kubia-1", "other-0"]


async def test_nothing_is_written_once_all_is_well(new_world, policy: str):
    async with new_world() as world:
        await world.create(policy=policy)
        await world.live()
        writes = world.faulty.writes
        fresh = copy_object((await world.pods())["kubia-0"])
        fresh["metadata"]["annotations"] = {"note": "x"}
        await world.client.update(PODS, "default", fresh)
        await world.client.create(SECRETS, "default", {"metadata": {"name": "s"}})
        await world.clock.advance(86400)
        assert world.faulty.writes == writes


async def test_nothing_of_the_next_pod_appears_while_one_is_not_ready(new_world):
    async with new_world() as world:
        await world.create()
        await world.bind("kubia-0")
        await world.unready("kubia-0")
        await world.clock.advance(30)
        assert await world.names(PODS) == ["kubia-0"]
        assert await world.names(PERSISTENT_VOLUME_CLAIMS) == ["data-kubia-0"]
        await world.run("kubia-0")
        assert await world.names(PERSISTENT_VOLUME_CLAIMS) == ["data-kubia-0", "data-kubia-1"]
