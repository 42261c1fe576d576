"""ServiceCIDRs and IPAddresses."""

from __future__ import annotations


def test_service_networks(benches) -> None:
    bench = benches.make("networking.servicecidr")
    assert bench.faults({}) == ["spec.cidrs: Required value: at least one CIDR required"]
    old = bench.create({"spec": {"cidrs": ["10.0.0.0/16"]}})
    assert bench.cells(old)["CIDRs"] == "10.0.0.0/16"
    assert bench.update(old, {"spec": {"cidrs": ["10.0.0.0/16", "fd00::/64"]}})
    assert bench.update_faults(old, {"spec": {"cidrs": ["10.1.0.0/16"]}}) == [
        'spec.cidrs[0]: Invalid value: "10.1.0.0/16": field is immutable'
    ]


def test_addresses(benches) -> None:
    bench = benches.make("networking.ipaddress")
    assert bench.faults({}) == ["spec.parentRef: Required value"]
    obj = bench.create({"spec": {"parentRef": {"resource": "services", "namespace": "n", "name": "s"}}})
    assert bench.cells(obj)["ParentRef"] == "services/n/s"
    assert bench.kind.name_check is not None
    assert bench.kind.name_check("10.0.0.1", False) == []
    assert bench.kind.name_check("x", False) != []
