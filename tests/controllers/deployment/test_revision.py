"""Revisions, their history, and the names that templates give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minikube_lite.controllers.deployment.new_replicaset import new_replica_set, template_hash
from minikube_lite.controllers.deployment.replicasets import find_new, is_same_template
from minikube_lite.controllers.deployment.revision import HISTORY_CHARACTERS_MAX, annotations_of_new, next_revision
from minikube_lite.store import Object

Make = Callable[..., Object]
HISTORY = "deployment.kubernetes.io/revision-history"
REVISION = "deployment.kubernetes.io/revision"


@pytest.mark.parametrize(("revisions", "expected"), [([], 1), ([1, 4, 2], 5), (["x"], 1), ([0], 1)])
def test_next_revision(set_of: Make, revisions: list[int | str], expected: int) -> None:
    assert next_revision(set_of(str(number), 0, revision=number) for number in revisions) == expected


CASES: dict[str, tuple[dict[str, str], dict[str, Any], int, dict[str, str]]] = {
    # the Deployment's annotations, the ReplicaSet, the next number, what is changed
    "nothing is new": ({}, {"revision": 2}, 2, {}),
    "a note": ({"note": "x", REVISION: "9"}, {"revision": 2}, 2, {"note": "x"}),
    "a note that is there": ({"note": "x"}, {"revision": 2, "annotations": {"note": "x"}}, 2, {}),
    "back to it": ({}, {"revision": 2}, 4, {REVISION: "4", HISTORY: "2"}),
    "back to it again": ({}, {"revision": 4, "annotations": {HISTORY: "2"}}, 6, {REVISION: "6", HISTORY: "2,4"}),
    "younger ones were deleted": ({}, {"revision": 7}, 3, {}),
    "a revision that cannot be read": ({"note": "x"}, {"revision": "x"}, 3, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_annotations_of_new(case: str, deployment_of: Make, set_of: Make) -> None:
    annotations, fields, number, expected = CASES[case]
    deployment = deployment_of(metadata={"annotations": annotations})
    assert annotations_of_new(deployment, set_of("new", 1, **fields), number) == expected


def test_the_history_has_an_end(deployment_of: Make, set_of: Make) -> None:
    long = ",".join(map(str, range(1000, 1400)))
    replica_set = set_of("new", 1, revision=5000, annotations={HISTORY: long})
    history = annotations_of_new(deployment_of(), replica_set, 5001)[HISTORY]
    assert len(history) <= HISTORY_CHARACTERS_MAX
    assert history.startswith("1001,")
    assert history.endswith(",1399,5000")


def test_of_several_equal_ones_the_oldest_is_the_new_one(deployment_of: Make, set_of: Make) -> None:
    older, younger = set_of("new", 1, age=2), set_of("new", 1, age=1)
    assert find_new(deployment_of(), [set_of("old", 1), older, younger]) is older


def test_templates_that_mean_the_same() -> None:
    one = {"metadata": {"labels": {"a": "b", "pod-template-hash": "x"}}, "spec": {"containers": [], "x": None}}
    assert is_same_template(one, {"metadata": {"labels": {"a": "b"}, "annotations": {}}, "spec": {}})
    assert not is_same_template(one, {"metadata": {"labels": {"a": "c"}}, "spec": {}})


def test_a_hash_depends_on_the_template_and_on_collisions(deployment_of: Make) -> None:
    template = deployment_of()["spec"]["template"]
    other = deployment_of(image="other")["spec"]["template"]
    hashes = [template_hash(template, None), template_hash(template, 0), template_hash(template, 1)]
    assert len({*hashes, template_hash(other, None)}) == 4
    assert all(set(found) <= set("bcdfghjklmnpqrstvwxz2456789") for found in hashes)


def test_a_long_name_is_cut(deployment_of: Make) -> None:
    made = new_replica_set(deployment_of(metadata={"name": "w" * 253}), {})
    assert len(made["metadata"]["name"]) == 253
    assert made["metadata"]["name"].endswith(f"w-{made['metadata']['labels']['pod-template-hash']}")
