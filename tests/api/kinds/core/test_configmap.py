"""ConfigMaps: keys, size, immutability."""

from __future__ import annotations

import base64

KIND_MODULE = "core.configmap"


def test_keys_are_checked_and_unique_over_both_maps(bench) -> None:
    faults = bench.faults({"data": {"bad key": "v", "a": "1"}, "binaryData": {"a": "AA=="}})
    assert faults[0] == 'data[a]: Invalid value: "a": duplicate of key present in binaryData'
    assert faults[1].startswith('data[bad key]: Invalid value: "bad key": a valid config key must consist of')


def test_the_size_has_a_limit(bench) -> None:
    half = 512 * 1024
    binary = {"b": base64.b64encode(b"x" * half).decode()}
    assert bench.faults({"data": {"a": "x" * half}, "binaryData": binary}) == []
    assert bench.faults({"data": {"a": "x" * (half + 1)}, "binaryData": binary}) == [
        "[]: Too long: may not be more than 1048576 bytes"
    ]


def test_immutable_data_stays(bench) -> None:
    old = bench.create({"data": {"a": "1"}, "immutable": True})
    text = "Forbidden: field is immutable when `immutable` is set"
    assert bench.update_faults(old, {"data": {"a": "2"}}) == [f"data: {text}"]
    assert bench.update_faults(old, {"immutable": False}) == [f"immutable: {text}"]
    assert bench.update(old, {"metadata": {"labels": {"a": "b"}}})


def test_cells(bench) -> None:
    assert bench.cells(bench.create({"data": {"a": "1"}, "binaryData": {"b": ""}})) == {
        "Name": "x",
        "Data": 2,
        "Age": "5s",
    }
