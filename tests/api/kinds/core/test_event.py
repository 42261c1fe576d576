"""Events of the core group."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "core.event"
POD = {"kind": "Pod", "namespace": "default", "name": "p"}


def test_hardly_anything_is_checked(bench) -> None:
    assert bench.faults({"involvedObject": POD}) == []
    assert bench.faults({"involvedObject": {**POD, "namespace": "other"}}) == [
        'involvedObject.namespace: Invalid value: "other": does not match event.namespace'
    ]


def test_with_a_time_of_its_own_more_is_asked(bench) -> None:
    faults = bench.faults({"involvedObject": POD, "eventTime": "2026-01-02T03:04:05.000000Z"})
    required = [text.split(":")[0] for text in faults if "Required" in text]
    assert required == ["reportingComponent", "reportingInstance", "action", "reason"]


@pytest.mark.parametrize(
    ("body", "cells"),
    [
        ({}, {"Last Seen": "<unknown>", "Count": 1, "Object": "pod/p"}),
        ({"lastTimestamp": "2026-01-01T00:00:00Z", "count": 3}, {"First Seen": "<unknown>", "Count": 3}),
        (
            {"source": {"component": "kubelet", "host": "n"}, "message": " m\n"},
            {"Source": "kubelet, n", "Message": "m"},
        ),
        (
            {"series": {"count": 7, "lastObservedTime": None}, "reportingComponent": "c"},
            {"Count": 7, "Source": "c", "Last Seen": "<unknown>"},
        ),
    ],
)
def test_cells(bench, body: dict[str, Any], cells: dict[str, Any]) -> None:
    shown = bench.cells(bench.create({"involvedObject": POD, **body}))
    assert {name: shown[name] for name in cells} == cells


def test_selectable_fields(bench) -> None:
    fields = bench.fields(bench.create({"involvedObject": POD, "reason": "R", "reportingComponent": "c"}))
    assert (fields["involvedObject.name"], fields["reason"], fields["source"]) == ("p", "R", "c")
