"""A client of the API at the far end of a link: the control plane as a kubelet sees it; upstream: client-go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minikube_lite.machinery.client import Client, ObjectList, PatchType
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.network.link import Link
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Cursor, Event, Object


class LinkedClient:
    """The Client protocol through a link: while it is cut every call raises Unreachable, and watches stand still."""

    def __init__(self, client: Client, link: Link) -> None:
        self._client = client
        self.link = link

    async def get(self, resource: GroupVersionResource, namespace: str, name: str, *, subresource: str = "") -> Object:
        """The object as it is now."""
        self.link.check()
        return await self._client.get(resource, namespace, name, subresource=subresource)

    async def list_objects(
        self, resource: GroupVersionResource, namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ObjectList:
        """The objects of a namespace, or of all."""
        self.link.check()
        return await self._client.list_objects(
            resource, namespace, label_selector=label_selector, field_selector=field_selector
        )

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
        """Create an object. Keeps `obj`."""
        self.link.check()
        return await self._client.create(resource, namespace, obj, name=name, subresource=subresource, dry_run=dry_run)

    async def update(
        self, resource: GroupVersionResource, namespace: str, obj: Object, *, subresource: str = ""
    ) -> Object:
        """Replace an object. Keeps `obj`."""
        self.link.check()
        return await self._client.update(resource, namespace, obj, subresource=subresource)

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
        """Change an object by a patch, given as decoded JSON."""
        self.link.check()
        return await self._client.patch(
            resource, namespace, name, patch, patch_type=patch_type, subresource=subresource
        )

    async def delete(
        self, resource: GroupVersionResource, namespace: str, name: str, options: dict[str, Any] | None = None
    ) -> Object:
        """Delete an object."""
        self.link.check()
        return await self._client.delete(resource, namespace, name, options)

    async def delete_collection(
        self,
        resource: GroupVersionResource,
        namespace: str,
        *,
        label_selector: str = "",
        options: dict[str, Any] | None = None,
    ) -> None:
        """Delete all objects of a namespace that match."""
        self.link.check()
        await self._client.delete_collection(resource, namespace, label_selector=label_selector, options=options)

    def resources(self) -> Iterable[ResourceInfo]:
        """What is served now."""
        self.link.check()
        return self._client.resources()

    def watch(self, resource: GroupVersionResource, namespace: str = "", name: str = "", *, after: int) -> Cursor:
        """The changes after a revision, delivered while the link is up."""
        self.link.check()
        return LinkedCursor(self._client.watch(resource, namespace, name, after=after), self.link)


class LinkedCursor(Cursor):
    """A cursor at the far end of a link. What a cut holds up is nobody's work until the link heals."""

    def __init__(self, near: Cursor, link: Link) -> None:  # the near end keeps the place
        self._near = near
        self._link = link
        self._unwatch = link.watch(self._changed)

    def _changed(self, up: bool) -> None:
        if not up:
            self._near.hand_out()

    def wake(self, position: int) -> None:
        """A matching change stands at that position."""
        self._near.wake(position)

    def drain(self) -> list[Event]:
        """The changes that are pending; none while the link is cut."""
        return self._near.drain() if self._link.up else []

    async def next_batch(self) -> list[Event]:
        """The next changes; waits until there are some and they get through."""
        await self._link.wait_up()
        batch = await self._near.next_batch()
        await self._link.wait_up()
        return batch

    def hand_out(self) -> None:
        """What was read now waits for a reader outside."""
        self._near.hand_out()

    def close(self) -> None:
        """Stop watching."""
        self._unwatch()
        self._near.close()
