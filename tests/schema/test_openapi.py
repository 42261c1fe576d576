"""OpenAPI components are those of the published specification."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.model import Field, Schema
from minikube_lite.schema.openapi import component_schemas, components_of
from minikube_lite.schema.resources import load_resources


@pytest.fixture(scope="module")
def apps() -> dict[str, Any]:
    return components_of(BuiltinSchemas.load(), load_resources(), "apps", "v1")


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"].rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*(references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    return set()


def test_references_are_closed_and_names_sorted(apps: dict[str, Any]) -> None:
    assert references(apps) <= set(apps)
    assert list(apps) == sorted(apps)
    assert "io.k8s.api.core.v1.Container" in apps
    assert "io.k8s.api.core.v1.Node" not in apps
    assert "io.k8s.api.autoscaling.v1.Scale" in apps


def test_kinds_are_named_in_arrays(apps: dict[str, Any]) -> None:
    extension = "x-kubernetes-group-version-kind"
    assert apps["io.k8s.api.apps.v1.Deployment"][extension] == [
        {"group": "apps", "kind": "Deployment", "version": "v1"}
    ]
    assert apps["io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"][extension] == [
        {"group": "", "kind": "DeleteOptions", "version": "v1"},
        {"group": "apps", "kind": "DeleteOptions", "version": "v1"},
    ]
    assert extension not in apps["io.k8s.api.apps.v1.DeploymentSpec"]


def test_what_stands_beside_a_reference_makes_it_an_all_of(apps: dict[str, Any]) -> None:
    spec = apps["io.k8s.api.apps.v1.DeploymentSpec"]
    prefix = "#/components/schemas/io.k8s."
    assert spec["required"] == ["selector", "template"]
    assert spec["properties"]["selector"] == {"$ref": prefix + "apimachinery.pkg.apis.meta.v1.LabelSelector"}
    assert spec["properties"]["strategy"] == {
        "allOf": [{"$ref": prefix + "api.apps.v1.DeploymentStrategy"}],
        "default": {},
        "x-kubernetes-patch-strategy": "retainKeys",
    }
    assert spec["properties"]["replicas"] == {"type": "integer", "format": "int32"}


def test_lists_carry_what_merging_needs(apps: dict[str, Any]) -> None:
    assert apps["io.k8s.api.core.v1.Container"]["properties"]["ports"] == {
        "type": "array",
        "items": {"allOf": [{"$ref": "#/components/schemas/io.k8s.api.core.v1.ContainerPort"}], "default": {}},
        "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
        "x-kubernetes-list-type": "map",
        "x-kubernetes-patch-merge-key": "containerPort",
        "x-kubernetes-patch-strategy": "merge",
    }
    assert apps["io.k8s.api.core.v1.ContainerPort"]["properties"]["protocol"]["default"] == "TCP"


def test_descriptions_are_put_in_where_there_are_some() -> None:
    text = Schema("string")
    schema = Schema("object", name="com.example.Thing", fields={"name": Field("name", lambda: text)})
    texts = {"com.example.Thing": {"description": "A thing.", "properties": {"name": {"description": "Its name."}}}}
    assert component_schemas([schema], texts) == {
        "com.example.Thing": {
            "type": "object",
            "properties": {"name": {"type": "string", "description": "Its name."}},
            "description": "A thing.",
        }
    }
