"""The binder's decisions as tables, and what holds for any of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minikube_lite.controllers.persistentvolume.decisions import (
    AssignClass,
    Bind,
    Fail,
    Provision,
    SetClaimPhase,
    decide_claim,
    decide_volume,
    deleter_fault,
    is_released,
)
from minikube_lite.store import Object

Make = Callable[..., Object]


def given(obj: Object, uid: str, **annotations: str) -> Object:
    """The object as the API would hand it out."""
    known = {**obj["metadata"].get("annotations", {}), **annotations}
    metadata = {**obj["metadata"], "uid": uid, "annotations": known, "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {**obj, "metadata": metadata, "status": obj.get("status", {"phase": "Available"})}


DONE = {"pv.kubernetes.io/bind-completed": "yes"}
OURS = {"pv.kubernetes.io/bound-by-controller": "yes"}
REF = {"namespace": "default", "name": "data", "uid": "claim-uid"}


@pytest.mark.parametrize(
    ("claim_spec", "annotations", "volume_spec", "expected"),
    [
        ({}, {}, {}, "Bind"),
        ({}, {}, None, "Pending FailedBinding"),
        ({}, {}, {"claimRef": {**REF, "uid": "other"}}, "Pending FailedBinding"),
        ({}, {}, {"claimRef": REF}, "Bind"),
        ({"storageClassName": ""}, {}, {"storageClassName": "fast"}, "Pending FailedBinding"),
        ({"storageClassName": "slow"}, {}, {}, "Fail ProvisioningFailed"),
        ({"volumeName": "pv-a"}, {}, {}, "Bind"),
        ({"volumeName": "pv-a"}, {}, None, "Pending"),
        ({"volumeName": "pv-a"}, {}, {"volumeMode": "Block"}, "Pending VolumeMismatch"),
        ({"volumeName": "pv-a"}, {}, {"claimRef": {**REF, "uid": "other"}}, "Pending FailedBinding"),
        ({"volumeName": "pv-a"}, OURS, {"claimRef": {**REF, "uid": "other"}}, "Fail FailedBinding"),
        ({"volumeName": "pv-a"}, {}, {"claimRef": {"namespace": "default", "name": "data"}}, "Bind"),
        ({}, DONE, {}, "Lost ClaimLost"),
        ({"volumeName": "pv-a"}, DONE, None, "Lost ClaimLost"),
        ({"volumeName": "pv-a"}, DONE, {}, "Bind"),
        ({"volumeName": "pv-a"}, DONE, {"claimRef": REF}, "Bind"),
        ({"volumeName": "pv-a"}, DONE, {"claimRef": {**REF, "uid": "other"}}, "Lost ClaimMisbound"),
    ],
)
def test_claims(
    new_claim: Make,
    new_volume: Make,
    claim_spec: dict[str, Any],
    annotations: dict[str, str],
    volume_spec: dict[str, Any] | None,
    expected: str,
) -> None:
    claim = given(new_claim("data", **claim_spec), "claim-uid", **annotations)
    volumes = {} if volume_spec is None else {"pv-a": given(new_volume("pv-a", **volume_spec), "volume-uid")}
    step = decide_claim(claim, volumes, {})
    if isinstance(step, SetClaimPhase):
        text = f"{step.phase} {step.report.reason if step.report else ''}".strip()
        assert step.only_on_change == (step.phase == "Lost")
    else:
        text = f"Fail {step.report.reason}" if isinstance(step, Fail) else type(step).__name__
    assert text == expected


def test_classes(new_claim: Make, new_volume: Make, new_class: Make) -> None:
    standard, claim = given(new_class(), "class-uid"), given(new_claim("data"), "claim-uid")
    classes = {"standard": standard}
    assert decide_claim(claim, {}, classes) == AssignClass("standard")
    chosen = given(new_claim("data", storageClassName="standard"), "claim-uid")
    step = decide_claim(chosen, {}, classes)
    assert isinstance(step, Provision)
    assert step.provisioner == "minikube-lite.io/hostpath"
    free = given(new_volume("pv-a"), "volume-uid")
    assert decide_claim(claim, {"pv-a": free}, classes) == Bind(free)
    new = {**free, "status": {"phase": "Pending"}}
    assert decide_claim(claim, {"pv-a": new}, classes) == SetClaimPhase("Pending")
    in_tree = {**standard, "provisioner": "kubernetes.io/aws-ebs"}
    assert isinstance(decide_claim(chosen, {}, {"standard": in_tree}), Fail)


def test_scheduler_chooses_where_pods_come_first(new_claim: Make, new_volume: Make, new_class: Make) -> None:
    classes = {"late": given(new_class("late", volumeBindingMode="WaitForFirstConsumer"), "class-uid")}
    volumes = {"pv-a": given(new_volume("pv-a", storageClassName="late"), "volume-uid")}
    claim = given(new_claim("data", storageClassName="late"), "claim-uid")
    texts = []
    for pods in ((), ("a",), ("a", "b")):
        step = decide_claim(claim, volumes, classes, pods)
        assert isinstance(step, SetClaimPhase)
        assert step.report is not None
        texts.append(step.report.message)
    assert texts == [
        "waiting for first consumer to be created before binding",
        "waiting for pod a to be scheduled",
        "waiting for pods a,b to be scheduled",
    ]
    selected = given(claim, "claim-uid", **{"volume.kubernetes.io/selected-node": "node-1"})
    assert isinstance(decide_claim(selected, {}, classes), Provision)
    reserved = given(new_volume("pv-a", storageClassName="late", claimRef=REF), "volume-uid")
    assert isinstance(decide_claim(claim, {"pv-a": reserved}, classes), Bind)


@pytest.mark.parametrize(
    ("volume_spec", "annotations", "claim_uid", "claim_spec", "expected"),
    [
        ({}, {}, None, {}, "Available"),
        ({"claimRef": {"namespace": "default", "name": "data"}}, {}, None, {}, "Available"),
        ({"claimRef": REF}, {}, None, {}, "Release"),
        ({"claimRef": REF}, {}, "another", {}, "Release"),
        ({"claimRef": REF}, {}, "claim-uid", {}, "WaitForClaim"),
        ({"claimRef": REF}, {}, "claim-uid", {"volumeMode": "Block"}, "ModeMismatch"),
        ({"claimRef": REF}, {}, "claim-uid", {"volumeName": "pv-a"}, "Bound"),
        ({"claimRef": REF}, {}, "claim-uid", {"volumeName": "pv-b"}, "Unbind"),
        (
            {"claimRef": REF, "persistentVolumeReclaimPolicy": "Delete"},
            {"pv.kubernetes.io/provisioned-by": "x"},
            "claim-uid",
            {"volumeName": "pv-b"},
            "Release",
        ),
    ],
)
def test_volumes(
    new_claim: Make,
    new_volume: Make,
    volume_spec: dict[str, Any],
    annotations: dict[str, str],
    claim_uid: str | None,
    claim_spec: dict[str, Any],
    expected: str,
) -> None:
    volume = given(new_volume("pv-a", **volume_spec), "volume-uid", **annotations)
    claim = given(new_claim("data", **claim_spec), claim_uid) if claim_uid else None
    assert decide_volume(volume, claim) == expected
    if expected == "Release":
        assert is_released(volume, claim)
    if expected in ("Available", "Bound", "WaitForClaim"):
        assert not is_released(volume, claim)


@pytest.mark.parametrize(
    ("spec", "annotations", "expected"),
    [
        ({}, {}, ""),
        ({"hostPath": {"path": "/tmp/"}}, {}, "host_path deleter only supports /tmp/.+ but received provided /tmp/"),
        ({"hostPath": None, "csi": {"driver": "d"}}, {}, None),
        ({}, {"pv.kubernetes.io/provisioned-by": "example.com/disk"}, None),
        (
            {},
            {"pv.kubernetes.io/provisioned-by": "kubernetes.io/disk"},
            "no volume plugin matched name: kubernetes.io/disk",
        ),
    ],
)
def test_who_deletes(new_volume: Make, spec: dict[str, Any], annotations: dict[str, str], expected: str | None) -> None:
    assert deleter_fault(given(new_volume("pv-a", **spec), "uid", **annotations)) == expected
