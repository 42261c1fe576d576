"""The ownership step of a write: who owns which fields, kept in metadata.managedFields; upstream: apimachinery/pkg/util/managedfields."""

from __future__ import annotations

from collections.abc import Callable

from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.clock import Clock
from minikube_lite.machinery.kind import Strategy
from minikube_lite.machinery.managed_fields import Version, Versions, same_but_for_times, update_managed_fields
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.decode import zero_value
from minikube_lite.schema.fieldset import Filter, exclude_filter, from_paths, include_filter
from minikube_lite.schema.typed import Comparison
from minikube_lite.store import Object


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

    def empty(self, resource: ServedResource) -> Object:
        """What the ownership of a new object starts from."""
        empty = self._empty.get(resource.gvr)
        if empty is None:
            empty = self._empty[resource.gvr] = zero_value(resource.schema)
        return empty

    def updated(
        self, resource: ServedResource, old: Object, new: Object, manager: str, subresource: str, strategy: Strategy
    ) -> None:
        """Note who changed an object; who changes nothing owns nothing more."""
        if strategy.tracks_fields:
            self._track(resource, resource.shown(old), new, manager, subresource, strategy)

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
        if entries:
            new["metadata"]["managedFields"] = entries
        else:
            new["metadata"].pop("managedFields", None)

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


def _between(source: ServedResource, target: ServedResource) -> Callable[[Object], Object]:
    """Converts objects of one version to another, by way of the stored form."""
    return lambda obj: target.shown(source.stored(obj))
