"""How fast nodes are tainted, and when not at all."""

from __future__ import annotations

import pytest

from minikube_lite.controllers.nodelifecycle.zones import (
    TaintQueue,
    Thresholds,
    TokenBucket,
    disruption,
    eviction_rate,
    zone_state,
)


@pytest.mark.parametrize(
    ("ready", "lost", "expected"),
    [
        (3, 0, "Normal"),
        (2, 1, "Normal"),
        (1, 2, "Normal"),
        (0, 3, "FullDisruption"),
        (0, 1, "FullDisruption"),
        (1, 3, "PartialDisruption"),
        (4, 3, "Normal"),
        (9, 11, "PartialDisruption"),
    ],
)
def test_zone_state(ready, lost, expected):
    assert zone_state([True] * ready + [False] * lost) == expected


@pytest.mark.parametrize(
    ("state", "nodes", "rate"),
    [("Normal", 3, 0.1), ("PartialDisruption", 50, 0.0), ("PartialDisruption", 51, 0.01), ("FullDisruption", 3, 0.1)],
)
def test_eviction_rate(state, nodes, rate):
    assert eviction_rate(state, nodes) == rate


def test_all_nodes_lost_and_found():
    entered = disruption({"": "Normal"}, {"": [False, False]})
    assert (entered.mode, entered.rates, entered.states) == ("enter", {"": 0.0}, {"": "FullDisruption"})
    assert disruption(entered.states, {"": [False, False]}).mode == ""
    left = disruption(entered.states, {"": [True, False]})
    assert (left.mode, left.rates, left.states) == ("leave", {"": 0.1}, {"": "Normal"})


def test_one_of_two_zones_lost():
    change = disruption({"a": "Normal", "b": "Normal"}, {"a": [False], "b": [True]})
    assert (change.mode, change.rates) == ("", {"a": 0.1})
    assert change.states == {"a": "FullDisruption", "b": "Normal"}


def test_one_node_in_ten_seconds():
    bucket = TokenBucket(0.1, 0.0)
    assert [bucket.try_accept(float(now)) for now in range(0, 25, 5)] == [True, False, True, False, True]
    bucket = TokenBucket(0.0, 0.0)
    assert not bucket.try_accept(1e6)
    assert bucket.seconds_to_next() is None


def test_a_node_waits_once_until_it_is_removed():
    queue = TaintQueue(0.0, 0.1)
    assert queue.add("a")
    assert not queue.add("a")
    queue.waiting.pop("a")
    assert not queue.add("a")
    queue.remove("a")
    assert queue.add("a")


def test_options_move_the_thresholds():
    thresholds = Thresholds(1.0, 0.5, 0.9, 3)
    ready = {"": [True, False, False, False]}
    assert disruption({}, ready, thresholds).states == {"": "Normal"}
    assert eviction_rate("Normal", 4, thresholds) == 1.0
    assert eviction_rate("PartialDisruption", 4, thresholds) == 0.5
    assert eviction_rate("PartialDisruption", 3, thresholds) == 0.0
