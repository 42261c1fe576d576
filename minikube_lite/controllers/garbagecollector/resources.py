"""Which resource a kind of owner is, among those that are served now; upstream: the RESTMapper of operations.go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.machinery.rest_mapping import resource_of
from minikube_lite.schema.resources import ResourceInfo


class OwnerResource(NamedTuple):
    """The resource of a kind."""

    resource: GroupVersionResource
    namespaced: bool


class Kinds:
    """Kinds and their resources, both ways; read again after `forget`."""

    def __init__(self, served: Callable[[], Iterable[ResourceInfo]]) -> None:
        self._served = served
        self._resources: dict[tuple[str, str], OwnerResource] = {}
        self._kinds: dict[GroupVersionResource, str] = {}

    def forget(self) -> None:
        """Other resources are served than before."""
        self._resources.clear()
        self._kinds.clear()

    def resource_of(self, api_version: str, kind: str) -> OwnerResource | None:
        """The resource that an owner reference means; None for a version or kind that is not served."""
        self._read()
        return self._resources.get((api_version, kind))

    def kind_of(self, resource: GroupVersionResource) -> str:
        """The kind of a resource's objects."""
        self._read()
        return self._kinds[resource]

    def _read(self) -> None:
        if self._kinds:
            return
        for info in self._served():
            resource = resource_of(info)
            self._kinds[resource] = info.kind
            if "get" in info.verbs:
                self._resources[resource.api_version, info.kind] = OwnerResource(resource, info.namespaced)
