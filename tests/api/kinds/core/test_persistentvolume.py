"""PersistentVolumes: defaults, rules, immutability, warnings."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "core.persistentvolume"


def volume(**spec: Any) -> dict[str, Any]:
    source = {} if "source" in spec else {"hostPath": {"path": "/tmp/x"}}
    spec.pop("source", None)
    return {"spec": {"capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"], **source, **spec}}


def test_defaults_and_phase(bench) -> None:
    obj = bench.create({**volume(), "status": {"phase": "Bound"}})
    assert obj["status"] == {"phase": "Pending", "lastPhaseTransitionTime": bench.clock.timestamp()}
    assert obj["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert obj["spec"]["volumeMode"] == "Filesystem"
    assert obj["spec"]["hostPath"] == {"path": "/tmp/x", "type": ""}


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({"source": None}, ["spec: Required value: must specify a volume type"]),
        ({"nfs": {"server": "s", "path": "/p"}}, ["spec.nfs: Forbidden: may not specify more than 1 volume type"]),
        ({"hostPath": {"path": "/a/../b"}}, ["spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"]),
        (
            {"source": None, "local": {"path": "/x"}},
            ["spec.nodeAffinity: Required value: Local volume requires node affinity"],
        ),
        (
            {"capacity": {}},
            ["spec.capacity: Required value", 'spec.capacity: Unsupported value: null: supported values: "storage"'],
        ),
        (
            {"accessModes": ["ReadWriteOncePod", "ReadOnlyMany"]},
            ["spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"],
        ),
        (
            {"hostPath": {"path": "/"}, "persistentVolumeReclaimPolicy": "Recycle"},
            ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
        ),
        (
            {"source": None, "csi": {"driver": "d.example.com"}},
            ["spec.csi.volumeHandle: Required value"],
        ),
    ],
)
def test_faults(bench, spec: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults(volume(**spec)) == faults


def test_the_source_is_immutable_and_the_difference_is_shown(bench) -> None:
    faults = bench.update_faults(bench.create(volume()), volume(hostPath={"path": "/other"}))
    assert len(faults) == 1
    assert faults[0].startswith(
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation"
    )
    assert '-  "Path": "/tmp/x",\n+  "Path": "/other",\n' in faults[0]


def test_what_may_change(bench) -> None:
    old = bench.create(volume())
    assert bench.update(old, volume(capacity={"storage": "6Gi"}, accessModes=["ReadOnlyMany"]))
    assert bench.update_faults(old, volume(volumeMode="Block")) == [
        'volumeMode: Invalid value: "Block": field is immutable'
    ]


def test_the_phase_has_a_time(bench) -> None:
    old = bench.create(volume())
    same = bench.update(old, {"status": {"phase": "Pending"}}, subresource="status")
    assert same["status"]["lastPhaseTransitionTime"] == old["status"]["lastPhaseTransitionTime"]
    bench.pass_time(60)
    new = bench.update(old, {"status": {"phase": "Available"}}, subresource="status")
    assert (
        new["status"]["lastPhaseTransitionTime"] == bench.clock.timestamp() != old["status"]["lastPhaseTransitionTime"]
    )


def test_recycling_is_deprecated(bench) -> None:
    bench.create(volume(persistentVolumeReclaimPolicy="Recycle"))
    assert bench.warnings == [
        "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated."
        " Instead, the recommended approach is to use dynamic provisioning."
    ]


def test_cells(bench) -> None:
    obj = bench.create(volume(claimRef={"namespace": "n", "name": "c"}, accessModes=["ReadOnlyMany", "ReadWriteOnce"]))
    cells = bench.cells(obj)
    shown = ("Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim", "VolumeMode")
    assert [cells[name] for name in shown] == [
        "5Gi", "RWO,ROX", "Retain", "Pending", "n/c", "Filesystem",
    ]  # fmt: skip
    assert cells["VolumeAttributesClass"] == "<unset>"
