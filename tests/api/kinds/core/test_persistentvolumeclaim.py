"""PersistentVolumeClaims: data sources, immutability, sizes."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "core.persistentvolumeclaim"


def claim(size: str = "1Gi", **spec: Any) -> dict[str, Any]:
    return {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}}


def test_a_new_claim_is_pending(bench) -> None:
    obj = bench.create({**claim(), "status": {"phase": "Bound"}})
    assert (obj["status"], obj["spec"]["volumeMode"]) == ({"phase": "Pending"}, "Filesystem")


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        ({"dataSource": {"kind": "PersistentVolumeClaim", "name": "s"}}, True),
        ({"dataSource": {"kind": "Pod", "name": "s"}}, False),
        ({"dataSourceRef": {"apiGroup": "x.example", "kind": "Y", "name": "s"}}, True),
        ({"dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "s", "namespace": "other"}}, False),
    ],
)
def test_data_sources_are_mirrored_or_dropped(bench, spec: dict[str, Any], kept: bool) -> None:
    made = bench.create(claim(**spec))["spec"]
    if kept:
        assert made["dataSource"] == made["dataSourceRef"] and made["dataSource"]["name"] == "s"
    else:
        assert not {"dataSource", "dataSourceRef"}.intersection(made)


def test_the_spec_is_immutable_and_the_difference_is_shown(bench) -> None:
    faults = bench.update_faults(bench.create(claim()), claim("2Gi"))
    assert faults == [
        "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for"
        ' bound claims\n@@ -6,7 +6,7 @@\n  "Resources": {\n   "Limits": null,\n   "Requests": {\n-   "storage": "1Gi"\n'
        '+   "storage": "2Gi"\n   }\n  },\n  "VolumeName": "",\n'
    ]


def test_a_bound_claim_may_grow_but_not_shrink(bench) -> None:
    old = bench.create(claim("2Gi", volumeName="v"))
    bound = bench.update(old, {"status": {"phase": "Bound", "capacity": {"storage": "2Gi"}}}, subresource="status")
    assert bench.update(bound, claim("3Gi", volumeName="v"))
    text = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
    assert bench.update_faults(bound, claim("1Gi", volumeName="v")) == [text]


def test_a_volume_and_a_first_class_may_be_named_later(bench) -> None:
    old = bench.create(claim())
    assert bench.update(old, claim(volumeName="v", storageClassName="c"))
    assert bench.update_faults(bench.create(claim(storageClassName="c")), claim(storageClassName="d")) != []


def test_warnings(bench) -> None:
    bench.create({"metadata": {"annotations": {"volume.beta.kubernetes.io/storage-class": "x"}}, **claim("1500m")})
    assert [text.split(":")[0] for text in bench.warnings] == [
        "metadata.annotations[volume.beta.kubernetes.io/storage-class]",
        "spec.resources.requests[storage]",
    ]


def test_cells_show_the_bound_volume_only(bench) -> None:
    old = bench.create(claim(storageClassName="c"))
    assert bench.cells(old)["Capacity"] == "" and bench.cells(old)["StorageClass"] == "c"
    status = {"phase": "Bound", "capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"]}
    bound = bench.update(
        bench.update(old, {"spec": {**old["spec"], "volumeName": "v"}}), {"status": status}, subresource="status"
    )
    cells = bench.cells(bound)
    assert [cells[name] for name in ("Status", "Volume", "Capacity", "Access Modes")] == ["Bound", "v", "5Gi", "RWO"]
