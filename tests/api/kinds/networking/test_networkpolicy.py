"""NetworkPolicies."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "networking.networkpolicy"


@pytest.mark.parametrize(("spec", "types"), [({}, ["Ingress"]), ({"egress": [{}]}, ["Ingress", "Egress"])])
def test_default_types(bench, spec: dict[str, Any], types: list[str]) -> None:
    assert bench.create({"spec": spec})["spec"]["policyTypes"] == types


def rule(**parts: Any) -> dict[str, Any]:
    return {"spec": {"ingress": [parts]}}


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (rule(**{"from": [{}]}), ["spec.ingress[0].from[0]: Required value: must specify a peer"]),
        (
            rule(**{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]}),
            [
                'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16":'
                " must be a strict subset of `cidr`"
            ],
        ),
        (
            rule(ports=[{"port": 80, "endPort": 70}]),
            ["spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`"],
        ),
        (
            rule(ports=[{"endPort": 9}]),
            ["spec.ingress[0].ports[0].endPort: Invalid value: 9: may not be specified when `port` is not specified"],
        ),
    ],
)
def test_faults(bench, body: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults(body) == faults


def test_ports_are_tcp(bench) -> None:
    obj = bench.create(rule(ports=[{"port": "http"}]))
    assert obj["spec"]["ingress"][0]["ports"] == [{"port": "http", "protocol": "TCP"}]
    assert bench.cells(obj)["Pod-Selector"] == "<none>"
