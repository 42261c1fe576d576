"""Endpoints: addresses, ports, cells."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

KIND_MODULE = "core.endpoints"


def endpoints(*addresses: str, ports: Any = ({"port": 80},)) -> dict[str, Any]:
    return {"subsets": [{"addresses": [{"ip": address} for address in addresses], "ports": list(ports)}]}


def test_loopback_is_refused_but_for_the_pods_own_block(benches) -> None:
    fault = [
        'subsets[0].addresses[0].ip: Invalid value: "127.64.8.7":'
        " may not be in the loopback range (127.0.0.0/8, ::1/128)"
    ]
    assert benches.make(KIND_MODULE).faults(endpoints("127.64.8.7")) == fault
    block = ipaddress.ip_network("127.64.8.0/24")
    assert benches.make(KIND_MODULE, pod_loopback_block=block).faults(endpoints("127.64.8.7")) == []


def test_ports_have_protocols_and_names_when_there_are_several(bench) -> None:
    assert bench.create(endpoints("10.0.0.1"))["subsets"][0]["ports"] == [{"port": 80, "protocol": "TCP"}]
    faults = bench.faults(endpoints("10.0.0.1", ports=[{"port": 80}, {"name": "b", "port": 0}]))
    assert faults == [
        "subsets[0].ports[0].name: Required value",
        "subsets[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive",
    ]


def test_what_stood_there_is_not_checked_again(bench) -> None:
    old = bench.create(endpoints("10.0.0.1"))
    bad = {**old, "subsets": endpoints("127.0.0.1", ports=[{"port": 80, "protocol": "TCP"}])["subsets"]}
    assert bench.update_faults(bad, {"metadata": {"labels": {"a": "b"}}}) == []
    assert bench.update_faults(old, endpoints("127.0.0.1")) != []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "<none>"),
        (endpoints("10.0.0.1", "2001:db8::1"), "10.0.0.1:80,[2001:db8::1]:80"),
        (endpoints("10.0.0.1", ports=()), "10.0.0.1"),
        (endpoints("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"), "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more..."),
    ],
)
def test_the_endpoints_cell(bench, body: dict[str, Any], text: str) -> None:
    assert bench.cells(bench.create(body))["Endpoints"] == text
