"""LimitRanges: defaults and amounts that must fit."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "core.limitrange"


@pytest.mark.parametrize(
    ("limit", "default", "request_"),
    [
        ({"max": {"cpu": "1"}}, {"cpu": "1"}, {"cpu": "1"}),
        ({"min": {"cpu": "1"}}, None, {"cpu": "1"}),
        ({"default": {"cpu": "2"}, "min": {"cpu": "1"}, "max": {"cpu": "3"}}, {"cpu": "2"}, {"cpu": "2"}),
        ({"default": {"cpu": "2"}, "defaultRequest": {"cpu": "1"}}, {"cpu": "2"}, {"cpu": "1"}),
    ],
)
def test_defaults_of_containers(bench, limit: Any, default: Any, request_: Any) -> None:
    made = bench.create({"spec": {"limits": [{"type": "Container", **limit}]}})["spec"]["limits"][0]
    assert (made.get("default"), made.get("defaultRequest")) == (default, request_)


@pytest.mark.parametrize(
    ("limits", "faults"),
    [
        (
            [{"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}}],
            [
                'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
                'spec.limits[0].defaultRequest[cpu]: Invalid value: "1":'
                " min value 2 is greater than default request value 1",
                'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
            ],
        ),
        (
            [{"type": "Pod", "default": {"cpu": "1"}}, {"type": "Pod"}],
            [
                "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
                'spec.limits[1].type: Duplicate value: "Pod"',
            ],
        ),
        (
            [{"type": "PersistentVolumeClaim"}],
            [
                "spec.limits[0].limits: Required value:"
                " either minimum or maximum storage value is required, but neither was provided"
            ],
        ),
        (
            [{"type": "Pod", "min": {"cpu": "1"}, "max": {"cpu": "2"}, "maxLimitRequestRatio": {"cpu": "3"}}],
            [
                'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3":'
                " ratio 3 is greater than max/min = 2.000000"
            ],
        ),
    ],
)
def test_faults(bench, limits: list[dict[str, Any]], faults: list[str]) -> None:
    assert bench.faults({"spec": {"limits": limits}}) == faults
