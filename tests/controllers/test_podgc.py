"""Pods of nodes that are gone."""

from __future__ import annotations

from typing import Any

from minikube_lite.controllers.podgc import QUARANTINE_SECONDS, PodGCController
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
