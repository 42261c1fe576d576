"""What a server serves by default: resources, their versions, verbs and subresources. Upstream: api/discovery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import orjson

DATA_FILE = "resources-1.36.json"


@dataclass(frozen=True, slots=True)
class SubresourceInfo:
    """One subresource. Group and version are "" where its answers are of the resource's own version."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class ResourceInfo:
    """One resource of one version, as discovery shows it."""

    group: str
    version: str
    preferred_version: str
    """The group's preferred version."""
    name: str
    singular: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[SubresourceInfo, ...] = ()
    storage_version_hash: str = ""
    response_group: str = ""
    response_version: str = ""


def load_resources() -> tuple[ResourceInfo, ...]:
    """Every built-in resource, groups and versions in upstream's discovery order."""
    data = orjson.loads(files("minikube_lite.schema").joinpath("data", DATA_FILE).read_bytes())
    return tuple(_resources(data))


def _resources(data: Mapping[str, Any]) -> Iterator[ResourceInfo]:
    for group in data["groups"]:
        for version in group["versions"]:
            for fact in version["resources"]:
                yield _resource(group, version["version"], fact)


def _resource(group: Mapping[str, Any], version: str, fact: Mapping[str, Any]) -> ResourceInfo:
    return ResourceInfo(
        group=group["group"],
        version=version,
        preferred_version=group["preferredVersion"],
        name=fact["name"],
        singular=fact["singular"],
        kind=fact["kind"],
        namespaced=fact["namespaced"],
        verbs=tuple(fact["verbs"]),
        short_names=tuple(fact.get("shortNames", ())),
        categories=tuple(fact.get("categories", ())),
        subresources=tuple(_subresource(entry) for entry in fact.get("subresources", ())),
        storage_version_hash=fact.get("hash", ""),
        response_group=fact.get("group", ""),
        response_version=fact.get("version", ""),
    )


def _subresource(fact: Mapping[str, Any]) -> SubresourceInfo:
    return SubresourceInfo(
        fact["name"], fact["kind"], tuple(fact["verbs"]), fact.get("group", ""), fact.get("version", "")
    )
