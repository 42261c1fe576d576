"""ReplicaSets and ReplicationControllers against a real API server, on a stepped clock; the test is the kubelet."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.controllers.replicaset import ReplicaSetController, ReplicationManager
from minikube_lite.machinery.meta import controller_of, is_deleting
from minikube_lite.machinery.resources import NAMESPACES, PODS, REPLICA_SETS, REPLICATION_CONTROLLERS, SERVICE_ACCOUNTS
from minikube_lite.store import Object

if TYPE_CHECKING:
    from tests.controllers.conftest import World

LABELS = {"app": "web"}
KINDS = ("ReplicaSet", "ReplicationController")


def manifest(kind: str = "ReplicaSet", *, name: str = "web", replicas: int = 3, **spec: Any) -> Object:
    selector: Object = {"matchLabels": LABELS} if kind == "ReplicaSet" else dict(LABELS)
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    return {
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": selector, "template": template, **spec},
    }


def resource_of(kind: str) -> Any:
    return REPLICA_SETS if kind == "ReplicaSet" else REPLICATION_CONTROLLERS


async def started(world: World, kind: str = "ReplicaSet", **spec: Any) -> World:
    await world.start(ReplicaSetController, ReplicationManager)
    await world.create(resource_of(kind), manifest(kind, **spec))
    await world.settle()
    return world


async def run_all(world: World) -> None:
    """Every pod that waits is bound, and runs."""
    for number, pod in enumerate(await world.items(PODS)):
        if pod["status"]["phase"] == "Pending" and not is_deleting(pod):
            name = pod["metadata"]["name"]
            binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": "node-1"}}
            await world.client.create(PODS, "default", binding, name=name, subresource="binding")
            await world.report_pod(name, f"10.244.0.{number + 1}")
    await world.settle()


async def status_of(world: World, kind: str = "ReplicaSet") -> Object:
    found = await world.get(resource_of(kind), "web")
    assert found is not None
    return found["status"]


@pytest.mark.parametrize("kind", KINDS)
async def test_pods_are_made_and_counted(world: World, kind: str) -> None:
    await started(world, kind)
    terminating = {"terminatingReplicas": 0} if kind == "ReplicaSet" else {}
    pending = {"replicas": 3, "fullyLabeledReplicas": 3, "observedGeneration": 1, **terminating}
    assert await status_of(world, kind) == pending
    owners = [controller_of(pod) for pod in await world.items(PODS)]
    assert [(owner["kind"], owner["name"]) for owner in owners if owner] == [(kind, "web")] * 3
    assert all(pod["metadata"]["generateName"] == "web-" for pod in await world.items(PODS))
    await run_all(world)
    assert await status_of(world, kind) == {**pending, "readyReplicas": 3, "availableReplicas": 3}
    created = await world.reported(reason="SuccessfulCreate")
    assert sorted(text for _, _, text in created) == sorted(
        f"Created pod: {pod['metadata']['name']}" for pod in await world.items(PODS)
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_scaling_down_takes_those_that_are_not_ready(world: World, kind: str) -> None:
    await started(world, kind)
    first, *rest = [pod["metadata"]["name"] for pod in await world.items(PODS)]
    await world.report_pod(first, "10.244.0.1")
    await world.change(resource_of(kind), "web", lambda obj: obj["spec"].update(replicas=1))
    await world.settle()
    assert [pod["metadata"]["name"] for pod in await world.items(PODS)] == [first]
    deleted = [text for _, _, text in await world.reported(reason="SuccessfulDelete")]
    assert sorted(deleted) == sorted(f"Deleted pod: {name}" for name in rest)


async def test_a_pod_that_is_being_deleted_is_replaced_at_once(world: World) -> None:
    await started(world, replicas=1)
    await run_all(world)
    [old] = await world.items(PODS)
    await world.client.delete(PODS, "default", old["metadata"]["name"])
    await world.settle()
    assert len(await world.items(PODS)) == 2
    status = await status_of(world)
    assert (status["replicas"], status["terminatingReplicas"]) == (1, 1)
    await world.client.delete(PODS, "default", old["metadata"]["name"], {"gracePeriodSeconds": 0})
    await world.settle()
    assert (await status_of(world))["terminatingReplicas"] == 0


async def test_a_pod_that_ended_is_replaced_and_stays(world: World) -> None:
    await started(world, replicas=1)
    await run_all(world)
    [old] = await world.items(PODS)
    await world.report_pod(old["metadata"]["name"], "10.244.0.1", ready=False, phase="Failed")
    await world.settle()
    assert len(await world.items(PODS)) == 2
    assert (await status_of(world))["replicas"] == 1


async def test_pods_become_available_when_they_have_been_ready_for_long(world: World) -> None:
    await started(world, replicas=2, minReadySeconds=10)
    await run_all(world)
    assert "availableReplicas" not in await status_of(world)
    await world.advance(9)
    assert "availableReplicas" not in await status_of(world)
    await world.advance(2)
    assert (await status_of(world))["availableReplicas"] == 2


async def test_orphans_are_adopted_and_what_matches_no_more_is_released(
    world: World, new_pod: Callable[..., Object]
) -> None:
    await world.start(ReplicaSetController)
    await world.create(PODS, new_pod("stray", labels=LABELS))
    await world.create(PODS, new_pod("other", labels={"app": "other"}))
    await world.create(REPLICA_SETS, manifest(replicas=1))
    await world.settle()
    assert {pod["metadata"]["name"]: controller_of(pod) is not None for pod in await world.items(PODS)} == {
        "stray": True,
        "other": False,
    }
    await world.change(PODS, "stray", lambda pod: pod["metadata"]["labels"].update(app="debug"))
    await world.settle()
    owned = {pod["metadata"]["name"]: controller_of(pod) is not None for pod in await world.items(PODS)}
    assert (owned.pop("stray"), owned.pop("other")) == (False, False)
    assert list(owned.values()) == [True]


async def test_with_a_deployment_pods_go_where_several_share_a_node(world: World) -> None:
    """Two ReplicaSets of one owner: of the pods of one, the pod beside those of the other goes."""
    await world.start(ReplicaSetController)
    owner = {"apiVersion": "example.com/v1", "kind": "Owner", "name": "o", "uid": "owner", "controller": True}
    for name in ("one", "two"):
        labels = {"app": name}
        made = manifest(name=name, replicas=2)
        made["metadata"]["ownerReferences"] = [owner]
        made["spec"].update(selector={"matchLabels": labels})
        made["spec"]["template"]["metadata"] = {"labels": labels}
        await world.create(REPLICA_SETS, made)
    await world.settle()
    nodes = {"one": ["a", "b"], "two": ["b", "b"]}
    for pod in await world.items(PODS):
        name, app = pod["metadata"]["name"], pod["metadata"]["labels"]["app"]
        binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": nodes[app].pop()}}
        await world.client.create(PODS, "default", binding, name=name, subresource="binding")
        await world.report_pod(name, "10.244.0.1")
    await world.change(REPLICA_SETS, "one", lambda obj: obj["spec"].update(replicas=1))
    await world.settle()
    left = [
        pod for pod in await world.items(PODS) if pod["metadata"]["labels"]["app"] == "one" and not is_deleting(pod)
    ]
    assert [pod["spec"]["nodeName"] for pod in left] == ["a"]


async def test_what_fails_is_told_and_tried_again(world: World) -> None:
    await world.start(ReplicaSetController)
    await world.create(NAMESPACES, {"metadata": {"name": "bare"}}, "")
    await world.client.create(REPLICA_SETS, "bare", manifest(replicas=2))
    await world.settle()
    found = await world.get(REPLICA_SETS, "web", "bare")
    assert found is not None
    [condition] = found["status"]["conditions"]
    text = 'error looking up service account bare/default: serviceaccount "default" not found'
    assert (condition["type"], condition["reason"]) == ("ReplicaFailure", "FailedCreate")
    assert condition["message"].endswith(text)
    assert ("Warning", "FailedCreate", f"Error creating: {condition['message']}") in await world.reported()
    account = {"metadata": {"name": "default"}}
    await world.client.create(SERVICE_ACCOUNTS, "bare", account)
    await world.advance(60)
    found = await world.get(REPLICA_SETS, "web", "bare")
    assert found is not None
    assert (found["status"]["replicas"], found["status"].get("conditions")) == (2, None)


@pytest.mark.parametrize("takes_effect", [False, True])
def test_there_are_never_too_many_whatever_write_fails(run_world: Callable[..., None], takes_effect: bool) -> None:
    """3 replicas, then 1: six writes of pods and some of the status; each fails once."""

    def scenario(nth: int) -> Callable[[World], Coroutine[Any, Any, None]]:
        async def play(world: World) -> None:
            world.failures.nth, world.failures.takes_effect = nth, takes_effect
            await started(world)
            await world.advance(60)
            assert len(await world.items(PODS)) == 3
            await run_all(world)
            await world.change(REPLICA_SETS, "web", lambda obj: obj["spec"].update(replicas=1))
            await world.advance(60)
            assert [is_deleting(pod) for pod in await world.items(PODS)].count(False) == 1
            status = await status_of(world)
            assert (status["replicas"], status["readyReplicas"], status.get("conditions")) == (1, 1, None)

        return play

    for nth in range(1, 9):
        run_world(scenario(nth))


async def test_nothing_is_written_once_all_is_well(world: World) -> None:
    await started(world)
    await run_all(world)
    writes = world.failures.count
    [pod, *_] = await world.items(PODS)
    await world.change(PODS, pod["metadata"]["name"], lambda obj: obj["metadata"].update(annotations={"note": "x"}))
    await world.advance(3600)
    assert world.failures.count == writes
