"""Whatever happens to pods and nodes, and in whatever order, some things are always true."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import PODS

NAMES = ("a", "b", "c")
NODES = ("node-1", "node-2")

ACTIONS = st.one_of(
    st.tuples(
        st.just("create"), st.sampled_from(NAMES), st.sampled_from(NODES), st.sampled_from(("quiet", "brief", "crash"))
    ),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.sampled_from((None, 0, 1))),
    st.tuples(st.just("cut"), st.sampled_from(NODES)),
    st.tuples(st.just("heal"), st.sampled_from(NODES)),
    st.tuples(st.just("advance"), st.sampled_from((0.1, 1.0, 15.0, 40.0))),
)


async def brief(context):
    await context.clock.sleep(1)
    return 0


async def crash(context):
    await context.clock.sleep(0.5)
    return 9


async def carry_out(nodes, action):
    kind, *words = action
    network = nodes.kubelets.network
    try:
        if kind == "create":
            name, node, image = words
            policy = "Always" if image == "crash" else "Never"
            containers = [{"name": "main", "image": image}]
            await nodes.run(name, node, containers=containers, restartPolicy=policy, terminationGracePeriodSeconds=3)
        elif kind == "delete":
            name, grace = words
            await nodes.client.delete(PODS, "default", name, {} if grace is None else {"gracePeriodSeconds": grace})
    except ApiError as error:
        assert error.code in (404, 409)
    if kind == "cut":
        network.isolate(words[0])
    elif kind == "heal":
        network.rejoin(words[0])
    elif kind == "advance":
        await nodes.clock.advance(words[0])
    await nodes.clock.settle()


def check(nodes, phases):
    instances = nodes.kubelets.instances()
    addresses = [one.ip for one in instances]
    assert len(set(addresses)) == len(addresses), "two pods share an address"
    for event in phases["cursor"].drain():
        pod = event.record.object
        uid, phase = pod["metadata"]["uid"], pod["status"]["phase"]
        before = phases.get(uid)
        assert before not in ("Succeeded", "Failed") or phase == before, "a pod left its terminal phase"
        phases[uid] = phase
    phases["cursor"].hand_out()
    for one in instances:
        assert phases.get(one.uid) not in ("Succeeded", "Failed") or one.node in phases["cut"], "an ended pod runs"


@given(st.lists(ACTIONS, max_size=14), st.sampled_from((0.0, 0.2)))
@settings(max_examples=40)
def test_invariants_hold_and_everything_converges(new_nodes, actions, delay):
    async def story(directory):
        async with new_nodes(directory, pod_start_delay=delay, pod_stop_delay=delay) as nodes:
            nodes.programs["brief"], nodes.programs["crash"] = brief, crash
            phases = {"cursor": nodes.client.watch(PODS, after=nodes.store.revision), "cut": {}}
            phases["cursor"].hand_out()
            for action in actions:
                await carry_out(nodes, action)
                if action[0] == "cut":
                    phases["cut"][action[1]] = None
                elif action[0] == "heal":
                    phases["cut"].pop(action[1], None)
                check(nodes, phases)
            for node in NODES:
                nodes.kubelets.network.rejoin(node)
            for name in NAMES:
                await carry_out(nodes, ("delete", name, None))
            await nodes.clock.advance(10)
            phases["cut"].clear()
            check(nodes, phases)
            assert nodes.kubelets.instances() == []
            assert (await nodes.client.list_objects(PODS)).items == []
            assert [kubelet.pods for kubelet in map(nodes.kubelets.__getitem__, NODES)] == [{}, {}]
            phases["cursor"].close()

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(story(Path(directory)))
