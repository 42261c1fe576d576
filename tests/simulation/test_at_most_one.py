"""Whatever breaks and whoever writes: of each name of a StatefulSet at most one pod runs, unless somebody says that the other is gone.

Hypothesis makes up the stories. Only force deletes, deleted nodes, the out-of-service taint, and who writes that a pod has failed in the
place of its kubelet, can make two run; and then it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from minikube_lite.cluster import Cluster
from minikube_lite.lab.breaking import Breakage
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.instances import Instance
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import EVENTS, INSTANCES, NODES, PODS, STATEFUL_SETS

NODE_COUNT = 3
REPLICAS_MAX = 3
OUT_OF_SERVICE = {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}

Step = tuple[str, int]
"""What is done, and to which node or pod, or for how long."""
nodes, pods = st.integers(1, NODE_COUNT), st.integers(0, REPLICAS_MAX - 1)
SAFE = st.one_of(
    st.tuples(st.sampled_from(["cut", "heal", "cordon", "uncordon"]), nodes),
    st.tuples(st.sampled_from(["reboot", "pressure", "slow"]), nodes),
    st.tuples(st.sampled_from(["delete", "evict", "crash", "hang", "detach"]), pods),
    st.tuples(st.sampled_from(["pause", "repair"]), st.just(0)),
    st.tuples(st.just("scale"), st.integers(0, REPLICAS_MAX)),
    st.tuples(st.sampled_from(["update", "recreate"]), st.just(0)),
    st.tuples(st.just("advance"), st.sampled_from([1, 7, 45, 70, 400])),
)
RECKLESS = st.one_of(
    SAFE,
    st.tuples(st.sampled_from(["force", "fail"]), pods),
    st.tuples(st.sampled_from(["delete node", "out of service"]), nodes),
)


FAULTS: dict[str, dict[str, Any]] = {
    "reboot": {"node": {"type": "Reboot", "delaySeconds": 20}},
    "pressure": {"node": {"type": "MemoryPressure"}},
    "slow": {"node": {"type": "Slow", "delaySeconds": 25}},
    "crash": {"container": {"type": "Crash"}, "times": 2},
    "hang": {"container": {"type": "Hang"}},
    "detach": {"volume": {"type": "MountFailure"}},
    "pause": {"controller": {"name": "statefulset"}, "durationSeconds": 30},
}


def broken(what: str, number: int) -> dict[str, Any]:
    """The spec of that fault, of the node or the pod of that number."""
    spec = dict(FAULTS[what])
    for target, field, value in (
        ("node", "name", f"node-{number}"),
        ("container", "pods", [f"web-{number}"]),
        ("volume", "pods", [f"web-{number}"]),
    ):
        if target in spec:
            spec[target] = {**spec[target], field: value}
    return spec


class World:
    """A stepped cluster with one StatefulSet; notes when two of one name run."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.cut: set[int] = set()
        self.image = 0
        self.broken: list[Breakage] = []
        self.twins: set[tuple[str, str]] = set()
        """The uids of each two that ever ran at once."""
        cluster.kubelets.running.follow(self._changed)

    def _changed(self, instance: Instance) -> None:
        if instance.owner != "StatefulSet/web":
            return
        uids = {one.uid for one in self.cluster.kubelets.instances() if one.pod == instance.pod}
        if len(uids) > 1:
            first, second, *_ = sorted(uids)
            self.twins.add((first, second))

    async def create(self) -> None:
        labels = {"app": "web"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "quiet"}]}}
        spec = {"replicas": 2, "serviceName": "web", "selector": {"matchLabels": labels}, "template": template}
        await self.cluster.client.create(STATEFUL_SETS, "default", {"metadata": {"name": "web"}, "spec": spec})
        await self.cluster.settle()

    async def _break(self, what: str, number: int) -> None:
        breakage = self.cluster.fault(may_miss=True, **broken(what, number))
        await breakage.begin()
        self.broken.append(breakage)

    async def _repair(self) -> None:
        while self.broken:
            await self.broken.pop().heal()

    async def do(self, step: Step) -> None:
        try:
            if step[0] in FAULTS:
                await self._break(*step)
            elif step[0] == "repair":
                await self._repair()
            else:
                await self._do(*step)
        except ApiError as error:
            assert error.code in (404, 409, 429), error
        await self.cluster.settle()

    async def _do(self, what: str, number: int) -> None:
        client, pod, node = self.cluster.client, f"web-{number}", f"node-{number}"
        match what:
            case "cut" if number not in self.cut:
                self.cut.add(number)
                await self.cluster.cut(node)
            case "heal" if number in self.cut:
                self.cut.discard(number)
                await self.cluster.heal(node)
            case "cordon" | "uncordon":
                await client.patch(NODES, "", node, {"spec": {"unschedulable": what == "cordon" or None}})
            case "delete":
                await client.delete(PODS, "default", pod)
            case "evict":
                await client.create(PODS, "default", {"metadata": {"name": pod}}, name=pod, subresource="eviction")
            case "fail":
                await client.patch(PODS, "default", pod, {"status": {"phase": "Failed"}}, subresource="status")
            case "scale":
                await client.patch(STATEFUL_SETS, "default", "web", {"spec": {"replicas": number}})
            case "update":
                self.image += 1
                container = {"name": "main", "image": f"quiet:{self.image}"}
                change = {"spec": {"template": {"spec": {"containers": [container]}}}}
                await client.patch(STATEFUL_SETS, "default", "web", change)
            case "recreate":
                await client.delete(STATEFUL_SETS, "default", "web", {"propagationPolicy": "Orphan"})
                await self.cluster.settle()
                await self.create()
            case "advance":
                await self.cluster.advance(number)
            case "force":
                await client.delete(PODS, "default", pod, {"gracePeriodSeconds": 0})
            case "delete node":
                await client.delete(NODES, "", node)
            case "out of service":
                await client.patch(NODES, "", node, {"spec": {"taints": [OUT_OF_SERVICE]}})


async def play(steps: Sequence[Step], seed: int, *, may_double: bool) -> World:
    """Play a story; the truth, and what is said of it, are compared after each step."""
    async with Cluster(clock="stepped", seed=seed, nodes=NODE_COUNT, serve_api=False, serve_dns=False) as cluster:
        world = World(cluster)
        await world.create()
        for step in steps:
            await world.do(step)
            if not may_double:
                assert not world.twins, step
            await check_what_is_said(world)
        return world


async def check_what_is_said(world: World) -> None:
    """Each two that ran at once were told of, and the objects say how it is now."""
    client = world.cluster.client
    told = [
        one["message"] for one in (await client.list_objects(EVENTS)).items if one["reason"] == "MoreThanOneInstance"
    ]
    for pair in world.twins:
        assert any(all(uid in message for uid in pair) for message in told), (pair, told)
    assert bool(told) == bool(world.twins)
    running: dict[str, set[str]] = {}
    for one in world.cluster.kubelets.instances():
        running.setdefault(one.pod, set()).add(one.uid)
    objects = (await client.list_objects(INSTANCES)).items
    said: dict[str, Any] = {one["status"]["uid"]: find_condition(one, "AtMostOne") for one in objects}
    expected = {uid: "True" if len(uids) == 1 else "False" for uids in running.values() for uid in uids}
    assert {uid: condition["status"] for uid, condition in said.items()} == expected


@settings(max_examples=20)
@given(st.lists(SAFE, max_size=12), st.integers(0, 2**16))
@example([("cut", 1), ("advance", 400), ("delete", 0), ("scale", 0), ("advance", 400), ("scale", 3), ("heal", 1)], 3)
def test_never_two_whatever_breaks(steps: list[Step], seed: int) -> None:
    asyncio.run(play(steps, seed, may_double=False))


@settings(max_examples=12)
@given(st.lists(RECKLESS, max_size=12), st.integers(0, 2**16))
def test_when_two_run_it_is_told(steps: list[Step], seed: int) -> None:
    asyncio.run(play(steps, seed, may_double=True))


LOST: list[Step] = [("cut", 1), ("cut", 2), ("advance", 70)]


@pytest.mark.parametrize(
    "reckless",
    [
        [("force", 0), ("force", 1)],
        [("delete node", 1), ("delete node", 2), ("advance", 400)],
        [("out of service", 1), ("out of service", 2), ("advance", 45)],
    ],
    ids=["force delete", "node deletion", "out of service"],
)
def test_each_reckless_word_can_make_two_run(reckless: list[Step]) -> None:
    """A pod or two are on nodes that are cut, and their words are not theirs to give."""
    world = asyncio.run(play([*LOST, *reckless], 3, may_double=True))
    assert world.twins
