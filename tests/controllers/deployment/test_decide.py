"""What is decided for a Deployment, as tables, without an event loop.

ReplicaSets are written as `image size/available`; what is done as `image before>after`, `+image size` and `-image`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.controllers.deployment.actions import CreateReplicaSet, Decision, UpdateReplicaSet
from minikube_lite.controllers.deployment.decide import Observed, decide
from minikube_lite.controllers.deployment.limits import max_surge, max_unavailable
from minikube_lite.store import Object

Make = Callable[..., Object]
Observe = Callable[..., Observed]

RECREATE = {"strategy": {"type": "Recreate"}}


def done(decision: Decision) -> list[str]:
    """What is done, in words; changes of annotations alone are left out."""
    found = []
    for action in decision.actions:
        image = action.replica_set["spec"]["template"]["spec"]["containers"][0]["image"]
        size = action.replica_set["spec"]["replicas"]
        if isinstance(action, CreateReplicaSet):
            found.append(f"+{image} {size}")
        elif isinstance(action, UpdateReplicaSet):
            if action.replicas != size:
                found.append(f"{image} {size}>{action.replicas}")
        else:
            found.append(f"-{image}")
    return found


def sets(text: str, set_of: Make, **fields: Any) -> list[Object]:
    """`old 8/8, new 5/2`: each older than the one after it."""
    found = []
    words = [part.split() for part in text.split(",") if part.strip()]
    for number, (image, sizes) in enumerate(words):
        size, available = map(int, sizes.split("/"))
        made = set_of(image, size, available, revision=number + 1, age=100 - number, **fields)
        found.append(made)
    return found


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "most", "missing"),
    [
        (10, "25%", "25%", 3, 2),
        (4, "25%", "25%", 1, 1),
        (1, "25%", "25%", 1, 0),
        (3, 0, "1%", 0, 1),
        (10, 0, 3, 0, 3),
        (2, 5, 5, 5, 2),
        (0, "25%", 1, 0, 0),
        (10, "100%", 0, 10, 0),
    ],
)
def test_limits(
    deployment_of: Make, replicas: int, surge: int | str, unavailable: int | str, most: int, missing: int
) -> None:
    deployment = deployment_of(replicas, surge=surge, unavailable=unavailable)
    assert (max_surge(deployment), max_unavailable(deployment)) == (most, missing)


def test_recreate_has_no_limits(deployment_of: Make) -> None:
    deployment = deployment_of(10, **RECREATE)
    assert (max_surge(deployment), max_unavailable(deployment)) == (0, 0)


ROLLING: dict[str, tuple[dict[str, Any], str, list[str], str]] = {
    # Deployment, ReplicaSets, what is done, the first reason (of an action, else of a wait)
    "the first one": ({}, "", ["+new 10"], "NewTemplate"),
    "a new template": ({}, "old 10/10", ["+new 3", "old 10>8"], "NewTemplate"),
    "a new template where there is no room": ({"surge": 0}, "old 10/10", ["+new 0", "old 10>8"], "NewTemplate"),
    "all is as it should be": ({}, "new 10/10", [], ""),
    "new ones are not available": ({}, "old 8/8, new 5/0", [], "WaitingForAvailable"),
    "some new ones are available": ({}, "old 8/8, new 5/2", ["old 8>6"], "EnoughAvailable"),
    "there is room for more": ({}, "old 6/6, new 5/2", ["new 5>7"], "RoomForNew"),
    "the last old ones go": ({}, "old 2/2, new 10/10", ["old 2>0"], "EnoughAvailable"),
    "the new one is not grown beyond the Deployment": ({"surge": 5}, "old 2/2, new 9/9", ["new 9>10"], "RoomForNew"),
    "a new one that is too large": ({}, "new 12/12", ["new 12>10"], "TooManyNew"),
    "old ones that are unhealthy go first": ({}, "old 10/4, new 3/3", ["old 10>5"], "Unhealthy"),
    "oldest first": ({}, "older 3/3, old 5/5, new 5/5", ["older 3>0", "old 5>3"], "EnoughAvailable"),
    "unhealthy ones of any age before healthy ones": (
        {},
        "older 3/3, old 5/0, new 5/5",
        ["old 5>0"],
        "Unhealthy",
    ),
    "unhealthy ones, and then those that are spare": (
        {"surge": 0, "unavailable": 5},
        "old 6/5, new 4/4",
        ["old 6>5", "old 5>1"],
        "Unhealthy",
    ),
    "an old one has not shrunk yet": ({}, "old 8/10, new 5/3", [], "WaitingForOldPods"),
    "back to an older template": ({"image": "old"}, "old 0/0, new 10/10", ["old 0>3"], "NewRevision"),
    "a roll-over while another one is stuck": ({}, "older 8/8, old 5/0", ["+new 0", "old 5>0"], "NewTemplate"),
    "nothing is wanted": ({"replicas": 0}, "new 0/0", [], ""),
}


@pytest.mark.parametrize("case", ROLLING)
def test_rolling(case: str, deployment_of: Make, set_of: Make, observe: Observe) -> None:
    given_, there, expected, reason = ROLLING[case]
    replicas = given_.get("replicas", 10)
    decision = decide(observe(deployment_of(**given_), *sets(there, set_of, desired=replicas)))
    assert done(decision) == expected
    reasons = [found.reason.code for found in decision.actions] or [wait.code for wait in decision.waits]
    assert next(iter(reasons), "") == reason


RECREATED: dict[str, tuple[str, tuple[str, ...], list[str], str]] = {
    "the first one": ("", (), ["+new 10"], "NewTemplate"),
    "old ones go": ("older 2/2, old 8/8", (), ["older 2>0", "old 8>0"], "Recreate"),
    "an old one still counts pods": ("old 0/2", (), [], "WaitingForOldPods"),
    "an old one still has a pod": ("old 0/0", ("web-old",), [], "WaitingForOldPods"),
    "all old ones are gone": ("old 0/0", (), ["+new 10"], "NewTemplate"),
    "the new one's pods do not count": ("old 0/0, new 0/0", ("web-new",), ["new 0>10"], "Scaled"),
}


@pytest.mark.parametrize("case", RECREATED)
def test_recreate(case: str, deployment_of: Make, set_of: Make, observe: Observe) -> None:
    there, running, expected, reason = RECREATED[case]
    replica_sets = sets(there, set_of)
    for replica_set in replica_sets:
        replica_set["status"]["replicas"] = replica_set["status"]["availableReplicas"]
    decision = decide(observe(deployment_of(**RECREATE), *replica_sets, running=running))
    assert done(decision) == expected
    reasons = [found.reason.code for found in decision.actions] or [wait.code for wait in decision.waits]
    assert reasons[0] == reason


SCALED: dict[str, tuple[dict[str, Any], str, dict[str, int], list[str]]] = {
    # Deployment, ReplicaSets, the sizes that they know, what is done
    "up": ({"replicas": 20}, "new 10/10", {}, ["new 10>20"]),
    "down": ({"replicas": 4}, "new 10/10", {}, ["new 10>4"]),
    "down to nothing": ({"replicas": 0}, "old 8/8, new 5/5", {}, ["old 8>0", "new 5>0"]),
    "up in the middle": ({"replicas": 15, "surge": 3}, "old 8/8, new 5/0", {}, ["old 8>11", "new 5>7"]),
    "down in the middle": ({"replicas": 5, "surge": 3}, "old 8/8, new 5/0", {}, ["old 8>5", "new 5>3"]),
    "of equal ones the newer grows": ({"replicas": 11, "surge": 0}, "old 5/5, new 5/0", {"most": 10}, ["new 5>6"]),
    "of equal ones the older shrinks": ({"replicas": 9, "surge": 0}, "old 5/5, new 5/0", {"most": 10}, ["old 5>4"]),
    "to a size that is there already": ({"replicas": 10, "surge": 3}, "old 8/8, new 5/0", {"desired": 9}, []),
    "without knowing its former size": ({"replicas": 10}, "old 8/8, new 5/0", {"desired": 9, "most": 0}, []),
    "nothing has pods: the new one grows": ({"replicas": 3, "paused": True}, "old 0/0, new 0/0", {}, ["new 0>3"]),
    "nothing has pods, nothing is new": ({"replicas": 3, "paused": True}, "older 0/0, old 0/0", {}, ["old 0>3"]),
    "there is nothing": ({"replicas": 3, "paused": True}, "", {}, []),
    "the new one has all": ({"replicas": 10, "paused": True}, "old 3/3, new 10/10", {}, ["old 3>0"]),
    "Recreate shares nothing": ({"replicas": 20, **RECREATE}, "old 8/8, new 5/0", {}, []),
}


@pytest.mark.parametrize("case", SCALED)
def test_scaling(case: str, deployment_of: Make, set_of: Make, observe: Observe) -> None:
    given_, there, known, expected = SCALED[case]
    paused = given_.get("paused", False)
    fields = {key: value for key, value in given_.items() if key != "paused"}
    deployment = deployment_of(**fields, spec={"paused": True} if paused else {})
    assert done(decide(observe(deployment, *sets(there, set_of, **known)))) == expected


def test_all_sizes_are_known_after_scaling(deployment_of: Make, set_of: Make, observe: Observe) -> None:
    """Also where the size of one stays: else the Deployment would be scaled for ever."""
    found = decide(observe(deployment_of(10, surge=3), *sets("old 8/8, new 5/0", set_of, desired=9)))
    updates = [action for action in found.actions if isinstance(action, UpdateReplicaSet)]
    assert [action.replica_set["metadata"]["name"] for action in updates] == ["web-old", "web-new"]
    for action in updates:
        assert action.annotations == {
            "deployment.kubernetes.io/desired-replicas": "10",
            "deployment.kubernetes.io/max-replicas": "13",
        }


# The history

COMPLETE = {"replicas": 10, "updatedReplicas": 10, "availableReplicas": 10, "observedGeneration": 2}


@pytest.mark.parametrize(
    ("limit", "status", "expected"),
    [
        (10, COMPLETE, []),
        (2, COMPLETE, ["-a"]),
        (0, COMPLETE, ["-a", "-b", "-c"]),
        (0, {**COMPLETE, "observedGeneration": 1}, []),
        (0, {**COMPLETE, "availableReplicas": 9}, []),
    ],
)
def test_old_revisions_are_cleaned_up_when_all_is_complete(
    deployment_of: Make, set_of: Make, observe: Observe, limit: int, status: Object, expected: list[str]
) -> None:
    deployment = deployment_of(status=status, spec={"revisionHistoryLimit": limit})
    assert done(decide(observe(deployment, *sets("a 0/0, b 0/0, c 0/0, new 10/10", set_of)))) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"size": 1},
        {"there": 1},
        {"status": {"observedGeneration": 0}},
        {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}},
    ],
)
def test_a_revision_in_use_is_not_cleaned_up(
    deployment_of: Make, set_of: Make, observe: Observe, fields: dict[str, Any]
) -> None:
    old = set_of("old", **{"size": 0, "available": 0, **fields})
    deployment = deployment_of(spec={"revisionHistoryLimit": 0, "paused": True})
    assert "-old" not in done(decide(observe(deployment, old, set_of("new", 10, revision=2))))


def test_decisions_have_the_wanted_replica_set(deployment_of: Make, observe: Observe) -> None:
    """Its name and labels come from its template's hash."""
    annotations = {"note": "x", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
    deployment = deployment_of(3, metadata={"annotations": annotations}, spec={"minReadySeconds": 5})
    [action] = decide(observe(deployment)).actions
    made = action.replica_set
    hashed = made["metadata"]["labels"]["pod-template-hash"]
    assert made["metadata"] == {
        "name": f"web-{hashed}",
        "namespace": "default",
        "labels": {"app": "web", "pod-template-hash": hashed},
        "annotations": {
            "note": "x",
            "deployment.kubernetes.io/revision": "1",
            "deployment.kubernetes.io/desired-replicas": "3",
            "deployment.kubernetes.io/max-replicas": "4",
        },
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": "web",
                "uid": "web-uid",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    assert made["spec"]["selector"] == {"matchLabels": {"app": "web", "pod-template-hash": hashed}}
    assert made["spec"]["template"]["metadata"]["labels"] == {"app": "web", "pod-template-hash": hashed}
    assert (made["spec"]["replicas"], made["spec"]["minReadySeconds"]) == (3, 5)
    assert "pod-template-hash" not in deployment["spec"]["template"]["metadata"]["labels"]


@st.composite
def states(draw: st.DrawFn) -> tuple[dict[str, Any], list[tuple[int, int]]]:
    """A Deployment's fields, and the sizes of its ReplicaSets with how many pods are available."""
    amounts = st.one_of(st.integers(0, 12), st.sampled_from(["0%", "10%", "25%", "50%", "100%"]))
    surge = draw(amounts)
    unavailable = draw(amounts.filter(lambda value: surge not in (0, "0%") or value not in (0, "0%")))
    pairs = st.integers(0, 12).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size)))
    sizes = draw(st.lists(pairs, max_size=5))
    return {"replicas": draw(st.integers(0, 12)), "surge": surge, "unavailable": unavailable}, sizes


@given(state=states(), newest=st.integers(0, 5))
def test_a_step_keeps_to_the_limits(
    deployment_of: Make,
    set_of: Make,
    observe: Observe,
    state: tuple[dict[str, Any], list[tuple[int, int]]],
    newest: int,
) -> None:
    """Whatever ReplicaSets there are: no more pods than allowed, and none is taken that has to be available."""
    fields, sizes = state
    deployment = deployment_of(**fields)
    wanted = fields["replicas"]
    names = ["new" if number == newest else f"old-{number}" for number in range(len(sizes))]
    there = [
        set_of(name, size, available, desired=wanted, revision=number + 1, age=100 - number)
        for number, (name, (size, available)) in enumerate(zip(names, sizes, strict=True))
    ]
    after = {name: size for name, (size, _) in zip(names, sizes, strict=True)}
    for action in decide(observe(deployment, *there)).actions:
        name = action.replica_set["spec"]["template"]["spec"]["containers"][0]["image"]
        if isinstance(action, CreateReplicaSet):
            after[name] = action.replica_set["spec"]["replicas"]
        elif isinstance(action, UpdateReplicaSet):
            after[name] = action.replicas
    before_total = sum(size for size, _ in sizes)
    assert sum(after.values()) <= max(before_total, wanted + max_surge(deployment))
    # Pods that are not available go first, so a ReplicaSet keeps what it can.
    before_available = sum(available for _, available in sizes)
    kept = sum(min(available, after[name]) for name, (_, available) in zip(names, sizes, strict=True))
    assert kept >= min(before_available, wanted - max_unavailable(deployment))
    assert all(size >= 0 for size in after.values())
