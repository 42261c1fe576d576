"""Which resources are served, and how: the built-in table, the schemas and what each kind's file declares, put together.

Upstream: runtime.Scheme and the API group installer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from minikube_lite.machinery.kind import Column, Conversion, Kind, StatusStrategy, Strategy
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.decode import decode, zero_value
from minikube_lite.schema.model import Schema
from minikube_lite.schema.resources import ResourceInfo, SubresourceInfo
from minikube_lite.store import Object, Record

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


@dataclass(frozen=True, slots=True)
class Decodable:
    """What a body must be. `custom` ones are plain JSON that names its own kind."""

    kind: str
    api_version: str
    schema: Schema
    custom: bool = False
    older: tuple[str, ...] = ()
    """Other apiVersions in which the same may be said."""


@dataclass(frozen=True, slots=True)
class ScalePaths:
    """Where a custom resource has what a Scale shows, as steps; `selector` is empty where there is none."""

    replicas: tuple[str, ...]
    status_replicas: tuple[str, ...]
    selector: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Custom:
    """What is particular about a resource that is defined by an object: a CustomResourceDefinition's version.

    `generation` names the definition and its state; `warning` is told with every answer; `document` is its JSON schema.
    """

    generation: str
    list_kind: str
    document: Mapping[str, Any]
    terminating: bool = False
    warning: str = ""
    scale: ScalePaths | None = None
    storage_version: str = ""
    webhook: Mapping[str, Any] | None = None
    """By what its versions are converted, where that is a webhook; `read_shown` and `read_stored` then prune what it made."""
    read_shown: Callable[[Object], Object] = field(default=copy, compare=False)
    read_stored: Callable[[Object], Object] = field(default=copy, compare=False)


@dataclass(frozen=True, slots=True)
class ServedResource:
    """One resource of one version. `key` is the store's name for it, shared by all versions in which its kind is served.

    `conversion` is given where its objects are stored in another version; `custom` where the resource is defined by an object.
    """

    info: ResourceInfo
    schema: Schema
    kind: Kind
    status_strategy: Strategy
    subresources: dict[str, SubresourceInfo]
    conversion: Conversion | None = None
    custom: Custom | None = None

    @property
    def gvr(self) -> GroupVersionResource:
        """Its name in a path."""
        return GroupVersionResource(self.info.group, self.info.version, self.info.name)

    @property
    def key(self) -> str:
        """Its name in the store."""
        return GroupVersionResource(self.kind.group, "", self.info.name).key

    @property
    def api_version(self) -> str:
        """Its group and version."""
        return self.gvr.api_version

    @property
    def deprecation(self) -> str:
        """What whoever asks for it over HTTP is warned of, "" for nothing."""
        return self.kind.deprecations.get(self.api_version, "")

    @property
    def strategy(self) -> Strategy:
        """How its objects are written."""
        return self.kind.strategy

    @property
    def columns(self) -> Sequence[Column]:
        """How its objects are shown in a table."""
        return self.kind.columns

    @property
    def decodable(self) -> Decodable:
        """What a body of it must be."""
        return Decodable(self.info.kind, self.api_version, self.schema, self.custom is not None)

    @property
    def empty(self) -> Object:
        """What an object without any content shows beside its metadata."""
        if self.custom is not None:
            return {}
        return {
            name: value
            for name, value in zero_value(self.schema).items()
            if name not in ("metadata", "kind", "apiVersion")
        }

    @property
    def list_kind(self) -> str:
        """The kind of its lists."""
        return self.custom.list_kind if self.custom is not None else f"{self.info.kind}List"

    @property
    def head(self) -> bytes:
        """What an object's JSON begins with, before its own fields."""
        return f'{{"kind":"{self.info.kind}","apiVersion":"{self.api_version}",'.encode()

    # An object is in up to three forms: as it is stored, as a version shows it, and as hooks see it. Hooks of built-in kinds see
    # the stored form; those of a custom resource see that of the request's version, by whose schema it is checked.

    def from_store(self, obj: Object) -> Object:
        """A stored object as this version shows it; itself where that is how it is stored."""
        return obj if self.conversion is None else self.conversion.from_stored(obj)

    def to_store(self, obj: Object) -> Object:
        """An object of this version as it is stored; raises DecodeError where what it holds makes no object there."""
        return obj if self.conversion is None else self.conversion.to_stored(obj)

    def shown(self, obj: Object) -> Object:
        """An object as hooks see it as this version shows it."""
        return obj if self.custom is not None else self.from_store(obj)

    def hooked(self, obj: Object) -> Object:
        """An object of this version as hooks see it; raises DecodeError as `to_store`."""
        return obj if self.custom is not None else self.to_store(obj)

    def current(self, record: Record) -> Object:
        """A stored record as hooks see it."""
        return record.object if self.custom is None else self.form(record).object

    def committed(self, obj: Object) -> Object:
        """An object as hooks see it as it is stored."""
        return obj if self.custom is None else self.to_store(obj)

    def form(self, record: Record) -> Record:
        """A stored record as this version shows it."""
        return record if self.conversion is None else record.form(self.form_name, self.from_store)

    @property
    def form_name(self) -> str:
        """What a record keeps this version's form under: definitions change, and with them how their objects look."""
        return self.api_version if self.custom is None else f"{self.api_version} {self.custom.generation}"


class GenericStrategy(Strategy):
    """Kinds without a file of their own: stored and checked against their schema."""


class Scheme:
    """All served resources."""

    def __init__(self, infos: Iterable[ResourceInfo], schemas: BuiltinSchemas, kinds: Iterable[Kind]) -> None:
        self.schemas = schemas
        self._resources: dict[GroupVersionResource, ServedResource] = {}
        kinds = tuple(kinds)
        declared = {(kind.group, kind.plural): kind for kind in kinds}
        converted = {(version, kind.plural): kind for kind in kinds for version in kind.conversions}
        for info in infos:
            schema = schemas.type_for(info.group, info.version, info.kind)
            if schema is None:
                continue
            gvr = GroupVersionResource(info.group, info.version, info.name)
            kind = (
                converted.get((gvr.api_version, info.name)) or declared.get((info.group, info.name)) or _generic(info)
            )
            status = kind.status_strategy or StatusStrategy(kind.strategy)
            subresources = {sub.name: sub for sub in info.subresources}
            conversion = kind.conversions.get(gvr.api_version)
            self._resources[gvr] = ServedResource(info, schema, kind, status, subresources, conversion)
        self._type_conversions()
        self.groups: dict[str, list[str]] = {}
        """The versions of each group, in the order of discovery."""
        self.changes = 0
        """Counts changes of what is served."""
        self._definitions: dict[str, tuple[ServedResource, ...]] = {}
        self._built_in = dict(self._resources)
        self._find_groups()

    def _type_conversions(self) -> None:
        stored = {resource.key: resource.schema for resource in self if resource.conversion is None}
        for resource in self:
            if resource.conversion is not None:
                conversion = _typed(resource.conversion, resource.schema, stored[resource.key])
                self._resources[resource.gvr] = replace(resource, conversion=conversion)

    def _find_groups(self) -> None:
        self.groups = {}
        for gvr in self._resources:
            versions = self.groups.setdefault(gvr.group, [])
            if gvr.version not in versions:
                versions.append(gvr.version)

    # What a cluster defines itself

    def of_cluster(self) -> Scheme:
        """A scheme that serves the same, to which a cluster adds what is defined in it."""
        scheme = copy(self)
        scheme._resources = dict(self._resources)
        scheme._definitions = dict(self._definitions)
        scheme._find_groups()
        return scheme

    def serve(self, name: str, resources: Iterable[ServedResource]) -> bool:
        """Serve what the definition of that name defines, in place of what it defined before; whether that changes anything."""
        found = tuple(resources)
        if [resource.custom for resource in self._definitions.get(name, ())] == [resource.custom for resource in found]:
            return False
        if found:
            self._definitions[name] = found
        else:
            self._definitions.pop(name, None)
        self._resources = dict(self._built_in)
        for resource in _in_discovery_order(self._definitions.values()):
            self._resources.setdefault(resource.gvr, resource)
        self._find_groups()
        self.changes += 1
        return True

    def __iter__(self) -> Iterator[ServedResource]:
        return iter(tuple(self._resources.values()))

    def find(self, gvr: GroupVersionResource) -> ServedResource | None:
        """The resource of that name and version."""
        return self._resources.get(gvr)

    def is_custom(self, group: str) -> bool:
        """Whether all that the group serves is defined in the cluster."""
        return all(gvr.group != group for gvr in self._built_in)

    def of_version(self, group: str, version: str) -> list[ServedResource]:
        """The resources of a group's version, in upstream's order."""
        return [resource for gvr, resource in self._resources.items() if gvr.group == group and gvr.version == version]

    def in_version(self, resource: ServedResource, api_version: str) -> ServedResource | None:
        """The same resource as another version serves it; None where that version does not."""
        group, _, version = api_version.rpartition("/")
        found = self.find(GroupVersionResource(group, version, resource.info.name))
        return found if found is not None and found.key == resource.key else None

    def of_kind(self, group: str, version: str, kind: str) -> ServedResource | None:
        """The resource whose objects are of that kind."""
        return next((resource for resource in self.of_version(group, version) if resource.info.kind == kind), None)


def _typed(conversion: Conversion, schema: Schema, stored: Schema) -> Conversion:
    """The conversion with what it makes read as Go's types would have it."""

    def from_stored(obj: Object) -> Object:
        converted: Object = decode(schema, conversion.from_stored(obj)).value
        return converted

    def to_stored(obj: Object) -> Object:
        converted: Object = decode(stored, conversion.to_stored(obj)).value
        return converted

    return Conversion(from_stored, to_stored)


def _in_discovery_order(definitions: Iterable[tuple[ServedResource, ...]]) -> Iterator[ServedResource]:
    """Custom resources by group, version (the most stable first) and name, each told the version that its group prefers."""
    groups: dict[str, list[ServedResource]] = {}
    for resources in definitions:
        for resource in resources:
            groups.setdefault(resource.info.group, []).append(resource)
    for group in sorted(groups):
        found = sorted(
            groups[group], key=lambda resource: (version_priority(resource.info.version), resource.info.name)
        )
        for resource in found:
            yield replace(resource, info=replace(resource.info, preferred_version=found[0].info.version))


def version_priority(version: str) -> tuple[int, int, int, str]:
    """The key that sorts versions as Kubernetes does: v10, v2, v11beta2, v10beta3, v1alpha1, foo; upstream: util/version."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return (3, 0, 0, version)
    major, stage, minor = found.groups()
    return (("", "beta", "alpha").index(stage or ""), -int(major), -int(minor or 0), version)


def _generic(info: ResourceInfo) -> Kind:
    return Kind(group=info.group, plural=info.name, strategy=GenericStrategy(), emulated=False)
