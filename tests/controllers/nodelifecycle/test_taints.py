"""Which taints and labels go with what a node says of itself."""

from __future__ import annotations

import pytest

from minikube_lite.controllers.nodelifecycle.taints import label_changes, no_schedule_changes, with_taints
from minikube_lite.store import Object

PREFIX = "node.kubernetes.io/"


def node(*conditions: tuple[str, str], taints: tuple[str, ...] = (), unschedulable: bool = False) -> Object:
    spec: Object = {"taints": [{"key": PREFIX + key, "effect": "NoSchedule"} for key in taints]}
    if unschedulable:
        spec["unschedulable"] = True
    found = [{"type": condition_type, "status": status} for condition_type, status in conditions]
    return {"metadata": {"name": "n", "labels": {}}, "spec": spec, "status": {"conditions": found}}


@pytest.mark.parametrize(
    ("subject", "add", "remove"),
    [
        (node(("Ready", "True")), [], []),
        (node(("Ready", "True"), taints=("not-ready",)), [], ["not-ready"]),
        (node(taints=("not-ready",)), [], ["not-ready"]),
        (node(("Ready", "False")), ["not-ready"], []),
        (node(("Ready", "Unknown"), taints=("not-ready",)), ["unreachable"], ["not-ready"]),
        (node(("Ready", "Unknown"), taints=("unreachable",)), [], []),
        (node(("MemoryPressure", "True"), ("DiskPressure", "True")), ["memory-pressure", "disk-pressure"], []),
        (node(("PIDPressure", "Unknown")), [], []),
        (node(("NetworkUnavailable", "True")), ["network-unavailable"], []),
        (node(unschedulable=True), ["unschedulable"], []),
        (node(taints=("unschedulable",)), [], ["unschedulable"]),
        (node(taints=("out-of-service",)), [], []),
    ],
)
def test_no_schedule_taints(subject, add, remove):
    found = no_schedule_changes(subject)
    assert tuple([taint["key"].removeprefix(PREFIX) for taint in part] for part in found) == (add, remove)


def test_labels_of_old():
    subject = node()
    subject["metadata"]["labels"] = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64"}
    assert label_changes(subject) == {"beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "arm64"}
    subject["metadata"]["labels"].update(label_changes(subject))
    assert label_changes(subject) == {}


def test_a_taint_that_is_there_stays_as_it_is():
    old = {"key": "a", "effect": "NoExecute", "timeAdded": "then"}
    assert with_taints([old], [{"key": "a", "effect": "NoExecute", "timeAdded": "now"}], []) == [old]
    assert with_taints([old], [], [{"key": "a", "effect": "NoSchedule"}]) == [old]
    assert with_taints([old], [], [{"key": "a", "effect": "NoExecute"}]) == []
