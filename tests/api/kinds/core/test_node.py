"""Nodes: networks, taints, cells."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "core.node"


def test_a_node_brings_its_status_and_what_can_be_allocated_follows_capacity(bench) -> None:
    obj = bench.create({"status": {"capacity": {"cpu": "4"}, "config": {}}, "spec": {"podCIDR": "10.244.1.0/24"}})
    assert obj["status"]["allocatable"] == {"cpu": "4"}
    assert obj["spec"]["podCIDRs"] == ["10.244.1.0/24"]
    assert "config" not in obj["status"]


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        (
            {"taints": [{"key": "a", "effect": "NoWork"}]},
            [
                'metadata.taints[0].effect: Unsupported value: "NoWork": supported values: "NoSchedule",'
                ' "PreferNoSchedule", "NoExecute"'
            ],
        ),
        (
            {"taints": [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "value": "2", "effect": "NoSchedule"}]},
            [
                'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"2","Effect":"NoSchedule","TimeAdded":null}:'
                " taints must be unique by key and effect pair"
            ],
        ),
        (
            {"podCIDRs": ["10.0.0.0/24", "10.1.0.0/24"]},
            [
                'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]:'
                " may specify no more than one CIDR for each IP family"
            ],
        ),
    ],
)
def test_faults(bench, spec: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults({"spec": spec}) == faults


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"podCIDR": "10.9.0.0/24"},
            'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
        ),
        ({"externalID": "e", "podCIDR": "10.250.3.0/24"}, "spec.externalID: Forbidden: may not be updated"),
    ],
)
def test_what_may_not_change(bench, change: dict[str, Any], fault: str) -> None:
    old = bench.create({"spec": {"podCIDR": "10.250.3.0/24"}})
    assert bench.update_faults(old, {"spec": change}) == [fault]


def test_ordinary_writes_keep_the_status_and_status_writes_the_spec(bench) -> None:
    old = bench.create({"status": {"capacity": {"cpu": "4"}}})
    assert bench.update(old, {"spec": {"unschedulable": True}, "status": {}})["status"] == old["status"]
    new = bench.update(
        old, {"spec": {"unschedulable": True}, "status": {"capacity": {"cpu": "8"}}}, subresource="status"
    )
    assert (new["spec"], new["status"]["capacity"]) == (old["spec"], {"cpu": "8"})


@pytest.mark.parametrize(
    ("ready", "unschedulable", "text"),
    [
        ("True", False, "Ready"),
        ("Unknown", False, "NotReady"),
        ("False", True, "NotReady,SchedulingDisabled"),
        (None, False, "Unknown"),
    ],
)
def test_the_status_cell(bench, ready: str | None, unschedulable: bool, text: str) -> None:
    conditions = [{"type": "Ready", "status": ready}] if ready else []
    obj = bench.create({"spec": {"unschedulable": unschedulable}, "status": {"conditions": conditions}})
    assert bench.cells(obj)["Status"] == text
    assert bench.fields(obj) == {"spec.unschedulable": "true" if unschedulable else "false"}


def test_the_other_cells(bench) -> None:
    info = {"kubeletVersion": "v1.36.0", "osImage": "Linux", "kernelVersion": "6", "architecture": "amd64"}
    labels = {"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "control-plane"}
    address = {"type": "InternalIP", "address": "10.0.0.1"}
    obj = bench.create({"metadata": {"labels": labels}, "status": {"nodeInfo": info, "addresses": [address]}})
    cells = bench.cells(obj)
    assert [cells[name] for name in ("Roles", "Version", "Internal-IP", "External-IP", "OS-Image")] == [
        "control-plane,worker", "v1.36.0", "10.0.0.1", "<none>", "Linux",
    ]  # fmt: skip
    assert (cells["Kernel-Version"], cells["Container-Runtime"]) == ("6 (amd64)", "<unknown>")
