"""RuntimeClasses."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "node.runtimeclass"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"handler": "runsc"}, []),
        ({}, ["handler: Required value"]),
        (
            {"handler": "h", "overhead": {"podFixed": {"cpu": "-1"}}},
            ['overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
        ),
        (
            {"handler": "h", "scheduling": {"tolerations": [{"key": "k", "operator": "Exists"}] * 2}},
            [
                'scheduling.tolerations[1]: Duplicate value: {"Key":"k","Operator":"Exists","Value":"","Effect":"",'
                '"TolerationSeconds":null}'
            ],
        ),
    ],
)
def test_faults(bench, body: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults(body) == faults


def test_the_handler_stays(bench) -> None:
    old = bench.create({"handler": "runsc", "scheduling": {"nodeSelector": {"beta.kubernetes.io/os": "linux"}}})
    assert bench.warnings == ['scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead']
    assert bench.update_faults(old, {"handler": "kata"}) == ['handler: Invalid value: "kata": field is immutable']
