"""OpenAPI version 3 of custom resources; upstream: apiextensions-apiserver/pkg/controller/openapi/builder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minikube_lite.api.scheme import ServedResource
from minikube_lite.schema.openapi import META, PREFIX
from minikube_lite.schema.resources import ResourceInfo

_TEXTS = {
    "apiVersion": "The version of the schema in which the object is written, as group/version.",
    "kind": "What the object is, in CamelCase.",
    "metadata": "The object's metadata, as all objects have it.",
}


def custom_components(resources: Iterable[ServedResource]) -> dict[str, Any]:
    """The schemas of custom resources and of their lists, by name."""
    components: dict[str, Any] = {}
    for resource in resources:
        if resource.custom is None:
            continue
        name = component_name(resource.info)
        components[name] = {**_whole(resource.custom.document), **_kind(resource, resource.info.kind)}
        list_name = f"{name.removesuffix(resource.info.kind)}{resource.custom.list_kind}"
        components[list_name] = _list(resource, name)
    return components


def component_name(info: ResourceInfo) -> str:
    """What the schema of a custom resource is called: example.com/v1 Thing is com.example.v1.Thing."""
    return ".".join((*reversed(info.group.split(".")), info.version, info.kind))


def _kind(resource: ServedResource, kind: str) -> dict[str, Any]:
    info = resource.info
    return {"x-kubernetes-group-version-kind": [{"group": info.group, "version": info.version, "kind": kind}]}


def _whole(document: Mapping[str, Any]) -> dict[str, Any]:
    answer = {**document, "type": "object"}
    properties = dict(document.get("properties") or {})
    for name in ("apiVersion", "kind"):
        properties[name] = {"type": "string", "description": _TEXTS[name]}
    properties["metadata"] = {
        "allOf": [{"$ref": f"{PREFIX}{META}ObjectMeta"}],
        "description": _TEXTS["metadata"],
    }
    answer["properties"] = properties
    return answer


def _list(resource: ServedResource, name: str) -> dict[str, Any]:
    properties = {
        "apiVersion": {"type": "string", "description": _TEXTS["apiVersion"]},
        "items": {
            "type": "array",
            "items": {"$ref": PREFIX + name},
            "description": f"The {resource.info.name}, as they were at one moment.",
        },
        "kind": {"type": "string", "description": _TEXTS["kind"]},
        "metadata": {"allOf": [{"$ref": f"{PREFIX}{META}ListMeta"}], "description": "The list's metadata."},
    }
    return {
        "type": "object",
        "required": ["items"],
        "properties": properties,
        "description": f"A list of {resource.info.kind}.",
        **_kind(resource, resource.list_kind),
    }
