"""The kinds of CSI drivers: CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment."""

from __future__ import annotations


def test_drivers_have_defaults_and_no_generation_at_first(benches) -> None:
    bench = benches.make("storage.csidriver")
    obj = bench.create({"metadata": {"generation": 1}})
    assert obj["spec"]["volumeLifecycleModes"] == ["Persistent"] and obj["spec"]["attachRequired"] is True
    assert "generation" not in obj["metadata"]
    cells = bench.cells(obj)
    assert (cells["Modes"], cells["TokenRequests"], cells["AttachRequired"]) == ("Persistent", "<unset>", True)


def test_faults_of_drivers(benches) -> None:
    bench = benches.make("storage.csidriver")
    assert bench.faults({"spec": {"tokenRequests": [{"audience": ""}, {"audience": ""}]}}) == [
        'spec.tokenRequests[1].audience: Duplicate value: ""'
    ]
    faults = bench.update_faults(bench.create({}), {"spec": {"attachRequired": False}})
    assert faults == ["spec.attachedRequired: Invalid value: false: field is immutable"]


def test_nodes_keep_the_drivers_they_have(benches) -> None:
    bench = benches.make("storage.csinode")
    old = bench.create({"spec": {"drivers": [{"name": "d", "nodeID": "n"}]}})
    assert bench.cells(old)["Drivers"] == 1
    assert bench.update(old, {"spec": {"drivers": [{"name": "d", "nodeID": "n", "allocatable": {"count": 3}}]}})
    assert bench.update_faults(old, {"spec": {"drivers": [{"name": "d", "nodeID": "m"}]}}) == [
        'spec.drivers: Invalid value: {"Name":"d","NodeID":"m","TopologyKeys":null,"Allocatable":null}:'
        " field is immutable"
    ]


def test_capacities_are_of_one_class(benches) -> None:
    bench = benches.make("storage.csistoragecapacity")
    old = bench.create({"storageClassName": "a", "capacity": "1Gi"})
    assert bench.update_faults(old, {"storageClassName": "b"}) == [
        'storageClassName: Invalid value: "b": field is immutable'
    ]
    assert bench.cells(old)["Capacity"] == "1Gi"


def test_attachments(benches) -> None:
    bench = benches.make("storage.volumeattachment")
    spec = {"attacher": "d.example.com", "nodeName": "n", "source": {"persistentVolumeName": "v"}}
    old = bench.create({"spec": spec})
    assert old["status"] == {"attached": False}
    shown = '{"Attacher":"d.example.com","Source":{"PersistentVolumeName":"v","InlineVolumeSpec":null},"NodeName":"m"}'
    assert bench.update_faults(old, {"spec": {**spec, "nodeName": "m"}}) == [
        f"spec: Invalid value: {shown}: field is immutable"
    ]
    assert bench.update(old, {"status": {"attached": True}}, subresource="status")["status"] == {"attached": True}
    assert bench.faults({"spec": {"attacher": "", "nodeName": "n", "source": {}}}) == [
        "spec.attacher: Required value",
        "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
    ]
