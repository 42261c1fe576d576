"""HorizontalPodAutoscalers: defaults, metrics, the older form."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "autoscaling.horizontalpodautoscaler"
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}


def autoscaler(**spec: Any) -> dict[str, Any]:
    return {"spec": {"scaleTargetRef": TARGET, "maxReplicas": 5, **spec}}


def test_defaults(bench) -> None:
    spec = bench.create(autoscaler(behavior={"scaleUp": {"selectPolicy": "Min"}}))["spec"]
    assert spec["minReplicas"] == 1
    assert spec["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 80}
    assert spec["behavior"]["scaleUp"]["selectPolicy"] == "Min" and len(spec["behavior"]["scaleUp"]["policies"]) == 2
    assert spec["behavior"]["scaleDown"]["policies"] == [{"type": "Percent", "value": 100, "periodSeconds": 15}]


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({"minReplicas": 9}, ["spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`"]),
        (
            {"minReplicas": 0},
            [
                "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
                "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to"
                " zero replicas",
            ],
        ),
        (
            {"scaleTargetRef": {"kind": "D", "name": "n"}},
            ['spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group'],
        ),
        (
            {"metrics": [{"type": "Resource"}]},
            ["spec.metrics[0].resource: Required value: must populate information for the given metric source"],
        ),
        (
            {
                "metrics": [
                    {"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"type": "Value", "value": "1"}}}
                ]
            },
            ["spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue"],
        ),
    ],
)
def test_faults(bench, spec: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults(autoscaler(**spec)) == faults


def test_cells(bench) -> None:
    cells = bench.cells(bench.create(autoscaler()))
    assert [cells[name] for name in ("Reference", "Targets", "MinPods", "MaxPods", "Replicas")] == [
        "Deployment/d", "cpu: <unknown>/80%", "1", 5, 0,
    ]  # fmt: skip
