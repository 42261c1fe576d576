"""ResourceQuotas: names, amounts, scopes."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "core.resourcequota"


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({"hard": {"pods": "10", "requests.nvidia.com/gpu": "4", "count/leases.coordination.k8s.io": "1"}}, []),
        ({"hard": {"pods": "-1"}}, ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0']),
        ({"hard": {"pods": "1500m"}}, ['spec.hard[pods]: Invalid value: "1500m": must be an integer']),
        ({"hard": {"pods": "1"}, "scopes": ["BestEffort", "NotTerminating"]}, []),
        (
            {"hard": {"services": "1"}, "scopes": ["BestEffort"]},
            ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
        ),
        (
            {"hard": {"pods": "1"}, "scopes": ["BestEffort", "NotBestEffort"]},
            ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes'],
        ),
        (
            {"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In"}]}},
            [
                "spec.scopeSelector.matchExpressions.values: Required value:"
                " must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            ],
        ),
    ],
)
def test_faults(bench, spec: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults({"spec": spec}) == faults


def test_scopes_are_immutable(bench) -> None:
    old = bench.create({"spec": {"hard": {"pods": "1"}}})
    text = 'spec.scopes: Invalid value: ["Terminating"]: field is immutable'
    assert bench.update_faults(old, {"spec": {"hard": {"pods": "1"}, "scopes": ["Terminating"]}}) == [text]


def test_cells_show_used_and_allowed(bench) -> None:
    amounts = {"pods": "10", "limits.cpu": "4", "requests.cpu": "2"}
    old = bench.create({"spec": {"hard": amounts}})
    new = bench.update(old, {"status": {"hard": amounts, "used": {"pods": "3"}}}, subresource="status")
    cells = bench.cells(new)
    assert (cells["Request"], cells["Limit"]) == ("pods: 3/10, requests.cpu: 0/2", "limits.cpu: 0/4")
