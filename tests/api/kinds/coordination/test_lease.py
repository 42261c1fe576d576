"""Leases."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "coordination.lease"


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({}, []),
        ({"leaseDurationSeconds": 0}, ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"]),
        ({"leaseTransitions": -1}, ["spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"]),
    ],
)
def test_faults(bench, spec: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults({"spec": spec}) == faults


def test_coordinated_leader_election_is_off(bench) -> None:
    obj = bench.create({"spec": {"holderIdentity": "me", "strategy": "Oldest", "preferredHolder": "you"}})
    assert obj["spec"] == {"holderIdentity": "me"}
    assert bench.cells(obj)["Holder"] == "me"
