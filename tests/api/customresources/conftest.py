"""A cluster without nodes, in which things are defined."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest

from minikube_lite import Cluster
from minikube_lite.machinery.resources import CUSTOM_RESOURCE_DEFINITIONS, GroupVersionResource
from minikube_lite.store import Object

GROUP = "example.com"
WIDGETS = GroupVersionResource(GROUP, "v1", "widgets")

SCHEMA: Object = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "size": {"type": "string"},
                "replicas": {"type": "integer", "default": 1},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        },
        "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
    },
}


def definition(plural: str = "widgets", kind: str = "Widget", **changes: Any) -> Object:
    """A definition with one version; `changes` are of its spec."""
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    spec = {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": plural, "kind": kind},
        "versions": [{**version, "schema": {"openAPIV3Schema": copy.deepcopy(SCHEMA)}}],
        **changes,
    }
    return {"metadata": {"name": f"{plural}.{GROUP}"}, "spec": spec}


class World:
    """The cluster, and how tests speak with it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.client = cluster.client

    async def define(self, obj: Object) -> Object:
        """Create a definition; returns it as it is when all is quiet."""
        await self.client.create(CUSTOM_RESOURCE_DEFINITIONS, "", obj)
        await self.cluster.settle()
        return await self.definition(obj["metadata"]["name"])

    async def definition(self, name: str) -> Object:
        """A definition as it is now."""
        return await self.client.get(CUSTOM_RESOURCE_DEFINITIONS, "", name)

    async def change(self, name: str, patch: Object) -> Object:
        """Patch a definition, and wait for quiet."""
        await self.client.patch(CUSTOM_RESOURCE_DEFINITIONS, "", name, patch)
        await self.cluster.settle()
        return await self.definition(name)

    def conditions(self, obj: Object) -> dict[str, tuple[str, str]]:
        """Status and reason of each condition."""
        found = obj["status"].get("conditions") or []
        return {each["type"]: (each["status"], each["reason"]) for each in found}

    def served(self) -> list[str]:
        """What is served of the group, as `version/resource`."""
        return [f"{info.version}/{info.name}" for info in self.client.resources() if info.group == GROUP]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with Cluster(
        nodes=0, clock="stepped", seed=3, serve_api=False, serve_dns=False, detect_mutation=True
    ) as cluster:
        yield World(cluster)
