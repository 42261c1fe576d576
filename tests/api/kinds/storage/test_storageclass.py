"""StorageClasses, and the classes that ask the same of their parameters."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "storage.storageclass"


def test_defaults_and_cells(bench) -> None:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    obj = bench.create({"metadata": {"annotations": annotations}, "provisioner": "example.com/p"})
    cells = bench.cells(obj)
    assert [cells[name] for name in ("Name", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion")] == [
        "x (default)", "Delete", "Immediate", False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, ["provisioner: Required value"]),
        ({"provisioner": "a", "parameters": {"": "x"}}, ['parameters: Invalid value: "": field can not be empty.']),
        (
            {"provisioner": "a", "reclaimPolicy": "Recycle"},
            ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'],
        ),
        (
            {
                "provisioner": "a",
                "allowedTopologies": [{"matchLabelExpressions": [{"key": "z", "values": ["a", "a"]}]}],
            },
            ['allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"'],
        ),
    ],
)
def test_faults(bench, body: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults(body) == faults


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"provisioner": "b"}, 'provisioner: Invalid value: "b": field is immutable'),
        ({"parameters": {"a": "b"}}, 'parameters: Invalid value: {"a":"b"}: field is immutable'),
        ({"reclaimPolicy": "Retain"}, 'reclaimPolicy: Invalid value: "Retain": field is immutable'),
    ],
)
def test_what_may_not_change(bench, change: dict[str, Any], fault: str) -> None:
    assert bench.update_faults(bench.create({"provisioner": "a"}), change) == [fault]


def test_attributes_classes_need_parameters(benches) -> None:
    bench = benches.make("storage.volumeattributesclass")
    assert bench.faults({"driverName": "d"}) == ["parameters: Required value: must contain at least one key/value pair"]
    old = bench.create({"driverName": "d", "parameters": {"a": "b"}})
    text = "parameters: Forbidden: updates to parameters are forbidden."
    assert bench.update_faults(old, {"parameters": {"a": "c"}}) == [text]
