"""EndpointSlices: addresses, ports, hints, generation."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

KIND_MODULE = "discovery.endpointslice"


def slice_of(*addresses: str, family: str = "IPv4", **endpoint: Any) -> dict[str, Any]:
    return {"addressType": family, "endpoints": [{"addresses": list(addresses), **endpoint}], "ports": [{"port": 80}]}


def test_ports_have_names_and_protocols(bench) -> None:
    assert bench.create(slice_of("10.0.0.1"))["ports"] == [{"name": "", "port": 80, "protocol": "TCP"}]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"addressType": "IPv4", "endpoints": None, "ports": None}, []),
        (slice_of("10.0.0.1", family=""), ["addressType: Required value"]),
        (slice_of(), ["endpoints[0].addresses: Required value: must contain at least 1 address"]),
        (
            slice_of("2001:db8::1"),
            ['endpoints[0].addresses: Invalid value: "2001:db8::1": must be an IPv4 address'],
        ),
        (
            slice_of("127.0.0.1"),
            [
                'endpoints[0].addresses[0]: Invalid value: "127.0.0.1":'
                " may not be in the loopback range (127.0.0.0/8, ::1/128)"
            ],
        ),
        (
            slice_of("host", family="FQDN"),
            [
                'endpoints[0].addresses[0]: Invalid value: "host":'
                " should be a domain with at least two segments separated by dots"
            ],
        ),
        (
            {**slice_of("10.0.0.1"), "ports": [{"port": 80}, {"port": 81}]},
            ['ports[1].name: Duplicate value: ""'],
        ),
        (
            slice_of("10.0.0.1", hints={"forZones": [{"name": "z"}, {"name": "z"}]}),
            ['endpoints[0].hints.forZones[1].name: Duplicate value: "z"'],
        ),
        (
            slice_of(*["10.0.0.1"] * 101),
            ["endpoints[0].addresses: Too many: 101: must have at most 100 items"],
        ),
    ],
)
def test_faults(bench, body: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults(body) == faults


def test_the_pods_own_loopback_block_is_exempt(benches) -> None:
    bench = benches.make(KIND_MODULE, pod_loopback_block=ipaddress.ip_network("127.64.8.0/24"))
    assert bench.faults(slice_of("127.64.8.7")) == []
    assert bench.faults(slice_of("127.64.9.7")) != []


def test_the_address_type_is_immutable(bench) -> None:
    old = bench.create(slice_of("10.0.0.1"))
    faults = bench.update_faults(old, slice_of("2001:db8::1", family="IPv6"))
    assert faults == ['addressType: Invalid value: "IPv6": field is immutable']


def test_labels_count_in_the_generation(bench) -> None:
    old = bench.create(slice_of("10.0.0.1"))
    changes = bench.kind.strategy.generation_changes
    assert changes(bench.update(old, {"metadata": {"labels": {"a": "b"}}}), old)
    assert not changes(bench.update(old, {"metadata": {"annotations": {"a": "b"}}}), old)


def test_cells(bench) -> None:
    cells = bench.cells(bench.create(slice_of("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")))
    assert (cells["Ports"], cells["Endpoints"]) == ("80", "10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...")
    assert bench.cells(bench.create({"addressType": "IPv4", "endpoints": []}))["Endpoints"] == "<unset>"
