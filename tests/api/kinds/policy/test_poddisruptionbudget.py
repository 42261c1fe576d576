"""PodDisruptionBudgets."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "policy.poddisruptionbudget"


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({}, []),
        ({"minAvailable": "50%"}, []),
        ({"minAvailable": -1}, ["spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"]),
        ({"maxUnavailable": "110%"}, ['spec.maxUnavailable: Invalid value: "110%": must not be greater than 100%']),
        (
            {"minAvailable": 1, "maxUnavailable": 1},
            [
                'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,'
                '"UnhealthyPodEvictionPolicy":null}:'
                " minAvailable and maxUnavailable cannot be both set"
            ],
        ),
    ],
)
def test_faults(bench, spec: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults({"spec": spec}) == faults


def test_cells(bench) -> None:
    cells = bench.cells(bench.create({"spec": {"minAvailable": "50%"}}))
    assert (cells["Min Available"], cells["Max Unavailable"], cells["Allowed Disruptions"]) == ("50%", "N/A", 0)


def test_conditions_of_the_status_are_checked(bench) -> None:
    old = bench.create({})
    faults = bench.update_faults(
        old, {"status": {"conditions": [{"type": "A", "status": "Yes"}]}}, subresource="status"
    )
    assert [text.split(":")[0] for text in faults] == [
        "status.conditions[0].status", "status.conditions[0].lastTransitionTime", "status.conditions[0].reason",
    ]  # fmt: skip
