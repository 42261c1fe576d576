"""Which resource a kind or a name in the store means, among those that are served now; upstream: meta.RESTMapper."""

from __future__ import annotations

from minikube_lite.machinery.client import Client
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.resources import ResourceInfo


def resource_of(info: ResourceInfo) -> GroupVersionResource:
    """Its name in a path."""
    return GroupVersionResource(info.group, info.version, info.name)


def find_kind(client: Client, api_version: str, kind: str) -> ResourceInfo | None:
    """The resource of a kind as a reference names it, in the version that its group prefers."""
    group = api_version.rpartition("/")[0]
    found = None
    for info in client.resources():
        if info.kind == kind and info.group == group and "get" in info.verbs:
            if info.version == info.preferred_version:
                return info
            found = found or info
    return found


def find_key(client: Client, key: str) -> ResourceInfo | None:
    """The resource that the store calls so, in the version that its group prefers."""
    name, _, group = key.partition(".")
    found = None
    for info in client.resources():
        if info.name == name and info.group == group and "get" in info.verbs:
            if info.version == info.preferred_version:
                return info
            found = found or info
    return found
