"""The in-process client: what controllers, kubelets, DNS and Python users talk to the API by; upstream: client-go.

It takes the same road as HTTP: the same defaulting, admission, validation, conflicts and watches, as a user and field manager.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, Protocol

from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Cursor, Object

PatchType = Literal[
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
]


class ObjectList(NamedTuple):
    """A list's items, shared with all who read them, and the revision at which they stood."""

    items: list[Object]
    revision: int


class Client(Protocol):
    """Verbs on resources. Every method raises ApiError as the API server would answer.

    Objects returned are shared: copy before changing.
    """

    async def get(self, resource: GroupVersionResource, namespace: str, name: str, *, subresource: str = "") -> Object:
        """The object as it is now."""

    async def list_objects(
        self, resource: GroupVersionResource, namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ObjectList:
        """The objects of a namespace, or of all."""

    async def create(
        self,
        resource: GroupVersionResource,
        namespace: str,
        obj: Object,
        *,
        name: str = "",
        subresource: str = "",
        dry_run: bool = False,
    ) -> Object:
        """Create an object; `name` and `subresource` for pods/binding and pods/eviction. Its parts may be kept."""

    async def update(
        self, resource: GroupVersionResource, namespace: str, obj: Object, *, subresource: str = ""
    ) -> Object:
        """Replace an object; with a resourceVersion in it, only that version. Its parts may be kept."""

    async def patch(
        self,
        resource: GroupVersionResource,
        namespace: str,
        name: str,
        patch: Any,
        *,
        patch_type: PatchType = "application/merge-patch+json",
        subresource: str = "",
    ) -> Object:
        """Change an object by a patch, given as decoded JSON; an apply takes over what others own, as controllers' do."""

    async def delete(
        self, resource: GroupVersionResource, namespace: str, name: str, options: dict[str, Any] | None = None
    ) -> Object:
        """Delete an object; `options` as DeleteOptions: gracePeriodSeconds, preconditions, propagationPolicy."""

    async def delete_collection(
        self,
        resource: GroupVersionResource,
        namespace: str,
        *,
        label_selector: str = "",
        options: dict[str, Any] | None = None,
    ) -> None:
        """Delete all objects of a namespace that match."""

    def resources(self) -> Iterable[ResourceInfo]:
        """What is served now, as discovery tells it: every resource in each of its versions."""

    def watch(self, resource: GroupVersionResource, namespace: str = "", name: str = "", *, after: int) -> Cursor:
        """The changes after a revision; Compacted when they are gone."""
