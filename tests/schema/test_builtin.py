"""The built-in types say what Go's structs and OpenAPI say."""

from __future__ import annotations

import pytest

from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.model import Schema
from minikube_lite.schema.resources import load_resources


@pytest.fixture(scope="module")
def schemas() -> BuiltinSchemas:
    return BuiltinSchemas.load()


def test_types_are_found_by_kind_and_by_name(schemas: BuiltinSchemas) -> None:
    pod = schemas.type_for("", "v1", "Pod")
    assert pod is schemas.type_named("io.k8s.api.core.v1.Pod")
    assert schemas.type_for("", "v1", "Nosuch") is None
    assert schemas.type_for("apps", "v1", "DeleteOptions") is schemas.type_for("", "v1", "DeleteOptions")
    assert schemas.kinds_of("io.k8s.api.apps.v1.Deployment") == (("apps", "v1", "Deployment"),)
    assert list(schemas.names()) == sorted(schemas.names())


def test_fields_follow_the_struct_tags(schemas: BuiltinSchemas) -> None:
    fields = schemas.type_named("io.k8s.api.apps.v1.DeploymentSpec").fields
    assert fields["replicas"].pointer
    assert fields["replicas"].schema.go_type == "int32"
    assert not fields["template"].omit_empty
    assert fields["strategy"].omit_empty
    assert fields["strategy"].patch_strategy == ("retainKeys",)
    assert schemas.type_named("io.k8s.api.apps.v1.DeploymentSpec").required == ("selector", "template")


def test_embedded_structs_are_flattened(schemas: BuiltinSchemas) -> None:
    volume = schemas.type_named("io.k8s.api.core.v1.Volume")
    assert volume.fields["hostPath"].embedded == ("VolumeSource",)
    assert volume.fields["name"].embedded == ()
    assert schemas.type_named("io.k8s.api.core.v1.Pod").fields["metadata"].go_name == "ObjectMeta"


def test_lists_and_maps_know_how_they_merge(schemas: BuiltinSchemas) -> None:
    container = schemas.type_named("io.k8s.api.core.v1.Container").fields
    assert container["ports"].schema.list_type == "map"
    assert container["ports"].schema.list_map_keys == ("containerPort", "protocol")
    assert container["ports"].patch_merge_key == "containerPort"
    assert schemas.type_named("io.k8s.api.core.v1.ContainerPort").fields["protocol"].default == "TCP"
    assert schemas.type_named("io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector").map_type == "atomic"
    claim = schemas.type_named("io.k8s.api.core.v1.PersistentVolumeSpec").fields["claimRef"]
    assert claim.schema.map_type == "granular"
    assert claim.resolve().map_type == "atomic"


@pytest.mark.parametrize(
    ("type_name", "field", "form", "go_type"),
    [
        ("io.k8s.api.core.v1.ResourceRequirements", "limits", "map", "v1.ResourceList"),
        ("io.k8s.api.core.v1.Secret", "data", "map", "map[string][]uint8"),
        ("io.k8s.api.core.v1.HTTPGetAction", "port", "int-or-string", "intstr.IntOrString"),
        ("io.k8s.api.coordination.v1.LeaseSpec", "renewTime", "micro-time", "v1.MicroTime"),
        ("io.k8s.api.apps.v1.ControllerRevision", "data", "any", "runtime.RawExtension"),
        ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "creationTimestamp", "time", "v1.Time"),
        ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "uid", "string", "types.UID"),
        ("io.k8s.api.core.v1.Container", "imagePullPolicy", "string", "v1.PullPolicy"),
        ("io.k8s.api.core.v1.Container", "env", "list", "[]v1.EnvVar"),
    ],
)
def test_forms_and_go_types(schemas: BuiltinSchemas, type_name: str, field: str, form: str, go_type: str) -> None:
    schema = schemas.type_named(type_name).fields[field].schema
    assert (schema.form, schema.go_type) == (form, go_type)


def test_enums_come_from_the_constants(schemas: BuiltinSchemas) -> None:
    assert schemas.type_named("io.k8s.api.core.v1.Container").fields["imagePullPolicy"].schema.enum == (
        "Always",
        "IfNotPresent",
        "Never",
    )
    assert schemas.type_named("io.k8s.api.discovery.v1.EndpointSlice").fields["addressType"].schema.enum == (
        "FQDN",
        "IPv4",
        "IPv6",
    )


def test_every_type_can_be_built(schemas: BuiltinSchemas) -> None:
    seen: set[int] = set()
    waiting = [schemas.type_named(name) for name in schemas.names()]
    while waiting:
        schema: Schema = waiting.pop()
        if id(schema) in seen:
            continue
        seen.add(id(schema))
        waiting.extend(fact.schema for fact in schema.fields.values())
        if schema.items is not None:
            waiting.append(schema.items)
        assert set(schema.required) <= set(schema.fields)
        assert (schema.form in ("list", "map")) == (schema.items is not None)


def test_every_served_resource_that_is_stored_has_a_type(schemas: BuiltinSchemas) -> None:
    for resource in load_resources():
        found = schemas.type_for(
            resource.response_group or resource.group, resource.response_version or resource.version, resource.kind
        )
        assert found is not None, resource
