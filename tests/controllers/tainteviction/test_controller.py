"""Pods leave tainted nodes in upstream's order and time."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.tainteviction import TaintEvictionController
from minikube_lite.machinery.meta import find_condition, is_deleting
from minikube_lite.machinery.resources import NODES, PODS

LOST = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}
TOLERATED = [{"key": LOST["key"], "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]
MARKING, CANCELLING = "Marking for deletion Pod default/a", "Cancelling deletion of Pod default/a"


@pytest.fixture
async def started(world: Any) -> Any:
    """A node with one pod that tolerates being lost for five minutes."""
    await world.start(TaintEvictionController)
    await world.add_node("node-1")
    await world.run_pod("a", "10.0.0.1", tolerations=TOLERATED)
    return world


async def taint(world: Any, *taints: Any) -> None:
    await world.change(NODES, "node-1", lambda node: node["spec"].update(taints=list(taints)), namespace="")
    await world.settle()


async def texts(world: Any) -> list[str]:
    return [text for _, _, text in await world.reported(reason="TaintManagerEviction")]


async def leaves(world: Any, name: str = "a") -> bool:
    pod = await world.get(PODS, name)
    return pod is None or is_deleting(pod)


async def test_a_pod_leaves_when_its_toleration_runs_out(started: Any) -> None:
    await taint(started, LOST)
    await started.advance(299)
    assert not await leaves(started)
    await started.advance(1)
    pod = await started.get(PODS, "a")
    assert is_deleting(pod)
    assert pod["metadata"]["deletionGracePeriodSeconds"] == 30
    condition = find_condition(pod, "DisruptionTarget")
    assert condition is not None
    assert (condition["status"], condition["reason"]) == ("True", "DeletionByTaintManager")
    assert await texts(started) == [MARKING]


async def test_a_pod_stays_when_the_taint_goes_in_time(started: Any) -> None:
    await taint(started, LOST)
    await started.advance(200)
    await taint(started)
    assert await texts(started) == [CANCELLING]
    await taint(started, LOST)
    await started.advance(299)
    assert not await leaves(started)
    await started.advance(1)
    assert await leaves(started)


async def test_a_taint_that_is_not_tolerated_takes_effect_at_once(started: Any) -> None:
    await taint(started, LOST)
    await started.advance(10)
    await taint(started, LOST, {"key": "example.com/away", "effect": "NoExecute"})
    assert await leaves(started)
    assert sorted(await texts(started)) == [CANCELLING, MARKING]


async def test_a_pod_that_comes_to_a_tainted_node_leaves_too(started: Any) -> None:
    await taint(started, LOST)
    await started.run_pod("b", "10.0.0.2", tolerations=[{**TOLERATED[0], "tolerationSeconds": 10}])
    await started.advance(10)
    assert (await leaves(started), await leaves(started, "b")) == (False, True)


async def test_a_pod_that_goes_by_itself_is_forgotten(started: Any) -> None:
    await taint(started, LOST)
    await started.client.delete(PODS, "default", "a", {"gracePeriodSeconds": 0})
    await started.settle()
    assert await texts(started) == [CANCELLING]
    await started.run_pod("a", "10.0.0.3", tolerations=[{"operator": "Exists"}])
    await started.advance(400)
    assert not await leaves(started)


async def test_an_evicted_pod_is_not_evicted_again(started: Any) -> None:
    await taint(started, {"key": "example.com/away", "effect": "NoExecute"})
    await started.advance(60)
    await started.report_pod("a", "10.0.0.1", ready=False)
    await started.settle()
    assert await texts(started) == [MARKING]


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("takes_effect", [False, True])
async def test_a_write_that_fails_is_made_again(started: Any, nth: int, takes_effect: bool) -> None:
    await taint(started, LOST)
    started.failures.nth, started.failures.takes_effect = started.failures.count + nth, takes_effect
    await started.advance(310)
    assert await leaves(started)
    assert await texts(started) == [MARKING]
