"""Kubelets are told how long they may keep what they read."""

from __future__ import annotations

from minikube_lite.controllers.ttl import TTL_ANNOTATION, TTLController
from minikube_lite.machinery.resources import NODES


async def test_nodes_are_annotated_by_the_size_of_the_cluster(world):
    await world.start(TTLController)
    await world.add_node("node-1")
    await world.settle()
    assert (await world.get(NODES, "node-1", ""))["metadata"]["annotations"][TTL_ANNOTATION] == "0"
    for number in range(2, 102):
        await world.create(NODES, {"metadata": {"name": f"node-{number}"}}, "")
    await world.settle()
    assert (await world.get(NODES, "node-101", ""))["metadata"]["annotations"][TTL_ANNOTATION] == "15"
