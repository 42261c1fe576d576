"""Tests of who owns claims: every policy, with every kind of owner that may stand there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from minikube_lite.controllers.statefulset.retention import (
    has_unexpected_controller,
    is_claim_stale,
    is_owner_up_to_date,
    with_right_owners,
)
from minikube_lite.store import Object

POD: Object = {"metadata": {"name": "kubia-1", "uid": "pod-uid"}}
OWNERS = {
    "set": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "kubia", "uid": "set-uid", "controller": True},
    "pod": {"apiVersion": "v1", "kind": "Pod", "name": "kubia-1", "uid": "pod-uid", "controller": True},
    "plain set": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "kubia", "uid": "set-uid"},
    "stale set": {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "name": "kubia",
        "uid": "earlier",
        "controller": True,
    },
    "stale pod": {"apiVersion": "v1", "kind": "Pod", "name": "kubia-1", "uid": "earlier", "controller": True},
    "other": {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "x"},
    "other controller": {"apiVersion": "example.com/v1", "kind": "Keeper", "name": "x", "uid": "x", "controller": True},
}


def make_set(new_manifest: Callable[..., Object], scaled: str, deleted: str, replicas: int) -> Object:
    policy = {"whenScaled": scaled, "whenDeleted": deleted}
    stateful_set = new_manifest(replicas=replicas, persistentVolumeClaimRetentionPolicy=policy)
    stateful_set["metadata"]["uid"] = "set-uid"
    return stateful_set


def make_claim(*owners: str) -> Object:
    return {"metadata": {"name": "data-kubia-1", "ownerReferences": [OWNERS[owner] for owner in owners]}}


def owners_of(claim: Object) -> list[str]:
    uids = {"set-uid": "set", "pod-uid": "pod", "x": "x", "earlier": "earlier"}
    return [uids[reference["uid"]] for reference in claim["metadata"]["ownerReferences"]]


@pytest.mark.parametrize(
    ("scaled", "deleted", "replicas", "owners"),
    [
        ("Retain", "Retain", 2, []),
        ("Retain", "Retain", 1, []),
        ("Retain", "Delete", 2, ["set"]),
        ("Retain", "Delete", 1, ["set"]),
        ("Delete", "Retain", 2, []),
        ("Delete", "Retain", 1, ["pod"]),
        ("Delete", "Delete", 2, ["set"]),
        ("Delete", "Delete", 1, ["pod"]),
    ],
)
@pytest.mark.parametrize("before", [(), ("set",), ("pod",), ("set", "pod"), ("plain set",), ("other",)], ids="+".join)
def test_owners_become_what_the_policy_says(
    new_manifest: Callable[..., Object],
    scaled: str,
    deleted: str,
    replicas: int,
    owners: list[str],
    before: tuple[str, ...],
):
    stateful_set, claim = make_set(new_manifest, scaled, deleted, replicas), make_claim(*before)
    fresh = with_right_owners(claim, stateful_set, POD)
    others = ["x"] if "other" in before else []
    assert owners_of(fresh) == others + owners
    assert is_owner_up_to_date(fresh, stateful_set, POD)
    as_wanted = owners_of(claim) == others + owners and "plain set" not in before
    assert is_owner_up_to_date(claim, stateful_set, POD) is as_wanted


@pytest.mark.parametrize(("scaled", "deleted"), list(product(("Retain", "Delete"), repeat=2)))
def test_claims_of_an_earlier_owner_are_left_alone(new_manifest: Callable[..., Object], scaled: str, deleted: str):
    stateful_set = make_set(new_manifest, scaled, deleted, 2)
    for owner in ("stale set", "stale pod"):
        assert is_owner_up_to_date(make_claim(owner), stateful_set, POD)
    assert is_claim_stale(make_claim("stale pod"), stateful_set, POD) is (scaled == "Delete")
    assert not is_claim_stale(make_claim("pod"), stateful_set, POD)


def test_another_controller_keeps_the_claim(new_manifest: Callable[..., Object]):
    stateful_set = make_set(new_manifest, "Retain", "Delete", 2)
    assert has_unexpected_controller(make_claim("other controller"), stateful_set, POD)
    assert is_owner_up_to_date(make_claim("other controller"), stateful_set, POD)
    both = make_claim("other controller", "set")
    assert not is_owner_up_to_date(both, stateful_set, POD)
    assert owners_of(with_right_owners(both, stateful_set, POD)) == ["x"]
    keeping = make_set(new_manifest, "Retain", "Retain", 2)
    assert not has_unexpected_controller(make_claim("other controller"), keeping, POD)
