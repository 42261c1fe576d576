"""StatefulSets as they are made and changed."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.machinery.meta import copy_object

LABELS = {"app": "kubia"}
CLAIM: dict[str, Any] = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
}
BODY: dict[str, Any] = {
    "metadata": {"name": "kubia"},
    "spec": {
        "serviceName": "kubia",
        "replicas": 2,
        "selector": {"matchLabels": LABELS},
        "template": {
            "metadata": {"labels": LABELS},
            "spec": {
                "containers": [
                    {
                        "name": "kubia",
                        "image": "luksa/kubia-pet",
                        "volumeMounts": [{"name": "data", "mountPath": "/var/data"}],
                    }
                ]
            },
        },
        "volumeClaimTemplates": [CLAIM],
    },
}


def changed(**spec: Any) -> dict[str, Any]:
    """The set with other fields."""
    body = copy_object(BODY)
    body["spec"].update(spec)
    return body


def test_what_is_filled_in(stateful_sets):
    made = stateful_sets.made(BODY)
    spec = made["spec"]
    assert spec["podManagementPolicy"] == "OrderedReady"
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert spec["revisionHistoryLimit"] == 10
    assert made["status"] == {"replicas": 0, "availableReplicas": 0}
    claim = spec["volumeClaimTemplates"][0]
    assert (claim["apiVersion"], claim["kind"]) == ("v1", "PersistentVolumeClaim")
    assert claim["spec"]["volumeMode"] == "Filesystem"
    assert claim["status"] == {"phase": "Pending"}
    assert spec["template"]["spec"]["restartPolicy"] == "Always"
    assert stateful_sets.faults(BODY) == []


def test_updating_several_pods_at_once_is_off(stateful_sets):
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2, "partition": 1}}
    assert stateful_sets.made(changed(updateStrategy=strategy))["spec"]["updateStrategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"partition": 1},
    }


def test_on_delete_needs_no_partition(stateful_sets):
    assert stateful_sets.made(changed(updateStrategy={"type": "OnDelete"}))["spec"]["updateStrategy"] == {
        "type": "OnDelete"
    }


NEVER = {**BODY["spec"]["template"], "spec": {**BODY["spec"]["template"]["spec"], "restartPolicy": "Never"}}


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (changed(replicas=-1), [("spec.replicas", "Invalid value: -1: must be greater than or equal to 0")]),
        (changed(podManagementPolicy="Random"), [("spec.podManagementPolicy", 'Invalid value: "Random": must be')]),
        (
            changed(selector=None),
            [
                ("spec.selector", "Required value"),
                ("spec.template.metadata.labels", 'Invalid value: {"app":"kubia"}: `selector` does not match'),
            ],
        ),
        (
            changed(selector={"matchLabels": {"a": "b"}}),
            [("spec.template.metadata.labels", 'Invalid value: {"app":"kubia"}: `selector` does not match')],
        ),
        (changed(selector={}), [("spec.selector", "Invalid value: {}: empty selector is invalid for statefulset")]),
        (changed(template=NEVER), [("spec.template.spec.restartPolicy", 'Unsupported value: "Never"')]),
        (changed(ordinals={"start": -2}), [("spec.ordinals.start", "Invalid value: -2: must be greater than")]),
        (changed(serviceName="Bad_"), [("spec.serviceName", 'Invalid value: "Bad_"')]),
        (
            changed(volumeClaimTemplates=[]),
            [("spec.template.spec.containers[0].volumeMounts[0].name", 'Not found: "data"')],
        ),
        (
            changed(volumeClaimTemplates=[{**CLAIM, "spec": {"accessModes": ["ReadWriteOnce"]}}]),
            [("spec.volumeClaimTemplates[0].spec.resources[storage]", "Required value")],
        ),
        (
            changed(persistentVolumeClaimRetentionPolicy={"whenScaled": "Keep"}),
            [("spec.persistentVolumeClaimRetentionPolicy.whenScaled", 'Unsupported value: "Keep"')],
        ),
        (
            changed(updateStrategy={"type": "Recreate"}),
            [("spec.updateStrategy", 'Invalid value: {"Type":"Recreate","RollingUpdate":null}: must be')],
        ),
    ],
)
def test_what_is_refused(stateful_sets, body, faults):
    found = stateful_sets.faults(body)
    assert [path for path, _ in found] == [path for path, _ in faults]
    assert all(text.startswith(beginning) for (_, text), (_, beginning) in zip(found, faults, strict=True))


def test_the_name_is_a_dns_label(stateful_sets):
    assert stateful_sets.kind.name_check("a.b", False)
    assert not stateful_sets.kind.name_check("kubia", False)


@pytest.mark.parametrize(
    "spec",
    [
        {"replicas": 5},
        {"ordinals": {"start": 3}},
        {"updateStrategy": {"type": "OnDelete"}},
        {"revisionHistoryLimit": 2},
        {"minReadySeconds": 5},
        {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}},
    ],
)
def test_what_may_change(stateful_sets, spec):
    old = stateful_sets.made(BODY)
    new, faults = stateful_sets.updated(old, changed(**spec))
    assert faults == []
    assert stateful_sets.kind.strategy.generation_changes(new, old)


@pytest.mark.parametrize(
    "spec", [{"serviceName": "other"}, {"podManagementPolicy": "Parallel"}, {"volumeClaimTemplates": [CLAIM] * 2}]
)
def test_what_may_not_change(stateful_sets, spec):
    _, faults = stateful_sets.updated(stateful_sets.made(BODY), changed(**spec))
    assert faults == [
        (
            "spec",
            "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
            "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' "
            "are forbidden",
        )
    ]


def test_the_same_again_changes_nothing(stateful_sets):
    old = stateful_sets.made(BODY)
    new, faults = stateful_sets.updated(old, BODY)
    assert faults == []
    assert new == old
    assert not stateful_sets.kind.strategy.generation_changes(new, old)


@pytest.mark.parametrize(
    ("status", "paths"),
    [
        ({"replicas": 2, "readyReplicas": 2, "availableReplicas": 1}, []),
        ({"replicas": 1, "readyReplicas": 2}, ["status.readyReplicas"]),
        ({"replicas": 2, "availableReplicas": 1}, ["status.availableReplicas"]),
        (
            {"replicas": -1},
            [
                f"status.{name}Replicas" if name else "status.replicas"
                for name in ("", "ready", "current", "updated", "available")
            ],
        ),
    ],
)
def test_the_counters_of_a_status(stateful_sets, status, paths):
    body = copy_object(BODY) | {"status": status}
    _, faults = stateful_sets.updated(stateful_sets.made(BODY), body, stateful_sets.kind.status_strategy)
    assert [path for path, _ in faults] == paths


def test_the_columns(stateful_sets):
    made = stateful_sets.made(BODY)
    made["status"]["readyReplicas"] = 1
    row = stateful_sets.row(made)
    assert (row["Name"], row["Ready"], row["Containers"], row["Images"]) == ("kubia", "1/2", "kubia", "luksa/kubia-pet")
