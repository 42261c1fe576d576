"""Pods of nodes that are gone."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.podgc import CHECK_PERIOD_SECONDS, QUARANTINE_SECONDS, PodGCController
from minikube_lite.machinery.resources import NODES, PODS


async def test_pods_follow_their_node(world: Any) -> None:
    await world.start(PodGCController)
    for number in (1, 2):
        await world.add_node(f"node-{number}")
        await world.run_pod(f"pod-{number}", f"10.244.{number}.2", node=f"node-{number}")
    await world.client.delete(NODES, "", "node-1")
    await world.advance(QUARANTINE_SECONDS - 1)
    assert len(await world.items(PODS)) == 2
    before = world.store.revision
    await world.advance(2)
    assert [pod["metadata"]["name"] for pod in await world.items(PODS)] == ["pod-2"]
    cursor = world.store.watch(PODS.key, after=before)
    failed = cursor.drain()[0].record.object["status"]
    assert failed["phase"] == "Failed"
    assert failed["conditions"][-1]["reason"] == "DeletionByPodGC"
    cursor.close()


async def test_a_node_that_comes_back_keeps_its_pods(world: Any) -> None:
    await world.start(PodGCController)
    await world.add_node("node-1")
    await world.run_pod("pod", "10.244.1.2")
    await world.client.delete(NODES, "", "node-1")
    await world.add_node("node-1")
    await world.advance(2 * QUARANTINE_SECONDS)
    assert len(await world.items(PODS)) == 1


async def test_pods_that_name_a_missing_node(world: Any, new_pod: Any) -> None:
    await world.start(PodGCController)
    await world.create(PODS, new_pod("lost", nodeName="nowhere"))
    await world.create(PODS, new_pod("waiting"))
    await world.advance(QUARANTINE_SECONDS + 1)
    assert [pod["metadata"]["name"] for pod in await world.items(PODS)] == ["waiting"]


async def lose(world: Any, name: str, *, out_of_service: bool) -> None:
    """A node of which nothing is heard, and which somebody may have called off."""
    taints = [{"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}]
    await world.client.patch(NODES, "", name, {"spec": {"taints": taints if out_of_service else None}})
    unknown = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    await world.client.patch(NODES, "", name, {"status": unknown}, subresource="status")


@pytest.mark.parametrize("taint_first", [True, False])
async def test_deleted_pods_of_a_node_that_is_out_of_service_go_unconfirmed(world: Any, taint_first: bool) -> None:
    await world.start(PodGCController)
    await world.add_node("node-1")
    for name in ("stays", "goes"):
        await world.run_pod(name, "10.244.1.2", node="node-1")
    await lose(world, "node-1", out_of_service=taint_first)
    await world.client.delete(PODS, "default", "goes")
    await world.advance(2 * CHECK_PERIOD_SECONDS)
    if not taint_first:
        assert len(await world.items(PODS)) == 2
        await lose(world, "node-1", out_of_service=True)
        await world.advance(CHECK_PERIOD_SECONDS)
    assert [pod["metadata"]["name"] for pod in await world.items(PODS)] == ["stays"]


async def test_a_node_that_works_keeps_its_pods_whatever_its_taints_say(world: Any) -> None:
    await world.start(PodGCController)
    await world.add_node("node-1")
    await world.run_pod("pod", "10.244.1.2", node="node-1")
    await lose(world, "node-1", out_of_service=True)
    await world.client.patch(
        NODES, "", "node-1", {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, subresource="status"
    )
    await world.client.delete(PODS, "default", "pod")
    await world.advance(2 * CHECK_PERIOD_SECONDS)
    assert len(await world.items(PODS)) == 1


async def test_a_deleted_pod_without_a_node_is_marked_failed(world: Any, new_pod: Any) -> None:
    await world.start(PodGCController)
    pod = new_pod("held")
    pod["metadata"]["finalizers"] = ["example.com/hold"]
    await world.create(PODS, pod)
    await world.client.delete(PODS, "default", "held")
    await world.advance(CHECK_PERIOD_SECONDS)
    assert (await world.client.get(PODS, "default", "held"))["status"]["phase"] == "Failed"


async def test_the_oldest_of_too_many_ended_pods_go(make_world: Any) -> None:
    world = make_world(terminated_pod_gc_threshold=2)
    await world.start(PodGCController)
    for name in "dacb":
        await world.run_pod(name, "10.244.1.2")
        await world.client.patch(PODS, "default", name, {"status": {"phase": "Succeeded"}}, subresource="status")
        await world.advance(1)
    await world.advance(CHECK_PERIOD_SECONDS)
    assert [pod["metadata"]["name"] for pod in await world.items(PODS)] == ["b", "c"]
