"""How many pods are made or go, and what the status says of them."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.clock import format_time
from minikube_lite.controllers.replicaset.decide import BURST_REPLICAS, decide
from minikube_lite.controllers.replicaset.status import compute_status
from minikube_lite.store import Object

NOW = 1_767_225_600.0


def replica_set(replicas: int, *, metadata: Object | None = None, status: Object | None = None, **spec: Any) -> Object:
    template = {"metadata": {"labels": {"app": "web", "tier": "front"}}}
    return {
        "metadata": {"generation": 2, **(metadata or {})},
        "spec": {"replicas": replicas, "template": template, **spec},
        "status": status or {},
    }


def pods(count: int, *, ready_for: float | None = None, labels: Object | None = None) -> list[Object]:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": format_time(NOW - (ready_for or 0))}
    return [
        {
            "metadata": {"uid": f"uid-{number}", "labels": labels or {"app": "web", "tier": "front", "more": "x"}},
            "spec": {"nodeName": "n"},
            "status": {"phase": "Running", "conditions": [ready] if ready_for is not None else []},
        }
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("wanted", "there", "reason", "created", "deleted"),
    [
        (3, 3, "AsWanted", 0, 0),
        (3, 1, "TooFewReplicas", 2, 0),
        (1, 3, "TooManyReplicas", 0, 2),
        (0, 2, "TooManyReplicas", 0, 2),
        (BURST_REPLICAS + 9, 0, "TooFewReplicas", BURST_REPLICAS, 0),
        (0, BURST_REPLICAS + 9, "TooManyReplicas", 0, BURST_REPLICAS),
    ],
)
def test_decide(wanted: int, there: int, reason: str, created: int, deleted: int) -> None:
    decision = decide(replica_set(wanted), pods(there), [], NOW)
    assert (decision.reason, decision.create, len(decision.delete)) == (reason, created, deleted)


def test_nothing_is_done_for_one_that_is_being_deleted() -> None:
    decision = decide(replica_set(3, metadata={"deletionTimestamp": format_time(NOW)}), [], [], NOW)
    assert (decision.reason, decision.create) == ("BeingDeleted", 0)


def test_status_counts() -> None:
    there = [*pods(1), *pods(1, ready_for=5), *pods(2, ready_for=10), *pods(1, labels={"app": "web"})]
    assert compute_status(replica_set(5, minReadySeconds=10), there, 1, None, NOW) == {
        "replicas": 5,
        "fullyLabeledReplicas": 4,
        "readyReplicas": 3,
        "availableReplicas": 2,
        "terminatingReplicas": 1,
        "observedGeneration": 2,
    }


def test_status_without_pods() -> None:
    empty = {"replicas": 0, "observedGeneration": 2}
    assert compute_status(replica_set(0), [], None, None, NOW) == empty
    assert compute_status(replica_set(0), [], 0, None, NOW) == {**empty, "terminatingReplicas": 0}


@pytest.mark.parametrize(("wanted", "reason"), [(2, "FailedCreate"), (0, "FailedDelete")])
def test_a_failure_is_told_until_nothing_fails(wanted: int, reason: str) -> None:
    told = compute_status(replica_set(wanted), pods(1), 0, "quota", NOW)
    [condition] = told["conditions"]
    assert condition == {
        "type": "ReplicaFailure",
        "status": "True",
        "lastTransitionTime": format_time(NOW),
        "reason": reason,
        "message": "quota",
    }
    later = replica_set(wanted, status=told)
    assert compute_status(later, pods(1), 0, "another", NOW + 60)["conditions"] == [condition]
    assert "conditions" not in compute_status(later, pods(1), 0, None, NOW + 60)
