"""Budgets follow their pods, and what was said of pods that did not go is taken back."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.disruption import DisruptionController
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    GroupVersionResource,
)
from minikube_lite.store import Object

LABELS = {"app": "x"}
COUNTS = ("currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed")


async def budget(world: Any, name: str = "b", **spec: Any) -> None:
    await world.create(
        POD_DISRUPTION_BUDGETS, {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": LABELS}, **spec}}
    )
    await world.settle()


async def pods(world: Any, *names: str, owner: Object | None = None) -> None:
    await world.add_node("node-1")
    for number, name in enumerate(names):
        metadata = {"ownerReferences": [owner]} if owner else {}
        await world.run_pod(name, f"10.244.1.{number + 2}", labels=LABELS, metadata=metadata)
    await world.settle()


async def status(world: Any, name: str = "b") -> Object:
    await world.settle()
    found: Object = (await world.get(POD_DISRUPTION_BUDGETS, name))["status"]
    return found


async def counts(world: Any) -> tuple[int, ...]:
    found = await status(world)
    return tuple(found[name] for name in COUNTS)


async def owner(world: Any, resource: GroupVersionResource, kind: str, replicas: int, **metadata: Any) -> Object:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template}
    if kind == "StatefulSet":
        spec["serviceName"] = "x"
    made = await world.create(resource, {"metadata": {"name": kind.lower(), **metadata}, "spec": spec})
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": made["metadata"]["name"],
        "uid": made["metadata"]["uid"],
        "controller": True,
    }


async def evict(world: Any, name: str) -> int:
    try:
        await world.client.create(PODS, "default", {"metadata": {"name": name}}, name=name, subresource="eviction")
    except ApiError as error:
        return error.code
    return 201


async def test_a_budget_follows_its_pods(world: Any) -> None:
    await world.start(DisruptionController)
    await budget(world, minAvailable=1)
    assert await counts(world) == (0, 1, 0, 0)
    await pods(world, "a", "b")
    assert await counts(world) == (2, 1, 2, 1)
    await world.report_pod("a", "10.244.1.2", ready=False)
    assert await counts(world) == (1, 1, 2, 0)
    await world.change(PODS, "b", lambda pod: pod["metadata"].update(labels={}))
    assert await counts(world) == (0, 1, 1, 0)


async def test_a_budget_that_selects_others_is_counted_anew(world: Any) -> None:
    await world.start(DisruptionController)
    await pods(world, "a", "b")
    await budget(world, minAvailable=1)
    await world.change(
        POD_DISRUPTION_BUDGETS, "b", lambda obj: obj["spec"].update(selector={"matchLabels": {"app": "y"}})
    )
    assert await counts(world) == (0, 1, 0, 0)


@pytest.mark.parametrize(("resource", "kind"), [(STATEFUL_SETS, "StatefulSet"), (REPLICA_SETS, "ReplicaSet")])
async def test_controllers_say_how_many_there_should_be(world: Any, resource: Any, kind: str) -> None:
    await world.start(DisruptionController)
    reference = await owner(world, resource, kind, 5)
    await pods(world, "a", "b", "c", owner=reference)
    await budget(world, maxUnavailable="40%")
    assert await counts(world) == (3, 3, 5, 0)


async def test_a_deployment_speaks_for_its_replica_sets(world: Any) -> None:
    await world.start(DisruptionController)
    deployment = await owner(world, DEPLOYMENTS, "Deployment", 4)
    reference = await owner(world, REPLICA_SETS, "ReplicaSet", 2, ownerReferences=[deployment])
    await pods(world, "a", "b", "c", owner=reference)
    await budget(world, minAvailable="50%")
    assert await counts(world) == (3, 2, 4, 1)


@pytest.mark.parametrize(
    ("api_version", "kind", "text"),
    [
        ("apps/v1", "DaemonSet", "daemonsets.apps does not implement the scale subresource"),
        ("example.org/v1", "Widget", 'no matches for kind "Widget" in version "example.org/v1"'),
        ("apps/v1", "StatefulSet", 'found no controllers for pod "a"'),
    ],
)
async def test_what_cannot_be_counted_may_not_go(world: Any, api_version: str, kind: str, text: str) -> None:
    await world.start(DisruptionController)
    await pods(world, "a", owner={"apiVersion": api_version, "kind": kind, "name": "x", "uid": "u", "controller": True})
    await budget(world, maxUnavailable=1)
    found = await status(world)
    condition = find_condition({"status": found}, "DisruptionAllowed")
    assert condition is not None
    assert (condition["status"], condition["reason"], condition["message"]) == ("False", "SyncFailed", text)
    assert (
        "Warning",
        "CalculateExpectedPodCountFailed",
        f"Failed to calculate the number of expected pods: {text}",
    ) in (await world.reported())


async def test_pods_that_nobody_controls_are_told_of(world: Any) -> None:
    await world.start(DisruptionController)
    await pods(world, "a")
    await budget(world, maxUnavailable=1)
    (event,) = await world.reported(reason="UnmanagedPods")
    assert "(selector: &LabelSelector{MatchLabels:map[string]string{app: x,}," in event[2]


async def test_evictions_stop_at_the_budget_and_go_on_when_a_pod_is_ready_again(world: Any) -> None:
    await world.start(DisruptionController)
    await pods(world, "a", "b", "c")
    await budget(world, minAvailable=2)
    assert [await evict(world, name) for name in ("a", "b")] == [201, 429]
    pod = await world.get(PODS, "a")
    condition = find_condition(pod, "DisruptionTarget")
    assert condition is not None
    assert (condition["reason"], condition["message"]) == ("EvictionByEvictionAPI", "Eviction API: evicting")
    await world.settle()
    await world.client.delete(PODS, "default", "a", {"gracePeriodSeconds": 0})
    await world.run_pod("d", "10.244.1.9", labels=LABELS)
    await world.settle()
    assert await evict(world, "b") == 201


async def test_a_pod_that_does_not_go_counts_again_after_two_minutes(world: Any) -> None:
    await world.start(DisruptionController)
    await pods(world, "a", "b")
    await budget(world, minAvailable=1)
    # The eviction was counted, but the deletion that follows it never came.
    await world.change(
        POD_DISRUPTION_BUDGETS,
        "b",
        lambda obj: obj["status"].update(disruptionsAllowed=0, disruptedPods={"a": world.clock.timestamp()}),
        subresource="status",
    )
    assert await counts(world) == (1, 1, 2, 0)
    await world.advance(119)
    assert await counts(world) == (1, 1, 2, 0)
    await world.advance(3)
    assert await counts(world) == (2, 1, 2, 1)
    assert "disruptedPods" not in await status(world)
    assert await world.reported(reason="NotDeleted") == [
        ("Warning", "NotDeleted", "Pod was expected by PDB default/default to be deleted but it wasn't")
    ]


async def test_a_target_that_stays_is_none_any_more(world: Any) -> None:
    await world.start(DisruptionController)
    await pods(world, "a")
    condition = {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": world.clock.timestamp()}
    await world.change(
        PODS, "a", lambda pod: pod["status"]["conditions"].append({**condition, "reason": "X"}), subresource="status"
    )
    seen = []
    for seconds in (119, 2):
        await world.advance(seconds)
        found = find_condition(await world.get(PODS, "a") or {}, "DisruptionTarget")
        seen.append(found["status"] if found else None)
    assert seen == ["True", "False"]


async def test_two_budgets_over_a_pod_are_told_of(world: Any) -> None:
    await world.start(DisruptionController)
    await budget(world, "b", minAvailable=1)
    await budget(world, "c", minAvailable=1)
    await pods(world, "a")
    assert await world.reported(reason="MultiplePodDisruptionBudgets") == [
        (
            "Warning",
            "MultiplePodDisruptionBudgets",
            'Pod "default"/"a" matches multiple PodDisruptionBudgets.  Chose "b" arbitrarily.',
        )
    ]


@pytest.mark.parametrize("nth", range(1, 4))
@pytest.mark.parametrize("lost", [False, True])
async def test_a_write_that_fails_is_made_again(world: Any, nth: int, lost: bool) -> None:
    await world.start(DisruptionController)
    world.failures.nth, world.failures.takes_effect = nth, lost
    await pods(world, "a", "b")
    await budget(world, minAvailable=1)
    await world.client.delete(PODS, "default", "a", {"gracePeriodSeconds": 0})
    await world.settle()
    await world.advance(1)
    assert await counts(world) == (1, 1, 1, 0)


async def test_other_objects_of_a_namespace_cause_no_sync(world: Any) -> None:
    await world.start(DisruptionController)
    await budget(world, minAvailable=1)
    before = world.store.revision
    await world.create(CONFIG_MAPS, {"metadata": {"name": "c"}})
    await world.settle()
    assert world.store.revision == before + 1
