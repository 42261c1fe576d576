"""When a fault strikes: who it is meant for, and how often."""

from __future__ import annotations

import random
from typing import Any

import pytest

from minikube_lite.machinery.fault_specs import NodeFault, matches
from minikube_lite.machinery.faults import Fault, Faults

CUT = NodeFault(name="node-*", type="Cut")


def fault(**limits: Any) -> Fault:
    return Fault("one", CUT, random.Random(1), lambda _: None, **limits)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, "XXXXX"),
        ({"skip": 2}, "..XXX"),
        ({"times": 2}, "XX..."),
        ({"skip": 1, "times": 1}, ".X..."),
    ],
)
def test_which_calls_are_struck(limits: dict[str, int], expected: str) -> None:
    one = fault(**limits)
    assert "".join("X" if one.strikes("it") else "." for _ in range(5)) == expected
    assert (one.matches, one.hits) == (5, expected.count("X"))


def test_probability_draws_from_its_own_source() -> None:
    one, other = fault(probability=0.5), fault(probability=0.5)
    drawn = [one.strikes("it") for _ in range(200)]
    assert drawn == [other.strikes("it") for _ in range(200)]
    assert 60 < sum(drawn) < 140


def test_the_first_that_strikes_counts() -> None:
    faults, told = Faults(), []
    spent, second = fault(times=1), fault()
    second.struck = lambda struck: told.append(struck.last_hit)
    for one in (spent, second):
        faults.begin(one)
    for number in range(3):
        assert faults.find(NodeFault, lambda spec: matches(spec.name, "node-2"), f"call {number}") is CUT
    assert faults.find(NodeFault, lambda spec: matches(spec.name, "other"), "none") is None
    assert (spent.hits, second.hits, told) == (1, 2, ["call 1", "call 2"])


def test_followers_are_told_of_begin_and_end() -> None:
    faults, told = Faults(), []
    faults.follow(NodeFault, lambda one, begins: told.append((one.name, begins)))
    one = fault()
    assert NodeFault not in faults
    faults.begin(one)
    assert (NodeFault in faults, list(faults.of(NodeFault))) == (True, [one])
    faults.end(one)
    assert (NodeFault in faults, told) == (False, [("one", True), ("one", False)])


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [("", "a", True), ("a", "a", True), ("a*", "abc", True), ("*", "", True), ("a", "ab", False), ("[x", "[x", True)],
)
def test_patterns(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits
