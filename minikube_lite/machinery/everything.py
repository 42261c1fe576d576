"""Changes of everything that can be listed, watched and deleted, also of what is served later; upstream: metadata informers.

Informers share the store's own objects, so following a quiet resource costs next to nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Protocol

from minikube_lite.machinery.resources import EVENTS, GroupVersionResource
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Object

EverythingHandler = Callable[[GroupVersionResource, Object | None, Object | None], None]
"""Called with the resource, and the object before and after a change; None where it was not, or is no more, there."""

VERBS = frozenset({"delete", "list", "watch"})
IGNORED = frozenset({EVENTS.key, "events.events.k8s.io"})
"""There are many of them, and they belong to nothing."""


class Followed(Protocol):
    """What tells the changes of one resource."""

    def add_handler(self, handler: Callable[[Object | None, Object | None], None], /) -> object:
        """Call for every change."""


class Source(Protocol):
    """Where the informers come from."""

    def follow(self, resource: GroupVersionResource) -> Followed:
        """The informer of a resource."""

    def unfollow(self, resource: GroupVersionResource) -> None:
        """The resource is served no more."""


class Everything:
    """Follows every resource in the version that its group prefers."""

    def __init__(self, informers: Source, served: Callable[[], Iterable[ResourceInfo]]) -> None:
        self._informers = informers
        self._served = served
        self._handlers: list[EverythingHandler] = []
        self._listeners: list[Callable[[], None]] = []
        self._followed: dict[str, GroupVersionResource] = {}

    def add_handler(self, handler: EverythingHandler) -> None:
        """Call for every change. Before the informers start."""
        self._handlers.append(handler)

    def add_listener(self, listener: Callable[[], None]) -> None:
        """Call when other resources are served than before."""
        self._listeners.append(listener)

    def refresh(self) -> None:
        """Follow what is served now, and nothing else, if anybody wants to know. Call it whenever that changes."""
        if not self._handlers:
            return
        served = followable(self._served())
        gone = [resource for key, resource in self._followed.items() if served.get(key) != resource]
        for resource in gone:
            self._informers.unfollow(self._followed.pop(resource.key))
        new = [resource for key, resource in served.items() if key not in self._followed]
        for resource in new:
            self._followed[resource.key] = resource
            self._informers.follow(resource).add_handler(functools.partial(self._changed, resource))
        if gone or new:
            for listener in self._listeners:
                listener()

    def _changed(self, resource: GroupVersionResource, old: Object | None, new: Object | None) -> None:
        for handler in self._handlers:
            handler(resource, old, new)


def followable(served: Iterable[ResourceInfo]) -> dict[str, GroupVersionResource]:
    """By key, the resources that can be followed, each in one version."""
    chosen: dict[str, GroupVersionResource] = {}
    for info in served:
        resource = GroupVersionResource(info.group, info.version, info.name)
        if not VERBS.issubset(info.verbs) or resource.key in IGNORED:
            continue
        if resource.key not in chosen or info.version == info.preferred_version:
            chosen[resource.key] = resource
    return chosen
