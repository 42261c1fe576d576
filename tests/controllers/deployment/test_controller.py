"""Deployments and ReplicaSets against a real API server, on a stepped clock; the test is the kubelet."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minikube_lite.controllers.deployment import DeploymentController
from minikube_lite.controllers.deployment.limits import max_surge, min_available
from minikube_lite.controllers.replicaset import ReplicaSetController
from minikube_lite.machinery.meta import controller_of, copy_object, find_condition, is_deleting, is_pod_ready
from minikube_lite.machinery.resources import DEPLOYMENTS, NAMESPACES, PODS, REPLICA_SETS, SERVICE_ACCOUNTS
from minikube_lite.store import Object

if TYPE_CHECKING:
    from tests.controllers.conftest import World

LABELS = {"app": "web"}


def manifest(replicas: int = 3, image: str = "a", **spec: Any) -> Object:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": image}]}}
    selector = {"matchLabels": LABELS}
    return {
        "metadata": {"name": "web"},
        "spec": {"replicas": replicas, "selector": selector, "template": template, **spec},
    }


class Roll:
    """A Deployment in a world, and what users and kubelets do with it."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def start(self, **spec: Any) -> None:
        await self.world.start(DeploymentController, ReplicaSetController)
        await self.world.create(DEPLOYMENTS, manifest(**spec))
        await self.world.settle()

    async def deployment(self) -> Object:
        return await self.world.client.get(DEPLOYMENTS, "default", "web")

    async def change(self, **spec: Any) -> None:
        await self.world.change(DEPLOYMENTS, "web", lambda obj: obj["spec"].update(spec))
        await self.world.settle()

    async def set_image(self, image: str) -> None:
        def edit(obj: Object) -> None:
            obj["spec"]["template"]["spec"]["containers"][0]["image"] = image

        await self.world.change(DEPLOYMENTS, "web", edit)
        await self.world.settle()

    async def pods(self) -> list[Object]:
        return [pod for pod in await self.world.items(PODS) if not is_deleting(pod)]

    async def images(self) -> dict[str, int]:
        """How many pods there are of each image."""
        found: dict[str, int] = {}
        for pod in await self.pods():
            image = pod["spec"]["containers"][0]["image"]
            found[image] = found.get(image, 0) + 1
        return found

    async def sizes(self) -> dict[str, int]:
        """The sizes of ReplicaSets by their images."""
        return {
            found["spec"]["template"]["spec"]["containers"][0]["image"]: found["spec"]["replicas"]
            for found in await self.world.items(REPLICA_SETS)
        }

    async def make_ready(self, name: str, *, ready: bool = True) -> None:
        pod = await self.world.client.get(PODS, "default", name)
        if not pod["spec"].get("nodeName"):
            binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": "node-1"}}
            await self.world.client.create(PODS, "default", binding, name=name, subresource="binding")
        await self.world.report_pod(name, "10.244.0.1", ready=ready)
        await self.world.settle()

    async def stop_deleted(self) -> None:
        """The kubelet confirms every deletion."""
        for pod in await self.world.items(PODS):
            if is_deleting(pod):
                await self.world.client.delete(PODS, "default", pod["metadata"]["name"], {"gracePeriodSeconds": 0})
        await self.world.settle()

    async def live(self) -> None:
        """Kubelets work until nothing is left to do."""
        for _ in range(200):
            await self.stop_deleted()
            waiting = [pod["metadata"]["name"] for pod in await self.pods() if not is_pod_ready(pod)]
            if not waiting:
                return
            await self.make_ready(waiting[0])
        raise AssertionError("does not come to rest")

    async def condition(self, name: str = "Progressing") -> tuple[str, str] | None:
        found = find_condition(await self.deployment(), name)
        return (found["status"], found["reason"]) if found else None


@pytest.fixture
def roll(world: World) -> Roll:
    return Roll(world)


async def test_a_deployment_makes_pods(roll: Roll) -> None:
    await roll.start()
    assert await roll.images() == {"a": 3}
    assert await roll.condition() == ("True", "ReplicaSetUpdated")
    [replica_set] = await roll.world.items(REPLICA_SETS)
    name = replica_set["metadata"]["name"]
    assert all(pod["metadata"]["name"].startswith(f"{name}-") for pod in await roll.pods())
    scaled = [text for _, _, text in await roll.world.reported(reason="ScalingReplicaSet")]
    assert scaled == [f"Scaled up replica set {name} from 0 to 3"]
    await roll.live()
    deployment = await roll.deployment()
    assert deployment["metadata"]["annotations"] == {"deployment.kubernetes.io/revision": "1"}
    counts = {key: value for key, value in deployment["status"].items() if key != "conditions"}
    assert counts == {
        **dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 3),
        "observedGeneration": 1,
        "terminatingReplicas": 0,
    }
    assert [(item["type"], item["reason"]) for item in deployment["status"]["conditions"]] == [
        ("Available", "MinimumReplicasAvailable"),
        ("Progressing", "NewReplicaSetAvailable"),
    ]


async def test_an_update_goes_step_by_step(roll: Roll) -> None:
    await roll.start()
    await roll.live()
    await roll.set_image("b")
    assert await roll.images() == {"a": 3, "b": 1}
    await roll.make_ready(next(pod["metadata"]["name"] for pod in await roll.pods() if not is_pod_ready(pod)))
    assert await roll.sizes() == {"a": 2, "b": 2}
    await roll.live()
    assert await roll.images() == {"b": 3}
    assert await roll.sizes() == {"a": 0, "b": 3}
    assert await roll.condition() == ("True", "NewReplicaSetAvailable")


async def test_recreate_waits_until_the_last_old_pod_is_gone(roll: Roll) -> None:
    await roll.start(strategy={"type": "Recreate"})
    await roll.live()
    await roll.set_image("b")
    assert await roll.images() == {}
    assert await roll.sizes() == {"a": 0}
    await roll.stop_deleted()
    assert await roll.images() == {"b": 3}


async def test_going_back_takes_the_old_replica_set(roll: Roll) -> None:
    await roll.start()
    await roll.live()
    for image in ("b", "a"):
        await roll.set_image(image)
        await roll.live()
    sets = {
        found["spec"]["template"]["spec"]["containers"][0]["image"]: found["metadata"]["annotations"]
        for found in await roll.world.items(REPLICA_SETS)
    }
    assert sets["a"]["deployment.kubernetes.io/revision"] == "3"
    assert sets["a"]["deployment.kubernetes.io/revision-history"] == "1"
    assert (await roll.deployment())["metadata"]["annotations"] == {"deployment.kubernetes.io/revision": "3"}


async def test_old_revisions_are_forgotten(roll: Roll) -> None:
    await roll.start(revisionHistoryLimit=1)
    for image in ("b", "c", "d"):
        await roll.live()
        await roll.set_image(image)
    await roll.live()
    assert await roll.sizes() == {"c": 0, "d": 3}


async def test_paused_it_is_scaled_and_not_updated(roll: Roll) -> None:
    await roll.start()
    await roll.live()
    await roll.change(paused=True)
    await roll.set_image("b")
    await roll.change(replicas=5)
    assert await roll.sizes() == {"a": 5}
    assert await roll.condition() == ("Unknown", "DeploymentPaused")
    await roll.world.advance(3600)
    await roll.change(paused=False)
    await roll.live()
    assert await roll.sizes() == {"a": 0, "b": 5}


async def test_a_stuck_update_is_told_when_its_time_is_over(roll: Roll) -> None:
    await roll.start()
    await roll.live()
    await roll.set_image("b")
    await roll.world.advance(599)
    assert await roll.condition() == ("True", "ReplicaSetUpdated")
    await roll.world.advance(10)
    assert await roll.condition() == ("False", "ProgressDeadlineExceeded")
    await roll.live()
    assert await roll.condition() == ("True", "NewReplicaSetAvailable")


async def test_pods_have_to_be_ready_for_long(roll: Roll) -> None:
    await roll.start(replicas=1, minReadySeconds=10)
    await roll.live()
    assert await roll.condition("Available") == ("False", "MinimumReplicasUnavailable")
    await roll.world.advance(11)
    assert await roll.condition("Available") == ("True", "MinimumReplicasAvailable")
    await roll.change(minReadySeconds=20)
    [replica_set] = await roll.world.items(REPLICA_SETS)
    assert replica_set["spec"]["minReadySeconds"] == 20


async def test_a_taken_name_counts_as_collision(roll: Roll, world: World) -> None:
    await roll.start()
    [made] = await world.items(REPLICA_SETS)
    stranger = copy_object(made)
    stranger["metadata"] = {"name": made["metadata"]["name"], "labels": {"app": "other"}}
    stranger["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    stranger["spec"]["template"]["metadata"] = {"labels": {"app": "other"}}
    await world.client.delete(DEPLOYMENTS, "default", "web")
    await world.client.delete(REPLICA_SETS, "default", made["metadata"]["name"])
    await world.settle()
    await world.create(REPLICA_SETS, stranger)
    await world.create(DEPLOYMENTS, manifest())
    await world.settle()
    assert (await roll.deployment())["status"]["collisionCount"] == 1
    names = {found["metadata"]["name"]: controller_of(found) for found in await world.items(REPLICA_SETS)}
    assert names.pop(made["metadata"]["name"]) is None
    assert len(names) == 1


async def test_orphans_are_adopted(roll: Roll, world: World) -> None:
    await roll.start()
    await roll.live()
    await world.client.delete(DEPLOYMENTS, "default", "web")
    for found in await world.items(REPLICA_SETS):
        name = found["metadata"]["name"]
        await world.change(REPLICA_SETS, name, lambda obj: obj["metadata"].update(ownerReferences=[]))
    await world.create(DEPLOYMENTS, manifest())
    await world.settle()
    [replica_set] = await world.items(REPLICA_SETS)
    owner = controller_of(replica_set)
    assert owner is not None
    assert owner["uid"] == (await roll.deployment())["metadata"]["uid"]
    assert await roll.condition() == ("True", "NewReplicaSetAvailable")


async def test_failures_of_pods_are_told(world: World) -> None:
    await world.start(DeploymentController, ReplicaSetController)
    await world.create(NAMESPACES, {"metadata": {"name": "bare"}}, "")
    await world.client.create(DEPLOYMENTS, "bare", manifest())
    await world.settle()
    failed = find_condition(await world.client.get(DEPLOYMENTS, "bare", "web"), "ReplicaFailure")
    assert failed is not None
    assert (failed["status"], failed["reason"]) == ("True", "FailedCreate")
    await world.client.create(SERVICE_ACCOUNTS, "bare", {"metadata": {"name": "default"}})
    await world.advance(60)
    assert find_condition(await world.client.get(DEPLOYMENTS, "bare", "web"), "ReplicaFailure") is None


async def test_a_failed_creation_is_told(roll: Roll, world: World) -> None:
    await world.start(DeploymentController)
    world.failures.nth = 1
    await world.create(DEPLOYMENTS, manifest())
    await world.settle()
    [(kind, _, text)] = await world.reported(reason="ReplicaSetCreateError")
    assert kind == "Warning"
    assert text.startswith('Failed to create new replica set "web-')
    assert await roll.condition() == ("True", "NewReplicaSetCreated")


async def test_nothing_is_written_once_all_is_well(roll: Roll, world: World) -> None:
    await roll.start()
    await roll.live()
    writes = world.failures.count
    [pod, *_] = await roll.pods()
    await world.change(PODS, pod["metadata"]["name"], lambda obj: obj["metadata"].update(annotations={"note": "x"}))
    await world.advance(3600)
    assert world.failures.count == writes


@pytest.mark.parametrize("takes_effect", [False, True])
def test_it_ends_well_whatever_write_fails(run_world: Callable[..., None], takes_effect: bool) -> None:
    def scenario(nth: int) -> Callable[[World], Coroutine[Any, Any, None]]:
        async def play(world: World) -> None:
            roll = Roll(world)
            world.failures.takes_effect = takes_effect
            await roll.start(replicas=2)
            await roll.live()
            world.failures.nth = world.failures.count + nth
            await roll.set_image("b")
            for _ in range(3):
                await roll.live()
                await world.advance(60)
            assert world.failures.count >= world.failures.nth
            assert await roll.sizes() == {"a": 0, "b": 2}
            assert await roll.images() == {"b": 2}
            assert await roll.condition() == ("True", "NewReplicaSetAvailable")
            assert (await roll.deployment())["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"

        return play

    for nth in range(1, 16):
        run_world(scenario(nth))


DEEDS = st.lists(
    st.tuples(st.sampled_from(("image", "ready", "ready", "unready", "stop", "kill", "wait")), st.integers(0, 9)),
    max_size=30,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS, surge=st.integers(0, 3), unavailable=st.integers(1, 3))
def test_limits_hold_after_every_step(
    run_world: Callable[..., None], deeds: list[tuple[str, int]], surge: int, unavailable: int
) -> None:
    """Pods become ready, and unready, at random: what controllers do never takes more of them than may be missing."""

    async def play(world: World) -> None:
        roll = Roll(world)
        limits = {"maxSurge": surge, "maxUnavailable": unavailable}
        await roll.start(replicas=4, strategy={"type": "RollingUpdate", "rollingUpdate": limits})
        await roll.live()
        available = await check(roll, 4)
        for deed, number in deeds:
            lost = await do(roll, deed, number)
            available = await check(roll, available - lost)
        await roll.live()
        await world.advance(700)
        await roll.live()
        assert len(await roll.pods()) == 4
        assert await roll.condition() == ("True", "NewReplicaSetAvailable")

    run_world(play)


async def do(roll: Roll, deed: str, number: int) -> int:
    """Something happens; returns how many available pods it took itself."""
    pods = await roll.pods()
    pod = pods[number % len(pods)]
    name, ready = pod["metadata"]["name"], is_pod_ready(pod)
    match deed:
        case "image":
            await roll.set_image("abc"[number % 3])
        case "ready" if not ready:
            await roll.make_ready(name)
        case "unready" if ready:
            await roll.make_ready(name, ready=False)
            return 1
        case "kill":
            await roll.world.client.delete(PODS, "default", name)
            await roll.world.settle()
            return int(ready)
        case "stop":
            await roll.stop_deleted()
        case "wait":
            await roll.world.advance(number)
    return 0


async def check(roll: Roll, before: int) -> int:
    """The invariants; returns how many pods are available. `before` are those that were, less those that a deed took."""
    deployment, pods = await roll.deployment(), await roll.pods()
    available = sum(map(is_pod_ready, pods))
    assert len(pods) <= deployment["spec"]["replicas"] + max_surge(deployment)
    assert available >= min(before, min_available(deployment))
    return available
