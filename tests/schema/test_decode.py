"""Decoding gives what a round trip through Go's structs gives, and Go's error texts."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.decode import DecodeError, decode, zero_value


@pytest.fixture(scope="module")
def schemas() -> BuiltinSchemas:
    return BuiltinSchemas.load()


def decoded(schemas: BuiltinSchemas, kind: str, value: Any) -> Any:
    return decode(schemas.type_named(f"io.k8s.api.{kind}"), value)


POD_SPEC = {"containers": [{"name": "c", "resources": {}}]}


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("core.v1.ConfigMap", {}, {"metadata": {}}),
        ("core.v1.ConfigMap", {"data": {}, "immutable": False}, {"metadata": {}, "immutable": False}),
        ("core.v1.ConfigMap", {"data": {"a": None}}, {"metadata": {}, "data": {"a": ""}}),
        ("core.v1.ConfigMap", {"metadata": None, "data": None}, {"metadata": {}}),
        ("core.v1.Secret", {"data": {"a": "YQ\n=="}}, {"metadata": {}, "data": {"a": "YQ=="}}),
        ("core.v1.Pod", {"spec": {"containers": []}}, {"metadata": {}, "spec": {"containers": None}, "status": {}}),
        (
            "core.v1.Pod",
            {"spec": {"containers": [{"name": "c"}], "hostNetwork": False, "nodeName": "", "priority": 0}},
            {"metadata": {}, "spec": {**POD_SPEC, "priority": 0}, "status": {}},
        ),
        (
            "core.v1.ResourceRequirements",
            {"limits": {"cpu": "1000m", "memory": "1024Mi", "x": 0.5, "y": 3}, "requests": {}},
            {"limits": {"cpu": "1", "memory": "1Gi", "x": "500m", "y": "3"}},
        ),
        (
            "apps.v1.DaemonSetStatus",
            {},
            {"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0},
        ),
        (
            "apps.v1.DeploymentSpec",
            {"replicas": 0, "minReadySeconds": 0},
            {
                "replicas": 0,
                "selector": None,
                "strategy": {},
                "template": {"metadata": {}, "spec": {"containers": None}},
            },
        ),
        (
            "apps.v1.RollingUpdateDeployment",
            {"maxSurge": 0, "maxUnavailable": "25%"},
            {"maxSurge": 0, "maxUnavailable": "25%"},
        ),
        ("rbac.v1.Role", {"rules": []}, {"metadata": {}, "rules": None}),
        ("rbac.v1.PolicyRule", {"verbs": ["get", None]}, {"verbs": ["get", ""]}),
        (
            "coordination.v1.LeaseSpec",
            {"renewTime": "2024-01-01T00:00:00.000000+01:00"},
            {"renewTime": "2023-12-31T23:00:00.000000Z"},
        ),
        (
            "core.v1.PodCondition",
            {"type": "A", "status": "True"},
            {"type": "A", "status": "True", "lastProbeTime": None, "lastTransitionTime": None},
        ),
        ("apps.v1.ControllerRevision", {"data": {"a": None}}, {"metadata": {}, "data": {"a": None}, "revision": 0}),
        ("core.v1.ServicePort", {"port": 80}, {"port": 80, "targetPort": 0}),
        ("core.v1.Service", {}, {"metadata": {}, "spec": {}, "status": {"loadBalancer": {}}}),
        ("core.v1.EmptyDirVolumeSource", {"sizeLimit": None, "medium": None}, {}),
    ],
)
def test_values_are_normalised(schemas: BuiltinSchemas, kind: str, given: Any, expected: Any) -> None:
    before = copy.deepcopy(given)
    answer = decoded(schemas, kind, given).value
    assert answer == expected
    assert given == before
    assert decoded(schemas, kind, answer).value == answer


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("core.v1.ConfigMap", {"metadata": {}}),
        ("core.v1.Service", {"metadata": {}, "spec": {}, "status": {"loadBalancer": {}}}),
        ("apps.v1.ControllerRevision", {"metadata": {}, "data": None, "revision": 0}),
    ],
)
def test_an_empty_object_is_as_go_writes_it(schemas: BuiltinSchemas, kind: str, expected: Any) -> None:
    assert zero_value(schemas.type_named(f"io.k8s.api.{kind}")) == expected


def test_zero_values_are_fresh(schemas: BuiltinSchemas) -> None:
    status = schemas.type_named("io.k8s.api.core.v1.ServiceStatus")
    first = zero_value(status)
    first["loadBalancer"]["x"] = 1
    assert zero_value(status) == {"loadBalancer": {}}


@pytest.mark.parametrize(
    ("kind", "given", "found", "place", "go_type"),
    [
        ("core.v1.Pod", {"spec": []}, "array", "Pod.spec", "v1.PodSpec"),
        ("core.v1.Pod", {"metadata": {"labels": {"a": 1}}}, "number", "ObjectMeta.metadata.labels", "string"),
        ("core.v1.Pod", {"metadata": {"name": True}}, "bool", "ObjectMeta.metadata.name", "string"),
        ("core.v1.Pod", {"spec": {"nodeSelector": "x"}}, "string", "PodSpec.spec.nodeSelector", "map[string]string"),
        (
            "core.v1.Pod",
            {"spec": {"containers": [{"env": {}}]}},
            "object",
            "Container.spec.containers.env",
            "[]v1.EnvVar",
        ),
        (
            "core.v1.Pod",
            {"spec": {"containers": [{"ports": [{"containerPort": "x"}]}]}},
            "string",
            "ContainerPort.spec.containers.ports.containerPort",
            "int32",
        ),
        (
            "core.v1.Pod",
            {"spec": {"volumes": [{"emptyDir": 5}]}},
            "number",
            "Volume.spec.volumes.VolumeSource.emptyDir",
            "v1.EmptyDirVolumeSource",
        ),
        ("core.v1.Pod", {"spec": {"restartPolicy": 1}}, "number", "PodSpec.spec.restartPolicy", "v1.RestartPolicy"),
        ("core.v1.ConfigMap", {"data": {"a": 1}}, "number", "ConfigMap.data", "string"),
        ("core.v1.ConfigMap", {"data": []}, "array", "ConfigMap.data", "map[string]string"),
        ("apps.v1.Deployment", {"spec": {"replicas": "2"}}, "string", "DeploymentSpec.spec.replicas", "int32"),
        ("apps.v1.Deployment", {"spec": {"replicas": 1.5}}, "number 1.5", "DeploymentSpec.spec.replicas", "int32"),
        (
            "apps.v1.Deployment",
            {"spec": {"replicas": 2**31}},
            "number 2147483648",
            "DeploymentSpec.spec.replicas",
            "int32",
        ),
        ("apps.v1.RollingUpdateDeployment", {"maxSurge": True}, "bool", "RollingUpdateDeployment.maxSurge", "int32"),
        ("rbac.v1.Role", {"rules": [{"verbs": "get"}]}, "string", "PolicyRule.rules.verbs", "[]string"),
        (
            "core.v1.Pod",
            {"metadata": {"creationTimestamp": 5}},
            "number",
            "ObjectMeta.metadata.creationTimestamp",
            "string",
        ),
    ],
)
def test_wrong_types(schemas: BuiltinSchemas, kind: str, given: Any, found: str, place: str, go_type: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decoded(schemas, kind, given)
    assert str(caught.value) == f"json: cannot unmarshal {found} into Go struct field {place} of type {go_type}"


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("core.v1.ConfigMap", [], "json: cannot unmarshal array into Go value of type v1.ConfigMap"),
        ("core.v1.ConfigMap", {"binaryData": {"b": "!"}}, "illegal base64 data at input byte 0"),
        ("core.v1.Secret", {"data": {"b": "YWJ"}}, "illegal base64 data at input byte 0"),
        ("core.v1.Secret", {"data": {"b": "YWI!"}}, "illegal base64 data at input byte 3"),
        ("core.v1.Secret", {"data": {"b": "YWI=YWI="}}, "illegal base64 data at input byte 4"),
        (
            "coordination.v1.Lease",
            {"spec": {"renewTime": "yesterday"}},
            'parsing time "yesterday" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "yesterday" as "2006"',
        ),
        (
            "core.v1.Pod",
            {"spec": {"hostNetwork": 1, "containers": [{"resources": {"limits": {"cpu": "x"}}}]}},
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            "core.v1.Pod",
            {"spec": {"hostNetwork": 1, "nodeName": 2}},
            "json: cannot unmarshal number into Go struct field PodSpec.spec.hostNetwork of type bool",
        ),
    ],
)
def test_which_fault_is_told(schemas: BuiltinSchemas, kind: str, given: Any, message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decoded(schemas, kind, given)
    assert str(caught.value) == message


def test_unknown_fields_are_dropped_and_told_in_order(schemas: BuiltinSchemas) -> None:
    pod = {
        "spec": {"containers": [{"name": "c", "port": 1}, {"name": "d", "Image": "x"}], "contaners": []},
        "foo": {"a": 1},
    }
    answer = decoded(schemas, "core.v1.Pod", pod)
    assert answer.unknown == [
        'unknown field "spec.containers[0].port"',
        'unknown field "spec.containers[1].Image"',
        'unknown field "spec.contaners"',
        'unknown field "foo"',
    ]
    assert answer.value["spec"]["containers"] == [{"name": "c", "resources": {}}, {"name": "d", "resources": {}}]
    assert "foo" not in answer.value


def test_only_so_many_unknown_fields_are_told(schemas: BuiltinSchemas) -> None:
    assert len(decoded(schemas, "core.v1.ConfigMap", {f"x{n}": 1 for n in range(200)}).unknown) == 100


def test_definitions_hold_schemas_booleans_or_lists(schemas: BuiltinSchemas) -> None:
    name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
    given = {
        "additionalProperties": {"type": "string", "nosuch": 1},
        "additionalItems": True,
        "items": {"type": "object", "properties": {"a": {"default": {"b": None}}}},
        "maximum": 5.0,
    }
    answer = decode(schemas.type_named(name), given)
    assert answer.value == {**given, "additionalProperties": {"type": "string"}, "maximum": 5}
    assert answer.unknown == []
    with pytest.raises(DecodeError, match="^boolean or JSON schema expected$"):
        decode(schemas.type_named(name), {"additionalProperties": "x"})
