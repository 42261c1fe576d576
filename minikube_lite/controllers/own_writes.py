"""Nothing is decided on a cache that does not show one's own writes yet; upstream: controller/util/consistency, EndpointSliceTracker.

Upstream compares resourceVersions of whole caches; here each written object is looked for, deletions among them. A sync
that finds its writes not shown just ends: the change that will show them puts its key into the queue again.
"""

from __future__ import annotations

from typing import NamedTuple

from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.informer import Informer
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object


class Write(NamedTuple):
    """An object as it was written."""

    uid: str
    revision: int
    deleted: bool

    def shows_in(self, obj: Object) -> bool:
        """Whether the object as it is cached came from this write or a later one."""
        metadata = obj["metadata"]
        if self.deleted:
            return "deletionTimestamp" in metadata
        return int(metadata["resourceVersion"]) >= self.revision


class OwnWrites:
    """What the syncs of each key wrote and the informers have not shown yet; of their resources alone it can be noted."""

    def __init__(self, client: Client, *informers: Informer) -> None:
        self._client = client
        self._informers = {informer.resource: informer for informer in informers}
        self._writes: dict[str, dict[tuple[GroupVersionResource, str], Write]] = {}
        self.waiting: dict[str, None] = {}
        """Keys whose sync ended because not all was shown."""

    def note(self, key: str, resource: GroupVersionResource, written: Object, *, deleted: bool = False) -> None:
        """A sync of `key` wrote this object, or deleted it."""
        metadata = written["metadata"]
        write = Write(metadata["uid"], int(metadata["resourceVersion"]), deleted)
        self._writes.setdefault(key, {})[resource, metadata["name"]] = write

    def forget(self, key: str) -> None:
        """The key's object is gone."""
        self._writes.pop(key, None)
        self.waiting.pop(key, None)

    def is_news(self, key: str, resource: GroupVersionResource, obj: Object) -> bool:
        """Whether a change that an informer shows asks for a sync: not if it is just what a sync of `key` wrote."""
        write = self._writes.get(key, {}).get((resource, obj["metadata"]["name"]))
        if write is None or key in self.waiting:
            return True
        return write.deleted or obj["metadata"]["resourceVersion"] != str(write.revision)

    async def are_shown(self, key: str, namespace: str) -> bool:
        """Whether the informers show all that was written for `key`."""
        writes = self._writes.get(key, {})
        for place in list(writes):
            if not await self._is_shown(place[0], namespace, place[1], writes[place]):
                self.waiting[key] = None
                return False
            del writes[place]
        self.forget(key)
        return True

    async def _is_shown(self, resource: GroupVersionResource, namespace: str, name: str, write: Write) -> bool:
        cached = self._informers[resource].get(namespace, name)
        if cached is not None and cached["metadata"]["uid"] == write.uid:
            return write.shows_in(cached)
        # Gone already, or not cached yet: the cache cannot tell which.
        try:
            live = await self._client.get(resource, namespace, name)
        except ApiError as error:
            if not is_not_found(error):
                raise
            return True
        return bool(live["metadata"]["uid"] != write.uid)
