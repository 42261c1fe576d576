"""Namespaces: label, finalizer, phase."""

from __future__ import annotations

import pytest

KIND_MODULE = "core.namespace"


def test_a_new_namespace_is_labelled_active_and_held(bench) -> None:
    obj = bench.create({"spec": {"finalizers": ["example.com/mine"]}, "status": {"phase": "Terminating"}})
    assert obj["metadata"]["labels"] == {"kubernetes.io/metadata.name": "x"}
    assert obj["spec"]["finalizers"] == ["example.com/mine", "kubernetes"]
    assert obj["status"] == {"phase": "Active"}
    assert bench.cells(obj) == {"Name": "x", "Status": "Active", "Age": "5s"}
    assert bench.fields(obj) == {"status.phase": "Active", "name": "x"}


def test_finalizers_have_a_domain(bench) -> None:
    text = "name is neither a standard finalizer name nor is it fully qualified"
    assert bench.faults({"spec": {"finalizers": ["k"]}}) == [f'spec.finalizers: Invalid value: "k": {text}']


def test_ordinary_writes_change_neither_finalizers_nor_status(bench) -> None:
    new = bench.update(bench.create({}), {"spec": {"finalizers": []}, "status": {"phase": "Terminating"}})
    assert (new["spec"], new["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})


@pytest.mark.parametrize(("deleted", "phase"), [(False, "Active"), (True, "Terminating")])
def test_the_phase_fits_the_deletion(bench, deleted: bool, phase: str) -> None:
    old = bench.create({})
    metadata = {"deletionTimestamp": "2026-01-02T03:04:05Z"} if deleted else {}
    for candidate in ("Active", "Terminating"):
        change = {"metadata": metadata, "status": {"phase": candidate}}
        assert (bench.update_faults(old, change, subresource="status") == []) is (candidate == phase)
