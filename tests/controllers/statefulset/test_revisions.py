"""Tests of revision names, equality, history and rollback."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from minikube_lite.controllers.history.revisions import (
    encode_data,
    hash_revision,
    new_revision,
    plan_revisions,
    revision_data,
    revision_name,
    sort_revisions,
    surplus_revisions,
    template_of,
)
from minikube_lite.controllers.statefulset.identity import REVISIONS
from minikube_lite.machinery.meta import copy_object
from minikube_lite.store import Object

NewManifest = Callable[..., Object]


def make_set(new_manifest: NewManifest, image: str, **spec: object) -> Object:
    stateful_set = new_manifest(image=image, **spec)
    stateful_set["metadata"]["uid"] = "uid"
    return stateful_set


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("luksa/kubia-pet", "kubia-59fc7cd76b"),
        ("luksa/kubia-pet-peers", "kubia-58fc6586d6"),
        ("luksa/kubia-pet:v3", "kubia-5c5674ccb5"),
    ],
)
def test_names_are_those_that_a_real_controller_gave(new_manifest: NewManifest, image: str, name: str):
    assert new_revision(REVISIONS, make_set(new_manifest, image), 1, 0)["metadata"]["name"] == name


def test_data_is_encoded_as_go_does():
    assert (
        encode_data({"b": "<&>\u2028é", "a": [1, None, True]})
        == '{"a":[1,null,true],"b":"\\u003c\\u0026\\u003e\\u2028é"}'.encode()
    )


def test_a_collision_gives_another_name(new_manifest: NewManifest):
    data = revision_data(make_set(new_manifest, "a"))
    assert len({hash_revision(data, count) for count in range(20)}) == 20


def test_long_names_are_cut():
    assert revision_name({"metadata": {"name": "x" * 250}}, "hash") == "x" * 223 + "-hash"


def test_a_revision_brings_its_template_back(new_manifest: NewManifest):
    stateful_set = make_set(new_manifest, "a")
    stateful_set["metadata"]["annotations"] = {"kubernetes.io/change-cause": "because"}
    revision = new_revision(REVISIONS, stateful_set, 3, 0)
    assert revision["data"]["spec"]["template"]["$patch"] == "replace"
    assert revision["revision"] == 3
    assert revision["metadata"]["annotations"] == {"kubernetes.io/change-cause": "because"}
    assert revision["metadata"]["labels"] == {
        "app": "kubia",
        "controller.kubernetes.io/hash": revision["metadata"]["name"][6:],
    }
    assert template_of(make_set(new_manifest, "b"), revision) == stateful_set["spec"]["template"]
    assert json.dumps(revision["data"], separators=(",", ":")).encode() == encode_data(revision["data"])


def history(new_manifest: NewManifest, images: str) -> list[Object]:
    return [new_revision(REVISIONS, make_set(new_manifest, image), number, 0) for number, image in enumerate(images, 1)]


@pytest.mark.parametrize(
    ("images", "image", "change", "number"),
    [
        ("", "a", "create", 1),
        ("a", "a", "none", 1),
        ("ab", "c", "create", 3),
        ("abc", "c", "none", 3),
        ("abc", "a", "renumber", 4),
    ],
)
def test_plan(new_manifest: NewManifest, images: str, image: str, change: str, number: int):
    revisions = history(new_manifest, images)
    plan = plan_revisions(REVISIONS, make_set(new_manifest, image), revisions, 0)
    assert (plan.change, plan.number) == (change, number)
    assert plan.update["data"] == revision_data(make_set(new_manifest, image))
    assert plan.current is None


def test_plan_finds_the_current_revision(new_manifest: NewManifest):
    revisions = history(new_manifest, "ab")
    stateful_set = make_set(new_manifest, "b")
    stateful_set["status"] = {"currentRevision": revisions[0]["metadata"]["name"]}
    assert plan_revisions(REVISIONS, stateful_set, revisions, 0).current is revisions[0]


def test_a_null_timestamp_of_an_older_server_is_no_change(new_manifest: NewManifest):
    revisions = history(new_manifest, "a")
    older = copy_object(revisions[0])
    older["data"]["spec"]["template"]["metadata"]["creationTimestamp"] = None
    plan = plan_revisions(REVISIONS, make_set(new_manifest, "a"), [older], 0)
    assert (plan.change, plan.update) == ("none", older)


def test_order():
    def revision(number: int, created: str, name: str) -> Object:
        return {"revision": number, "metadata": {"creationTimestamp": created, "name": name}}

    expected = [revision(1, "b", "z"), revision(2, "a", "x"), revision(2, "a", "y"), revision(2, "b", "a")]
    assert sort_revisions(reversed(expected)) == expected


@pytest.mark.parametrize(
    ("limit", "used", "counted", "surplus"),
    [
        (10, "", False, ""),
        (2, "", False, "abc"),
        (2, "ab", False, "c"),
        (2, "abc", False, ""),
        (0, "e", False, "abcd"),
        (-1, "", False, ""),
        (2, "ab", True, "cde"),
        (3, "abcd", True, "e"),
        (5, "", True, ""),
    ],
)
def test_surplus(new_manifest: NewManifest, limit: int, used: str, counted: bool, surplus: str):
    revisions = [{"metadata": {"name": name}} for name in "abcde"]
    stateful_set = make_set(new_manifest, "a", revisionHistoryLimit=limit)
    found = surplus_revisions(replace(REVISIONS, limit_counts_used=counted), stateful_set, revisions, used)
    assert "".join(revision["metadata"]["name"] for revision in found) == surplus
