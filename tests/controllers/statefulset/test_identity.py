"""Tests of names, ordinals, labels and volumes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from minikube_lite.controllers.statefulset.identity import (
    claims_of,
    identity_matches,
    is_member,
    new_pod,
    parent_and_ordinal,
    storage_matches,
    update_storage,
)
from minikube_lite.store import Object


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kubia-0", ("kubia", 0)),
        ("my-kubia-12", ("my-kubia", 12)),
        ("kubia-01", ("kubia", 1)),
        ("kubia-2147483647", ("kubia", 2147483647)),
        ("kubia-2147483648", ("kubia", -1)),
        ("kubia-99999999999999999999999", ("kubia", -1)),
        ("kubia-x", ("", -1)),
        ("kubia", ("", -1)),
        ("kubia-", ("", -1)),
        ("-1", ("", 1)),
    ],
)
def test_parent_and_ordinal(name: str, expected: tuple[str, int]):
    assert parent_and_ordinal(name) == expected


@pytest.mark.parametrize(
    ("name", "member", "matches"), [("kubia-1", True, True), ("kubia-01", True, False), ("other-1", False, False)]
)
def test_membership(new_manifest: Callable[..., Object], name: str, member: bool, matches: bool):
    pod = {"metadata": {"name": name, "labels": {"statefulset.kubernetes.io/pod-name": name}}}
    assert is_member(new_manifest(), pod) is member
    assert identity_matches(new_manifest(), pod) is matches


def test_new_pod(new_manifest: Callable[..., Object]):
    stateful_set = new_manifest(labels={"tier": "pets"})
    stateful_set["metadata"]["uid"] = "set-uid"
    template = stateful_set["spec"]["template"]
    template["metadata"].update(annotations={"note": "x"}, finalizers=["example.com/hold"])
    template["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    pod = new_pod(stateful_set, template, "kubia-rev", 1)
    assert pod["metadata"] == {
        "name": "kubia-1",
        "namespace": "default",
        "generateName": "kubia-",
        "labels": {
            "app": "kubia",
            "tier": "pets",
            "statefulset.kubernetes.io/pod-name": "kubia-1",
            "apps.kubernetes.io/pod-index": "1",
            "controller-revision-hash": "kubia-rev",
        },
        "annotations": {"note": "x"},
        "finalizers": ["example.com/hold"],
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "StatefulSet",
                "name": "kubia",
                "uid": "set-uid",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("kubia-1", "kubia")
    assert pod["spec"]["volumes"] == [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-kubia-1"}},
        {"name": "tmp", "emptyDir": {}},
    ]
    assert template["spec"]["volumes"][0] == {"name": "data", "emptyDir": {}}


def test_storage(new_manifest: Callable[..., Object]):
    stateful_set = new_manifest()
    pod: Object = {"metadata": {"name": "kubia-3"}, "spec": {"volumes": [{"name": "data", "emptyDir": {}}]}}
    assert not storage_matches(stateful_set, pod)
    update_storage(stateful_set, pod)
    assert storage_matches(stateful_set, pod)
    pod["metadata"]["name"] = "kubia-4"
    assert not storage_matches(stateful_set, pod)
    pod["metadata"]["name"] = "kubia"
    assert not storage_matches(stateful_set, pod)


def test_claims(new_manifest: Callable[..., Object]):
    stateful_set = new_manifest()
    template = stateful_set["spec"]["volumeClaimTemplates"][0]
    template.update(apiVersion="v1", kind="PersistentVolumeClaim", status={"phase": "Pending"})
    template["metadata"]["labels"] = {"app": "overruled", "disk": "fast"}
    (claim,) = claims_of(stateful_set, 2)
    assert claim == {
        "metadata": {"name": "data-kubia-2", "namespace": "default", "labels": {"app": "kubia", "disk": "fast"}},
        "spec": template["spec"],
    }
    assert template["metadata"]["name"] == "data"
