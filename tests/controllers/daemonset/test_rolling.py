"""How many pods an update takes at a time."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.daemonset.rolling import Pods, Rolling, amount_of

NAMES = "abcdef"


def pods_of(letters: str) -> Pods | None:
    """`O`, `o`: an old pod, available or not; `N`, `n`: a new one; `!` too many."""
    if letters == "!":
        return None
    found = [next((letter for letter in letters if letter in pair), None) for pair in ("Oo", "Nn")]
    old, new = ({"up": letter.isupper(), "is": letter} if letter else None for letter in found)
    return old, new


def plan(nodes: str, *, unavailable: int = 0, surge: int = 0, not_wanted: str = "") -> tuple[str, str]:
    """The nodes that get a pod, and those that lose their old one. `nodes`: one word a node, `-` for none."""
    pods = {name: pods_of(word) for name, word in zip(NAMES, nodes.split(), strict=False)}
    should_run = {name: name not in not_wanted for name in pods}
    where = {id(both[0]): name for name, both in pods.items() if both and both[0]}
    rolling = Rolling(pods, should_run, unavailable, surge, sum(should_run.values()), lambda pod: bool(pod["up"]))
    create, delete = rolling.plan()
    return "".join(create), "".join(where[id(pod)] for pod in delete)


@pytest.mark.parametrize(
    ("nodes", "unavailable", "deleted"),
    [
        ("O O O", 1, "a"),
        ("O O O", 2, "ab"),
        ("O O O", 9, "abc"),
        ("n O O", 1, ""),
        ("N O O", 1, "b"),
        ("- O O", 1, ""),
        ("O o o", 1, "bc"),
        ("O o O", 2, "ba"),
        ("Nn O", 1, "b"),
        ("! O O", 1, ""),
        ("! O O", 2, "b"),
        ("O O", 0, "a"),
        ("N N N", 1, ""),
    ],
)
def test_without_surge(nodes: str, unavailable: int, deleted: str):
    assert plan(nodes, unavailable=unavailable) == ("", deleted)


@pytest.mark.parametrize(
    ("nodes", "surge", "created", "deleted"),
    [
        ("O O O", 1, "a", ""),
        ("O O O", 2, "ab", ""),
        ("On O O", 1, "", ""),
        ("ON O O", 1, "b", "a"),
        ("o O O", 1, "ab", ""),
        ("! O O", 1, "", ""),
        ("N N -", 1, "", ""),
    ],
)
def test_with_surge(nodes: str, surge: int, created: str, deleted: str):
    assert plan(nodes, surge=surge) == (created, deleted)


def test_pods_on_nodes_that_are_not_wanted_any_more_go_last():
    assert plan("O O", surge=1, not_wanted="b") == ("a", "b")
    assert plan("o O", surge=1, not_wanted="b") == ("a", "")
    assert plan("O o", surge=1, not_wanted="b") == ("a", "b")


@pytest.mark.parametrize(
    ("value", "nodes", "amount"), [(2, 10, 2), ("10%", 10, 1), ("10%", 11, 2), ("0%", 5, 0), (None, 5, 0)]
)
def test_percentages_are_rounded_up(value: Any, nodes: int, amount: int):
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": value}}
    assert amount_of({"spec": {"updateStrategy": strategy}}, "maxSurge", nodes) == amount
    assert amount_of({"spec": {"updateStrategy": {**strategy, "type": "OnDelete"}}}, "maxSurge", nodes) == 0
