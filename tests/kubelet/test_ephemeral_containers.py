"""Containers that are added to a pod that runs."""

from __future__ import annotations

from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import EVENTS, PODS


async def debug(nodes, pod, **container):
    found = copy_object(await nodes.pod(pod))
    found["spec"].setdefault("ephemeralContainers", []).append({"name": "debugger", "image": "tool", **container})
    await nodes.client.update(PODS, "default", found, subresource="ephemeralcontainers")
    await nodes.clock.settle()


async def test_a_debugger_runs_once_beside_the_others(start_nodes):
    runs = []

    async def tool(context):
        runs.append((context.container, list(context.args), context.network.ip))
        await context.clock.sleep(5)
        return 3

    async with start_nodes() as nodes:
        nodes.programs["tool"] = tool
        await nodes.run("web")
        await debug(nodes, "web", args=["look"])
        pod = await nodes.pod("web")
        [status] = pod["status"]["ephemeralContainerStatuses"]
        assert runs == [("debugger", ["look"], pod["status"]["podIP"])]
        assert status["state"].keys() == {"running"}
        assert status["ready"] is False
        assert "started" not in status
        await nodes.clock.advance(600)
        pod = await nodes.pod("web")
        [status] = pod["status"]["ephemeralContainerStatuses"]
        assert len(runs) == 1
        assert status["state"]["terminated"]["exitCode"] == 3
        assert status["restartCount"] == 0
        assert pod["status"]["phase"] == "Running"
        assert pod["status"]["containerStatuses"][0]["ready"]


async def test_a_debugger_does_not_wait_for_init_containers(start_nodes):
    started = []

    async def tool(context):
        started.append(context.container)

    async with start_nodes() as nodes:
        nodes.programs["tool"] = tool
        await nodes.run("web", initContainers=[{"name": "slow", "image": "quiet"}])
        await debug(nodes, "web")
        assert started == ["debugger"]
        assert (await nodes.pod("web"))["status"]["phase"] == "Pending"


async def test_a_debugger_goes_with_its_pod(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("web")
        await debug(nodes, "web", image="quiet")
        assert len(nodes.kubelets.instances()) == 2
        await nodes.client.delete(PODS, "default", "web", {})
        await nodes.clock.advance(60)
        assert nodes.kubelets.instances() == []
        assert await nodes.find(PODS, "web") is None


async def test_events_name_the_field_of_the_debugger(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("web")
        await debug(nodes, "web", image="quiet")
        events = (await nodes.client.list_objects(EVENTS)).items
        assert "spec.ephemeralContainers{debugger}" in {one["involvedObject"].get("fieldPath") for one in events}
