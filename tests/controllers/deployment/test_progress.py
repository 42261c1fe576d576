"""The conditions of a Deployment: what they say, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minikube_lite.clock import format_time
from minikube_lite.controllers.deployment.decide import Observed, decide
from minikube_lite.store import Object

NOW = 1_767_225_600.0
Make = Callable[..., Object]
Observe = Callable[..., Observed]


def progressing(reason: str, state: str = "True", *, age: float = 60) -> Object:
    moment = format_time(NOW - age)
    words = {"reason": reason, "message": "as it was"}
    return {"type": "Progressing", "status": state, "lastUpdateTime": moment, "lastTransitionTime": moment, **words}


def status(replicas: int, updated: int, available: int, *conditions: Object) -> Object:
    counts = {"replicas": replicas, "updatedReplicas": updated, "readyReplicas": available}
    return {**counts, "availableReplicas": available, "conditions": list(conditions)}


def told(found: Object, condition_type: str = "Progressing") -> tuple[str, ...] | None:
    for condition in found.get("conditions", ()):
        if condition["type"] == condition_type:
            return condition["status"], condition["reason"], condition["message"]
    return None


CASES: dict[str, tuple[Object, list[tuple[str, int, int]], tuple[str, ...]]] = {
    # the status before, the ReplicaSets (image, size, available), what is told
    "all is available": (
        status(10, 10, 8, progressing("ReplicaSetUpdated")),
        [("new", 10, 10)],
        ("True", "NewReplicaSetAvailable", 'ReplicaSet "web-new" has successfully progressed.'),
    ),
    "more are available": (
        status(10, 10, 5, progressing("NewReplicaSetCreated")),
        [("new", 10, 6)],
        ("True", "ReplicaSetUpdated", 'ReplicaSet "web-new" is progressing.'),
    ),
    "old ones are fewer": (
        status(13, 5, 8, progressing("NewReplicaSetCreated")),
        [("old", 7, 7), ("new", 5, 1)],
        ("True", "ReplicaSetUpdated", 'ReplicaSet "web-new" is progressing.'),
    ),
    "nothing has moved yet": (
        status(10, 10, 5, progressing("ReplicaSetUpdated", age=600)),
        [("new", 10, 5)],
        ("True", "ReplicaSetUpdated", "as it was"),
    ),
    "nothing has moved for too long": (
        status(10, 10, 5, progressing("ReplicaSetUpdated", age=601)),
        [("new", 10, 5)],
        ("False", "ProgressDeadlineExceeded", 'ReplicaSet "web-new" has timed out progressing.'),
    ),
    "it has been too long before": (
        status(10, 10, 5, progressing("ProgressDeadlineExceeded", "False", age=9999)),
        [("new", 10, 5)],
        ("False", "ProgressDeadlineExceeded", "as it was"),
    ),
    "it moves after all": (
        status(10, 10, 5, progressing("ProgressDeadlineExceeded", "False", age=9999)),
        [("new", 10, 6)],
        ("True", "ReplicaSetUpdated", 'ReplicaSet "web-new" is progressing.'),
    ),
    "a pod fails long after all was well": (
        status(10, 10, 10, progressing("NewReplicaSetAvailable", age=9999)),
        [("new", 10, 9)],
        ("True", "NewReplicaSetAvailable", "as it was"),
    ),
    "its ReplicaSet is found": (
        status(10, 10, 5),
        [("new", 10, 5)],
        ("True", "FoundNewReplicaSet", 'Found new replica set "web-new"'),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_progressing(case: str, deployment_of: Make, set_of: Make, observe: Observe) -> None:
    before, there, expected = CASES[case]
    sets = [set_of(image, size, available) for image, size, available in there]
    assert told(decide(observe(deployment_of(status=before), *sets)).status) == expected


def test_a_new_replica_set_is_told(deployment_of: Make, observe: Observe) -> None:
    decision = decide(observe(deployment_of(3)))
    name = decision.actions[0].replica_set["metadata"]["name"]
    assert told(decision.status) == ("True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
    minimum = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    assert told(decision.status, "Available") == minimum
    counts = {key: value for key, value in decision.status.items() if key != "conditions"}
    assert counts == {"observedGeneration": 2, "unavailableReplicas": 3, "terminatingReplicas": 0}
    assert decision.revision == "1"


@pytest.mark.parametrize(("available", "state"), [(8, "True"), (7, "False")])
def test_available(deployment_of: Make, set_of: Make, observe: Observe, available: int, state: str) -> None:
    found = told(decide(observe(deployment_of(), set_of("new", 10, available))).status, "Available")
    assert found is not None
    assert found[0] == state


def test_progress_keeps_the_time_of_transition(deployment_of: Make, set_of: Make, observe: Observe) -> None:
    before = status(10, 10, 5, progressing("ReplicaSetUpdated", age=100))
    found = decide(observe(deployment_of(status=before), set_of("new", 10, 6))).status
    [condition] = [item for item in found["conditions"] if item["type"] == "Progressing"]
    assert condition["lastTransitionTime"] == format_time(NOW - 100)
    assert condition["lastUpdateTime"] == format_time(NOW)


@pytest.mark.parametrize("deadline", [None, 2**31 - 1])
def test_without_a_deadline_progress_is_not_told(
    deployment_of: Make, set_of: Make, observe: Observe, deadline: int | None
) -> None:
    deployment = deployment_of(status=status(10, 10, 5, progressing("ReplicaSetUpdated")))
    deployment["spec"]["progressDeadlineSeconds"] = deadline
    if deadline is None:
        del deployment["spec"]["progressDeadlineSeconds"]
    decision = decide(observe(deployment, set_of("new", 10, 5)))
    assert told(decision.status) is None
    assert decision.look_again_after is None


@pytest.mark.parametrize(
    ("reason", "available", "age", "expected"),
    [
        ("ReplicaSetUpdated", 5, 60, 541),
        ("ReplicaSetUpdated", 5, 600, 1),
        ("ProgressDeadlineExceeded", 5, 60, None),
        ("ReplicaSetUpdated", 10, 60, None),
    ],
)
def test_progress_is_judged_after_the_deadline(
    deployment_of: Make,
    set_of: Make,
    observe: Observe,
    *,
    reason: str,
    available: int,
    age: float,
    expected: float | None,
) -> None:
    deployment = deployment_of(status=status(10, 10, available, progressing(reason, age=age)))
    assert decide(observe(deployment, set_of("new", 10, available))).look_again_after == expected


PAUSES: dict[str, tuple[bool, str, tuple[str, str, str]]] = {
    "paused": (True, "NewReplicaSetAvailable", ("Unknown", "DeploymentPaused", "Deployment is paused")),
    "still paused": (True, "DeploymentPaused", ("True", "DeploymentPaused", "as it was")),
    "resumed": (False, "DeploymentPaused", ("Unknown", "DeploymentResumed", "Deployment is resumed")),
    "paused when it was too late": (
        True,
        "ProgressDeadlineExceeded",
        ("True", "ProgressDeadlineExceeded", "as it was"),
    ),
}


@pytest.mark.parametrize("case", PAUSES)
def test_a_pause_is_told(deployment_of: Make, set_of: Make, observe: Observe, case: str) -> None:
    paused, before, expected = PAUSES[case]
    deployment = deployment_of(spec={"paused": paused}, status=status(10, 10, 5, progressing(before)))
    assert told(decide(observe(deployment, set_of("new", 10, 5))).status) == expected


def test_failures_of_replica_sets_are_told_those_of_the_new_one_first(
    deployment_of: Make, set_of: Make, observe: Observe
) -> None:
    def failing(text: str) -> dict[str, Any]:
        words = {"reason": "FailedCreate", "message": text, "lastTransitionTime": "2026-01-01T00:00:00Z"}
        return {"conditions": [{"type": "ReplicaFailure", "status": "True", **words}]}

    old, new = set_of("old", 8, status=failing("old")), set_of("new", 3, 0, revision=2, status=failing("new"))
    found = decide(observe(deployment_of(), old, new)).status
    assert told(found, "ReplicaFailure") == ("True", "FailedCreate", "new")
    found = decide(observe(deployment_of(status=found), old, set_of("new", 3, 0, revision=2))).status
    assert told(found, "ReplicaFailure") == ("True", "FailedCreate", "new")  # the reason stays, so it is no news
    found = decide(observe(deployment_of(status=found), set_of("new", 3, 0))).status
    assert told(found, "ReplicaFailure") is None


@pytest.mark.parametrize(
    ("generation", "terminating", "expected"), [(1, 2, 3), (0, None, 1), (1, None, None)], ids=["told", "new", "untold"]
)
def test_terminating_pods_are_counted_where_all_tell(
    deployment_of: Make, set_of: Make, observe: Observe, generation: int, terminating: int | None, expected: int | None
) -> None:
    old = set_of("old", 8, status={"observedGeneration": generation, "terminatingReplicas": terminating})
    if terminating is None:
        del old["status"]["terminatingReplicas"]
    new = set_of("new", 5, revision=2, status={"terminatingReplicas": 1})
    assert decide(observe(deployment_of(), old, new)).status.get("terminatingReplicas") == expected
