"""PriorityClasses."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "scheduling.priorityclass"


@pytest.mark.parametrize(
    ("name", "body", "fault"),
    [
        ("x", {"value": -10}, ""),
        ("system-node-critical", {"value": 2000001000}, ""),
        (
            "x",
            {"value": 2000000000},
            "value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
        ),
        ("system-x", {"value": 1}, "error: system-x is not a known system priority class"),
        (
            "system-cluster-critical",
            {"value": 1},
            "error: value of system-cluster-critical PriorityClass must be 2000000000",
        ),
        (
            "x",
            {"value": 1, "preemptionPolicy": "Always"},
            'preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"',
        ),
    ],
)
def test_faults(bench, name: str, body: dict[str, Any], fault: str) -> None:
    faults = bench.faults({"metadata": {"name": name}, **body})
    assert len(faults) == bool(fault)
    assert all(text.endswith(fault) for text in faults)


def test_only_the_description_changes_and_the_generation_never(bench) -> None:
    old = bench.create({"value": 5})
    assert bench.update_faults(old, {"value": 6}) == ["value: Forbidden: may not be changed in an update."]
    new = bench.update(old, {"description": "d"})
    assert not bench.kind.strategy.generation_changes(new, old)
