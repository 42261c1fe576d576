"""What metadata may hold, on creation and on update."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.metadata import validate_object_meta, validate_object_meta_update
from minikube_lite.machinery.names import name_is_dns_subdomain
from minikube_lite.schema.field import Path

OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "one", "uid": "a"}


def on_create(meta, namespaced=True, **options):
    given = {"name": "one", "namespace": "default", **meta}
    return [str(e) for e in validate_object_meta(given, namespaced, name_is_dns_subdomain, Path("metadata"), **options)]


def on_update(new, old):
    base = {"name": "one", "namespace": "default", "resourceVersion": "1", "uid": "u"}
    return [str(e) for e in validate_object_meta_update({**base, **new}, {**base, **old}, Path("metadata"))]


@pytest.mark.parametrize(
    ("meta", "errors"),
    [
        ({}, []),
        ({"name": ""}, ["metadata.name: Required value: name or generateName is required"]),
        ({"namespace": ""}, ["metadata.namespace: Required value"]),
        ({"namespace": "a.b"}, ['metadata.namespace: Invalid value: "a.b": must not contain dots']),
        ({"generation": -1}, ["metadata.generation: Invalid value: -1: must be greater than or equal to 0"]),
        ({"annotations": {"/x": ""}}, ['metadata.annotations: Invalid value: "/x": prefix part must be non-empty']),
        ({"annotations": {"UPPER.case/X": "any text\n"}}, []),
        ({"annotations": {"a": "x" * 262144}}, ["metadata.annotations: Too long: may not be more than 262144 bytes"]),
        ({"annotations": {"a": "x" * 262143}}, []),
        ({"ownerReferences": [OWNER]}, []),
        (
            {"ownerReferences": [{**OWNER, "uid": ""}]},
            ['metadata.ownerReferences.uid: Invalid value: "": must not be empty'],
        ),
        (
            {
                "ownerReferences": [
                    {"controller": True, **OWNER},
                    {**OWNER, "name": "two", "uid": "b", "controller": True},
                ]
            },
            [
                'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"ConfigMap","name":"one",'
                '"uid":"a","controller":true},{"apiVersion":"v1","kind":"ConfigMap","name":"two","uid":"b","controller":true}]:'
                ' Only one reference can have Controller set to true. Found "true" in references for ConfigMap/one and'
                " ConfigMap/two"
            ],
        ),
        (
            {"ownerReferences": [{**OWNER, "kind": "Event"}]},
            [
                'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"one","uid":"a"}:'
                " /v1, Kind=Event is disallowed from being an owner"
            ],
        ),
        (
            {"finalizers": ["orphan", "foregroundDeletion"]},
            [
                'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]:'
                " finalizer orphan and foregroundDeletion cannot be both set"
            ],
        ),
        (
            {"finalizers": ["example.com/a", "bad"]},
            [
                'metadata.finalizers[1]: Invalid value: "bad":'
                " name is neither a standard finalizer name nor is it fully qualified"
            ],
        ),
        (
            {"managedFields": [{"operation": "Update"}, {"operation": "x", "fieldsType": "y", "manager": "a\n"}]},
            [
                'metadata.managedFields[1].operation: Invalid value: "x": must be `Apply` or `Update`',
                'metadata.managedFields[1].fieldsType: Invalid value: "y": must be `FieldsV1`',
                'metadata.managedFields[1].manager: Invalid value: "a\\n": invalid character U+000A (at position 1)',
            ],
        ),
    ],
)
def test_creation(meta, errors):
    assert on_create(meta) == errors


def test_a_cluster_scoped_object_has_no_namespace():
    assert on_create({"namespace": ""}, namespaced=False) == []
    assert on_create({}, namespaced=False) == ["metadata.namespace: Forbidden: not allowed on this type"]


def test_custom_resources_take_any_finalizer_name():
    assert on_create({"finalizers": ["bad"]}, kube_finalizers=False) == []


def test_faults_come_in_the_order_of_the_fields():
    meta = {"finalizers": ["a b"], "annotations": {"/": ""}, "labels": {"b": "!", "a": "!"}, "name": "A"}
    places = [error.split(":")[0] for error in on_create(meta, kube_finalizers=False)]
    assert places == [
        "metadata.name",
        *["metadata.labels"] * 2,
        *["metadata.annotations"] * 3,
        "metadata.finalizers",
    ]


@pytest.mark.parametrize(
    ("new", "old", "errors"),
    [
        ({}, {}, []),
        ({"resourceVersion": ""}, {}, ['metadata.resourceVersion: Invalid value: "": must be specified for an update']),
        ({"uid": "v"}, {}, ['metadata.uid: Invalid value: "v": field is immutable']),
        ({"name": "two"}, {}, ['metadata.name: Invalid value: "two": field is immutable']),
        (
            {"deletionTimestamp": "2001-01-01T00:00:00Z"},
            {},
            ['metadata.deletionTimestamp: Invalid value: "2001-01-01T00:00:00Z": field is immutable'],
        ),
        (
            {},
            {"deletionGracePeriodSeconds": 30},
            ["metadata.deletionGracePeriodSeconds: Invalid value: null: field is immutable"],
        ),
        ({"generation": 1}, {"generation": 2}, ["metadata.generation: Invalid value: 1: must not be decremented"]),
        (
            {"deletionTimestamp": "t", "finalizers": ["example.com/c", "example.com/a"]},
            {"deletionTimestamp": "t", "finalizers": ["example.com/a"]},
            [
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted,"
                ' found new finalizers []string{"example.com/c"}'
            ],
        ),
    ],
)
def test_update(new, old, errors):
    assert on_update(new, old) == errors
