"""When a pod has to leave: a table."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.tainteviction.decide import Eviction, decide, no_execute_taints, toleration_seconds

LOST = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}
OTHER = {"key": "example.com/other", "effect": "NoExecute"}
FIVE_MINUTES = {"key": LOST["key"], "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
ONE_MINUTE = {"key": OTHER["key"], "operator": "Exists", "tolerationSeconds": 60}
FOR_EVER = {"operator": "Exists"}
NOT_AT_ALL = {"key": LOST["key"], "operator": "Exists", "tolerationSeconds": -5}


@pytest.mark.parametrize(
    ("taints", "tolerations", "seconds"),
    [
        ([], [], None),
        ([LOST], [], 0),
        ([LOST], [FIVE_MINUTES], 300),
        ([LOST], [NOT_AT_ALL], 0),
        ([LOST], [FOR_EVER], None),
        ([LOST], [FOR_EVER, FIVE_MINUTES], None),
        ([LOST], [FIVE_MINUTES, FOR_EVER], 300),
        ([LOST, OTHER], [FIVE_MINUTES], 0),
        ([LOST, OTHER], [FIVE_MINUTES, ONE_MINUTE], 60),
        ([LOST, OTHER], [FIVE_MINUTES, FOR_EVER], 300),
    ],
)
def test_how_long_a_pod_may_stay(taints: Any, tolerations: Any, seconds: float | None) -> None:
    assert toleration_seconds(taints, tolerations) == seconds


@pytest.mark.parametrize(
    ("tolerations", "planned", "now", "wanted"),
    [
        ([], None, 10, Eviction(10, 10)),
        ([FIVE_MINUTES], None, 10, Eviction(10, 310)),
        ([FIVE_MINUTES], Eviction(10, 310), 200, Eviction(10, 310)),
        ([ONE_MINUTE, FIVE_MINUTES], Eviction(10, 100), 99, Eviction(10, 100)),
        ([FIVE_MINUTES], Eviction(10, 310), 400, Eviction(10, 310)),
        ([], Eviction(10, 310), 200, Eviction(200, 200)),
        ([], Eviction(10, 10), 200, Eviction(10, 10)),
        ([FOR_EVER], Eviction(10, 310), 200, None),
    ],
)
def test_a_plan_is_put_off_by_nothing(tolerations: Any, planned: Eviction | None, now: float, wanted: Any) -> None:
    assert decide([LOST], {"spec": {"tolerations": tolerations}}, planned, now) == wanted


def test_only_no_execute_counts() -> None:
    node = {"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}, LOST]}}
    assert no_execute_taints(node) == [LOST]
    assert no_execute_taints(None) == no_execute_taints({"spec": {}}) == []
