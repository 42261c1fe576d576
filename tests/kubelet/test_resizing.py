"""Nodes that have no room, and pods that are resized while they run."""

from __future__ import annotations

import json

import pytest

from minikube_lite.kubelet.admission import refuse
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import NODES, PODS

ROOM = {"cpu": "2", "memory": "1Gi", "pods": "3", "example.com/dongle": "1"}


@pytest.mark.parametrize(
    ("wanted", "others", "refusal"),
    [
        ({}, [], None),
        ({"cpu": 2000, "memory": 1 << 30}, [], None),
        ({"cpu": 1500}, [{"cpu": 501}], ("OutOfcpu", "cpu, requested: 1500, used: 501, capacity: 2000")),
        ({"memory": 2 << 30}, [], ("OutOfmemory", "memory, requested: 2147483648, used: 0, capacity: 1073741824")),
        ({}, [{}, {}, {}], ("OutOfpods", "pods, requested: 1, used: 3, capacity: 3")),
        (
            {"example.com/dongle": 1},
            [{"example.com/dongle": 1}],
            ("OutOfexample.com/dongle", "example.com/dongle, requested: 1, used: 1, capacity: 1"),
        ),
        ({"example.com/unknown": 5}, [], None),
    ],
)
def test_what_fits(wanted, others, refusal):
    found = refuse(wanted, others, ROOM)
    assert found == (refusal and (refusal[0], f"Node didn't have enough resource: {refusal[1]}"))


async def resize(nodes, pod, **resources):
    found = copy_object(await nodes.pod(pod))
    found["spec"]["containers"][0]["resources"] = resources
    await nodes.client.update(PODS, "default", found, subresource="resize")
    await nodes.clock.settle()


def asking(cpu, **more):
    return [{"name": "main", "image": "quiet", "resources": {"requests": {"cpu": cpu}}, **more}]


async def status_of(nodes, pod):
    found = await nodes.pod(pod)
    conditions = {one["type"]: one for one in found["status"]["conditions"]}
    return found["status"]["containerStatuses"][0], conditions


async def test_a_pod_that_does_not_fit_fails(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("large", containers=asking("6"))
        await nodes.run("late", containers=asking("3"))
        status = (await nodes.pod("late"))["status"]
        message = "Node didn't have enough resource: cpu, requested: 3000, used: 6000, capacity: 8000"
        assert (status["phase"], status["reason"]) == ("Failed", "OutOfcpu")
        assert status["message"] == f"Pod was rejected: {message}"
        assert ("OutOfcpu", message) in await nodes.told("late")
        await nodes.run("small", containers=asking("2"))
        assert (await nodes.pod("small"))["status"]["phase"] == "Running"


async def test_a_pod_is_resized_while_it_runs(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("web", containers=asking("1"))
        before, _ = await status_of(nodes, "web")
        assert before["allocatedResources"] == {"cpu": "1"}
        await resize(nodes, "web", requests={"cpu": "2"})
        after, conditions = await status_of(nodes, "web")
        assert after["resources"] == {"requests": {"cpu": "2"}}
        assert after["allocatedResources"] == {"cpu": "2"}
        assert (after["restartCount"], after["containerID"]) == (0, before["containerID"])
        assert not conditions.keys() & {"PodResizePending", "PodResizeInProgress"}
        told = dict(await nodes.told("web"))
        assert json.loads(told["ResizeStarted"].partition(": ")[2]) == {
            "containers": [{"name": "main", "resources": {"requests": {"cpu": "2"}}}],
            "generation": 2,
        }
        assert told["ResizeCompleted"].startswith("Pod resize completed: {")


async def test_a_policy_asks_for_a_restart(start_nodes):
    async with start_nodes() as nodes:
        policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
        await nodes.run("web", containers=asking("1", resizePolicy=policy))
        await resize(nodes, "web", requests={"cpu": "2"})
        await nodes.clock.advance(60)
        after, conditions = await status_of(nodes, "web")
        assert after["restartCount"] == 1
        assert after["resources"] == {"requests": {"cpu": "2"}}
        assert "PodResizeInProgress" not in conditions
        assert ("Killing", "Container main resize requires restart") in await nodes.told("web")


async def test_a_resize_waits_for_room(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("other", containers=asking("6"))
        await nodes.run("web", containers=asking("1"))
        await resize(nodes, "web", requests={"cpu": "4"})
        status, conditions = await status_of(nodes, "web")
        pending = conditions["PodResizePending"]
        assert (pending["status"], pending["reason"]) == ("True", "Deferred")
        assert (
            pending["message"] == "Node didn't have enough resource: cpu, requested: 4000, used: 6000, capacity: 8000"
        )
        assert status["resources"] == {"requests": {"cpu": "1"}}
        assert "ResizeDeferred" in dict(await nodes.told("web"))
        await nodes.client.delete(PODS, "default", "other", {})
        await nodes.clock.advance(60)
        status, conditions = await status_of(nodes, "web")
        assert "PodResizePending" not in conditions
        assert status["resources"] == {"requests": {"cpu": "4"}}


async def test_a_node_keeps_what_others_say_it_has(start_nodes):
    async with start_nodes() as nodes:
        node = copy_object(await nodes.client.get(NODES, "", "node-1"))
        node["status"]["capacity"]["example.com/dongle"] = "4"
        await nodes.client.update(NODES, "", node, subresource="status")
        await nodes.clock.advance(600)
        status = (await nodes.client.get(NODES, "", "node-1"))["status"]
        assert status["capacity"]["example.com/dongle"] == "4"
        assert status["allocatable"]["example.com/dongle"] == "4"
