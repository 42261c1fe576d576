"""Which resources are served, and how: the built-in table, the schemas and what each kind's file declares, put together.

Upstream: runtime.Scheme and the API group installer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from minikube_lite.machinery.kind import Column, Conversion, Kind, StatusStrategy, Strategy
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.decode import decode, zero_value
from minikube_lite.schema.model import Schema
from minikube_lite.schema.resources import ResourceInfo, SubresourceInfo
from minikube_lite.store import Object, Record


@dataclass(frozen=True, slots=True)
class Decodable:
    """What a body must be."""

    kind: str
    api_version: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class ServedResource:
    """One resource of one version. `key` is the store's name for it, shared by all versions in which its kind is served.

    `conversion` and `stored_schema` are given where its objects are stored in another version.
    """

    info: ResourceInfo
    schema: Schema
    kind: Kind
    status_strategy: Strategy
    subresources: dict[str, SubresourceInfo]
    conversion: Conversion | None = None
    stored_schema: Schema | None = None

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
        return Decodable(self.info.kind, self.api_version, self.schema)

    @property
    def empty(self) -> Object:
        """What an object without any content shows beside its metadata."""
        return {
            name: value
            for name, value in zero_value(self.schema).items()
            if name not in ("metadata", "kind", "apiVersion")
        }

    @property
    def head(self) -> bytes:
        """What an object's JSON begins with, before its own fields."""
        return f'{{"kind":"{self.info.kind}","apiVersion":"{self.api_version}",'.encode()

    def shown(self, obj: Object) -> Object:
        """A stored object as this version shows it; itself where that is how it is stored."""
        if self.conversion is None:
            return obj
        converted: Object = decode(self.schema, self.conversion.from_stored(obj)).value
        return converted

    def stored(self, obj: Object) -> Object:
        """An object of this version as it is stored; raises DecodeError where what it holds makes no object there."""
        if self.conversion is None:
            return obj
        assert self.stored_schema is not None
        converted: Object = decode(self.stored_schema, self.conversion.to_stored(obj)).value
        return converted

    def form(self, record: Record) -> Record:
        """A stored record as this version shows it."""
        return record if self.conversion is None else record.form(self.api_version, self.shown)


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
        self._find_stored_schemas()
        self.groups: dict[str, list[str]] = {}
        for gvr in self._resources:
            versions = self.groups.setdefault(gvr.group, [])
            if gvr.version not in versions:
                versions.append(gvr.version)

    def _find_stored_schemas(self) -> None:
        stored = {resource.key: resource for resource in self if resource.conversion is None}
        for resource in self:
            if resource.conversion is not None:
                self._resources[resource.gvr] = replace(resource, stored_schema=stored[resource.key].schema)

    def __iter__(self) -> Iterator[ServedResource]:
        return iter(tuple(self._resources.values()))

    def find(self, gvr: GroupVersionResource) -> ServedResource | None:
        """The resource of that name and version."""
        return self._resources.get(gvr)

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


def _generic(info: ResourceInfo) -> Kind:
    return Kind(group=info.group, plural=info.name, strategy=GenericStrategy(), emulated=False)
