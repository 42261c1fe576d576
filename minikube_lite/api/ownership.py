"""The ownership step of a write: who owns which fields, kept in metadata.managedFields; upstream: apimachinery/pkg/util/managedfields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.clock import Clock
from minikube_lite.machinery.kind import Strategy
from minikube_lite.machinery.managed_fields import Entry, Version, Versions, same_but_for_times, update_managed_fields
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.machinery.scale_ownership import SCALE_API_VERSION, owners_of_parent, owners_of_scale
from minikube_lite.schema.decode import zero_value
from minikube_lite.schema.fieldset import Filter, exclude_filter, from_paths, include_filter
from minikube_lite.schema.model import Schema
from minikube_lite.schema.typed import Comparison
from minikube_lite.store import Object

SCALE = "scale"


class Ownership:
    """Tracks the field managers of writes that are updates; server-side apply has a step of its own.

    Objects come in their stored form; fields are owned in the version in which they are written.
    """

    def __init__(self, scheme: Scheme, clock: Clock) -> None:
        self._scheme = scheme
        self._clock = clock
        self._empty: dict[GroupVersionResource, Object] = {}
        self._filters: dict[tuple[tuple[str, ...], ...], Filter | None] = {(): None}

    def created(self, resource: ServedResource, obj: Object, manager: str, subresource: str) -> None:
        """Note who made an object."""
        self._track(resource, self.empty(resource), obj, manager, subresource, resource.strategy)

    def sent(self, schema: Schema, api_version: str, obj: Object, manager: str, subresource: str) -> None:
        """Note who sent an object that is answered and not stored."""
        entries = update_managed_fields(
            schema,
            zero_value(schema),
            obj,
            manager=manager,
            api_version=api_version,
            subresource=subresource,
            time=self._clock.timestamp(),
            reset=None,
            compare_at=None,
        )
        if entries:
            obj["metadata"]["managedFields"] = entries

    def empty(self, resource: ServedResource) -> Object:
        """What the ownership of a new object starts from."""
        empty = self._empty.get(resource.gvr)
        if empty is None:
            empty = self._empty[resource.gvr] = {} if resource.custom else zero_value(resource.schema)
        return empty

    def updated(
        self, resource: ServedResource, old: Object, new: Object, manager: str, subresource: str, strategy: Strategy
    ) -> None:
        """Note who changed an object; who changes nothing owns nothing more."""
        if subresource == SCALE and resource.kind.replicas_paths:
            self._scaled(resource, old, new, manager)
        elif strategy.tracks_fields:
            self._track(resource, resource.shown(old), new, manager, subresource, strategy)

    def _scaled(self, resource: ServedResource, old: Object, new: Object, manager: str) -> None:
        """Note who changed the number of replicas through a Scale, whose own fields count."""
        paths, parent = resource.kind.replicas_paths, old["metadata"].get("managedFields") or []
        schema = self._scheme.schemas.type_for("autoscaling", "v1", "Scale")
        assert schema is not None
        metadata = {"uid": old["metadata"]["uid"], "managedFields": owners_of_scale(parent, paths)}
        live, wanted = (
            {"metadata": metadata, "spec": {"replicas": count} if count else {}}
            for count in (replicas_of(obj, paths[resource.api_version]) for obj in (old, new))
        )
        scaled = update_managed_fields(
            schema,
            live,
            wanted,
            manager=manager,
            api_version=SCALE_API_VERSION,
            subresource=SCALE,
            time=self._clock.timestamp(),
        )
        set_entries(new, owners_of_parent(parent, scaled, paths, resource.api_version))

    def settle_times(self, new: Object, old: Object) -> None:
        """If nothing but an entry's time differs, the time stays: a write that changes nothing leaves no trace."""
        before, after = old["metadata"].get("managedFields"), new["metadata"].get("managedFields")
        if before is not after and before and after and before != after and same_but_for_times(before, after):
            new["metadata"]["managedFields"] = before

    def _track(
        self, resource: ServedResource, live: Object, new: Object, manager: str, subresource: str, strategy: Strategy
    ) -> None:
        shown, reset, versions = resource.shown(new), self.filter(strategy), self.versions(resource)

        def compare_at(api_version: str) -> Comparison | None:
            version = versions(api_version) if versions is not None else None
            return version.compare(live, shown, reset) if version is not None else None

        entries = update_managed_fields(
            resource.schema,
            live,
            shown,
            manager=manager,
            api_version=resource.api_version,
            subresource=subresource,
            time=self._clock.timestamp(),
            reset=reset,
            compare_at=compare_at if versions is not None else None,
        )
        set_entries(new, entries)

    def versions(self, resource: ServedResource) -> Versions | None:
        """The other versions in which owners of fields may have written; None where there is but one."""
        if not resource.kind.conversions:
            return None

        def version(api_version: str) -> Version | None:
            other = self._scheme.in_version(resource, api_version)
            return Version(other.schema, _between(resource, other), _between(other, resource)) if other else None

        return version

    def filter(self, strategy: Strategy) -> Filter | None:
        """Drops the fields that a strategy resets."""
        paths = strategy.owned_fields or (strategy.reset_fields if strategy.has_status else ())
        if paths not in self._filters:
            chosen = include_filter(*paths) if strategy.owned_fields else exclude_filter(from_paths(*paths))
            self._filters[paths] = chosen
        return self._filters[paths]


def replicas_of(obj: Object, path: Sequence[str] | None) -> int:
    """The number at that path, which does not count where it is not there."""
    value: Any = obj
    for name in path or ():
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, int) else 0


def set_entries(obj: Object, entries: list[Entry]) -> None:
    """Make those the owners of the object's fields."""
    if entries:
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)


def _between(source: ServedResource, target: ServedResource) -> Callable[[Object], Object]:
    """Converts objects of one version to another, by way of the stored form."""
    return lambda obj: target.from_store(source.to_store(obj))
