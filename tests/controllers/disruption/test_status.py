"""What a budget's status says, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.clock import format_time
from minikube_lite.controllers.disruption.controller import selector_text, stale_in
from minikube_lite.controllers.disruption.status import compute_status, desired_healthy, needs_scale
from minikube_lite.store import Object

NOW = 1_800_000_000.0


def pod(name: str, *, ready: bool = True, deleting: bool = False) -> Object:
    metadata: Object = {"name": name, "namespace": "default"}
    if deleting:
        metadata["deletionTimestamp"] = format_time(NOW)
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {"metadata": metadata, "status": {"phase": "Running", "conditions": conditions}}


def budget(status: Object | None = None, **spec: Any) -> Object:
    return {"metadata": {"name": "b", "generation": 3}, "spec": spec, "status": status or {}}


def ago(seconds: float) -> str:
    return format_time(NOW - seconds)


@pytest.mark.parametrize(
    ("spec", "expected", "desired", "scale"),
    [
        ({"minAvailable": 2}, 5, 2, False),
        ({"minAvailable": "50%"}, 5, 3, True),
        ({"maxUnavailable": 1}, 5, 4, True),
        ({"maxUnavailable": "30%"}, 5, 3, True),
        ({"maxUnavailable": 9}, 5, 0, True),
        ({}, 5, 0, False),
    ],
)
def test_how_many_must_stay(spec: Object, expected: int, desired: int, scale: bool) -> None:
    assert (desired_healthy(spec, expected), needs_scale(spec)) == (desired, scale)


@pytest.mark.parametrize(
    ("pods", "expected", "allowed"),
    [
        ([pod("a"), pod("b"), pod("c")], 3, 1),
        ([pod("a"), pod("b"), pod("c", ready=False)], 3, 0),
        ([pod("a"), pod("b"), pod("c", deleting=True)], 3, 0),
        ([pod(name) for name in "abcd"], 4, 2),
        ([pod("a"), pod("b"), pod("c")], 0, 0),
    ],
)
def test_how_many_may_go(pods: list[Object], expected: int, allowed: int) -> None:
    status = compute_status(budget(minAvailable=2), pods, expected, NOW, ago(0)).status
    assert status["disruptionsAllowed"] == allowed
    reason = "SufficientPods" if allowed else "InsufficientPods"
    assert status["conditions"] == [
        {
            "type": "DisruptionAllowed",
            "status": "True" if allowed else "False",
            "reason": reason,
            "message": "",
            "observedGeneration": 3,
            "lastTransitionTime": ago(0),
        }
    ]


def test_the_moment_of_the_condition_stays_while_it_does() -> None:
    first = compute_status(budget(minAvailable=1), [pod("a"), pod("b")], 2, NOW - 60, ago(60)).status
    second = compute_status(budget(first, minAvailable=1), [pod("a"), pod("b"), pod("c")], 3, NOW, ago(0)).status
    third = compute_status(budget(second, minAvailable=1), [pod("a")], 1, NOW, ago(0)).status
    assert [status["conditions"][0]["lastTransitionTime"] for status in (first, second, third)] == [
        ago(60),
        ago(60),
        ago(0),
    ]


@pytest.mark.parametrize(
    ("away", "healthy", "kept", "late", "recheck"),
    [
        (0, 1, True, False, 120.0),
        (119, 1, True, False, 1.0),
        (120, 1, True, False, 0.0),
        (121, 2, False, True, None),
    ],
)
def test_an_evicted_pod_counts_as_away_for_two_minutes(
    away: float, healthy: int, kept: bool, late: bool, recheck: float | None
) -> None:
    given = budget({"disruptedPods": {"a": ago(away), "gone": ago(1)}}, minAvailable=1)
    decision = compute_status(given, [pod("a"), pod("b")], 2, NOW, ago(0))
    assert decision.status["currentHealthy"] == healthy
    assert decision.status.get("disruptedPods") == ({"a": ago(away)} if kept else None)
    assert [item["metadata"]["name"] for item in decision.not_deleted] == (["a"] if late else [])
    assert decision.recheck_seconds == recheck


@pytest.mark.parametrize(
    ("condition", "phase", "deleting", "seconds"),
    [
        ({"status": "True"}, "Running", False, 60.0),
        ({"status": "True"}, "Running", True, None),
        ({"status": "True"}, "Failed", False, None),
        ({"status": "False"}, "Running", False, None),
        ({"status": "True", "reason": "TerminationByKubelet"}, "Running", False, None),
    ],
)
def test_when_a_target_is_none_any_more(condition: Object, phase: str, deleting: bool, seconds: float | None) -> None:
    target = pod("a", deleting=deleting)
    target["status"] = {
        "phase": phase,
        "conditions": [{"type": "DisruptionTarget", "lastTransitionTime": ago(60), **condition}],
    }
    assert stale_in(target, NOW) == seconds


def test_a_selector_as_go_writes_it() -> None:
    selector = {"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]}
    assert selector_text(selector) == (
        "&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{"
        "LabelSelectorRequirement{Key:c,Operator:Exists,Values:[],},},}"
    )
