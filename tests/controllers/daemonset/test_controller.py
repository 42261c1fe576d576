"""Sets with the scheduler, nodes and the API; the tests are the kubelets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.controllers.daemonset import DaemonSetController
from minikube_lite.controllers.scheduler import Scheduler
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS
from minikube_lite.store import Object

if TYPE_CHECKING:
    from tests.controllers.conftest import World


def manifest(image: str = "v1", **spec: Any) -> Object:
    pod = {"containers": [{"name": "c", "image": image}], **spec.pop("pod", {})}
    template = {"metadata": {"labels": {"app": "d"}}, "spec": pod}
    return {
        "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"app": "d"}}, "template": template, **spec},
    }


class Daemons:
    """A set in a world: its user, and the kubelets of its nodes."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def start(self, nodes: int, **spec: Any) -> None:
        await self.world.start(DaemonSetController, Scheduler)
        for number in range(1, nodes + 1):
            await self.world.add_node(f"node-{number}")
        await self.world.create(DAEMON_SETS, manifest(**spec))
        await self.run()

    async def pods(self) -> dict[str, Object]:
        """By their nodes, the youngest of each."""
        pods = sorted(await self.world.items(PODS), key=lambda pod: pod["metadata"]["creationTimestamp"])
        return {pod["spec"].get("nodeName", ""): pod for pod in pods}

    async def images(self) -> list[str]:
        return sorted(
            f"{pod['spec'].get('nodeName')} {pod['spec']['containers'][0]['image']}"
            for pod in await self.world.items(PODS)
        )

    async def step(self) -> bool:
        """What the kubelets do once: end what is deleted, and run what is not ready. Whether there was anything."""
        await self.world.settle()
        busy = False
        for pod in await self.world.items(PODS):
            name = pod["metadata"]["name"]
            if is_deleting(pod):
                await self.world.client.delete(PODS, "default", name, {"gracePeriodSeconds": 0})
            elif pod["spec"].get("nodeName") and pod["status"]["phase"] == "Pending":
                await self.world.report_pod(name, "10.0.0.1")
            else:
                continue
            busy = True
        await self.world.settle()
        return busy

    async def run(self) -> None:
        for _ in range(100):
            if not await self.step():
                return
        raise AssertionError("the set does not come to rest")

    async def set_image(self, image: str) -> None:
        await self.change(lambda spec: spec["template"]["spec"]["containers"][0].update(image=image))

    async def change(self, change: Callable[[Object], Any]) -> None:
        await self.world.change(DAEMON_SETS, "d", lambda obj: change(obj["spec"]))
        await self.world.settle()

    async def status(self) -> Object:
        found = await self.world.get(DAEMON_SETS, "d")
        assert found is not None
        status: Object = found["status"]
        return status


@pytest.fixture
def daemons(world: World) -> Daemons:
    return Daemons(world)


async def test_each_node_gets_a_pod(daemons: Daemons):
    await daemons.start(3)
    assert sorted(await daemons.pods()) == ["node-1", "node-2", "node-3"]
    counts = {"currentNumberScheduled", "desiredNumberScheduled", "numberReady", "numberAvailable"}
    status = await daemons.status()
    assert {name: status[name] for name in counts} == dict.fromkeys(counts, 3)
    assert (status["numberMisscheduled"], status["updatedNumberScheduled"], status["observedGeneration"]) == (0, 3, 1)
    created = await daemons.world.reported(reason="SuccessfulCreate")
    assert len(created) == 3
    assert created[0][2].startswith("Created pod: d-")


async def test_nodes_that_come_get_one_and_what_they_say_counts(daemons: Daemons):
    await daemons.start(1, pod={"nodeSelector": {"disk": "ssd"}})
    assert await daemons.pods() == {}
    await daemons.world.add_node("node-2", labels={"disk": "ssd"})
    await daemons.run()
    assert list(await daemons.pods()) == ["node-2"]
    await daemons.world.change(NODES, "node-1", lambda obj: obj["metadata"]["labels"].update(disk="ssd"), namespace="")
    await daemons.world.change(NODES, "node-2", lambda obj: obj["metadata"]["labels"].update(disk="no"), namespace="")
    await daemons.run()
    assert list(await daemons.pods()) == ["node-1"]


async def test_a_taint_keeps_new_pods_off_and_drives_old_ones_away(daemons: Daemons):
    await daemons.start(2)
    for effect, left in (("NoSchedule", ["node-1", "node-2"]), ("NoExecute", ["node-2"])):
        patch = {"spec": {"taints": [{"key": "dedicated", "effect": effect}]}}
        await daemons.world.client.patch(NODES, "", "node-1", patch)
        await daemons.run()
        assert sorted(await daemons.pods()) == left
        if effect == "NoSchedule":
            status = await daemons.status()
            assert (status["desiredNumberScheduled"], status["numberMisscheduled"]) == (1, 1)


async def test_a_node_that_is_gone_is_not_counted(daemons: Daemons):
    await daemons.start(2)
    await daemons.world.client.delete(NODES, "", "node-2")
    await daemons.run()
    assert (await daemons.status())["desiredNumberScheduled"] == 1


async def test_a_rolling_update_takes_one_node_at_a_time(daemons: Daemons):
    await daemons.start(3)
    await daemons.set_image("v2")
    for _ in range(40):
        unready = sum(
            is_deleting(pod) or pod["status"]["phase"] != "Running" for pod in await daemons.world.items(PODS)
        )
        assert unready <= 1
        if not await daemons.step():
            break
    assert await daemons.images() == ["node-1 v2", "node-2 v2", "node-3 v2"]
    assert (await daemons.status())["updatedNumberScheduled"] == 3


async def test_surge_makes_the_new_pod_first(daemons: Daemons):
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    await daemons.start(2, updateStrategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    await daemons.set_image("v2")
    assert sorted(await daemons.images())[-2:] == ["node-1 v2", "node-2 v1"]
    for _ in range(40):
        ready = [pod for pod in await daemons.world.items(PODS) if pod["status"]["phase"] == "Running"]
        assert {pod["spec"]["nodeName"] for pod in ready if not is_deleting(pod)} == {"node-1", "node-2"}
        if not await daemons.step():
            break
    assert await daemons.images() == ["node-1 v2", "node-2 v2"]


async def test_on_delete_waits_for_somebody_to_delete(daemons: Daemons):
    await daemons.start(2, updateStrategy={"type": "OnDelete"})
    await daemons.set_image("v2")
    await daemons.run()
    assert await daemons.images() == ["node-1 v1", "node-2 v1"]
    await daemons.world.client.delete(PODS, "default", (await daemons.pods())["node-2"]["metadata"]["name"])
    await daemons.run()
    assert await daemons.images() == ["node-1 v1", "node-2 v2"]


async def test_min_ready_seconds_hold_an_update_up(daemons: Daemons):
    await daemons.start(2, minReadySeconds=30)
    assert (await daemons.status()).get("numberAvailable", 0) == 0
    await daemons.world.advance(30)
    assert (await daemons.status())["numberAvailable"] == 2
    await daemons.set_image("v2")
    await daemons.run()
    assert await daemons.images() == ["node-1 v2", "node-2 v1"]
    await daemons.world.advance(30)
    await daemons.run()
    assert await daemons.images() == ["node-1 v2", "node-2 v2"]


async def test_failed_pods_are_replaced_less_and_less_often(daemons: Daemons):
    await daemons.start(1)
    waits = []
    for _ in range(4):
        name = (await daemons.pods())["node-1"]["metadata"]["name"]
        await daemons.world.report_pod(name, "10.0.0.1", ready=False, phase="Failed")
        before = daemons.world.clock.now()
        await daemons.run()
        while (await daemons.pods())["node-1"]["metadata"]["name"] == name:
            await daemons.world.advance(1)
            await daemons.run()
        waits.append(daemons.world.clock.now() - before)
    assert waits == [0, 1, 2, 4]
    messages = {message for _, _, message in await daemons.world.reported(reason="FailedDaemonPod")}
    assert f"Found failed daemon pod default/{name} on node node-1, will try to kill it" in messages


async def test_going_back_renumbers_a_revision_and_old_ones_are_forgotten(daemons: Daemons):
    await daemons.start(1, revisionHistoryLimit=1)
    for image in ("v2", "v1", "v3", "v4"):
        await daemons.set_image(image)
        await daemons.run()
    revisions = await daemons.world.items(CONTROLLER_REVISIONS)
    found = {one["revision"]: one["data"]["spec"]["template"]["spec"]["containers"][0]["image"] for one in revisions}
    assert found == {4: "v3", 5: "v4"}
    pod = (await daemons.pods())["node-1"]
    hashes = {one["revision"]: one["metadata"]["labels"]["controller-revision-hash"] for one in revisions}
    assert pod["metadata"]["labels"]["controller-revision-hash"] == hashes[5]


async def test_adopted_revisions_that_say_the_same_become_one(daemons: Daemons):
    await daemons.start(1)
    (known,) = await daemons.world.items(CONTROLLER_REVISIONS)
    labels = {**known["metadata"]["labels"], "controller-revision-hash": "other"}
    double = {"metadata": {"name": "d-other", "labels": labels}, "data": known["data"], "revision": 0}
    await daemons.world.create(CONTROLLER_REVISIONS, double)
    await daemons.run()
    assert [one["metadata"]["name"] for one in await daemons.world.items(CONTROLLER_REVISIONS)] == [
        known["metadata"]["name"]
    ]


async def test_pods_too_many_on_a_node_go_but_for_the_oldest(daemons: Daemons):
    await daemons.start(1)
    kept = (await daemons.pods())["node-1"]
    extra = {
        "metadata": {"generateName": "d-", "labels": kept["metadata"]["labels"]},
        "spec": {"containers": [{"name": "c", "image": "v1"}], "nodeName": "node-1"},
    }
    await daemons.world.advance(1)
    await daemons.world.create(PODS, extra)
    await daemons.run()
    assert [pod["metadata"]["uid"] for pod in await daemons.world.items(PODS)] == [kept["metadata"]["uid"]]


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("nth", range(1, 14))
async def test_a_failed_write_changes_nothing_in_the_end(daemons: Daemons, nth: int, takes_effect: bool):
    await daemons.start(2)
    plan = daemons.world.failures
    plan.nth, plan.takes_effect = plan.count + nth, takes_effect
    await daemons.set_image("v2")
    for _ in range(3):
        await daemons.run()
        await daemons.world.advance(2)
    assert await daemons.images() == ["node-1 v2", "node-2 v2"]
    status = await daemons.status()
    assert (status["numberAvailable"], status["updatedNumberScheduled"], status["observedGeneration"]) == (2, 2, 2)
    assert sorted(one["revision"] for one in await daemons.world.items(CONTROLLER_REVISIONS)) == [1, 2]


async def test_a_deleted_set_makes_no_pods(daemons: Daemons):
    await daemons.start(1)
    await daemons.world.client.delete(DAEMON_SETS, "default", "d", {"propagationPolicy": "Foreground"})
    await daemons.world.client.delete(PODS, "default", (await daemons.pods())["node-1"]["metadata"]["name"])
    await daemons.run()
    assert await daemons.world.items(PODS) == []


async def test_nothing_is_written_when_nothing_changes(daemons: Daemons):
    await daemons.start(2)
    before = daemons.world.failures.count
    await daemons.world.change(NODES, "node-1", lambda obj: obj["metadata"]["labels"].update(any="x"), namespace="")
    await daemons.world.change(DAEMON_SETS, "d", lambda obj: obj["metadata"].setdefault("labels", {}).update(a="b"))
    await daemons.world.settle()
    assert daemons.world.failures.count == before
