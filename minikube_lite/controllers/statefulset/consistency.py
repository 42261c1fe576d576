"""Nothing is decided on a cache that does not show one's own writes yet; upstream: pkg/controller/util/consistency.

Upstream compares resourceVersions of whole caches; here each written object is looked for, deletions among them.
"""

from __future__ import annotations

from dataclasses import dataclass

from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.informer import Informer
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object


@dataclass(frozen=True, slots=True)
class Write:
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


class Writes:
    """What each set's syncs wrote and has not been seen in the caches yet."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._informers: dict[GroupVersionResource, Informer] = {}
        self._writes: dict[str, dict[tuple[GroupVersionResource, str], Write]] = {}

    def follow(self, informer: Informer) -> None:
        """Writes of that informer's resource can be noted."""
        self._informers[informer.resource] = informer

    def note(self, key: str, resource: GroupVersionResource, written: Object, *, deleted: bool = False) -> None:
        """A sync of `key` wrote this object, or deleted it."""
        metadata = written["metadata"]
        write = Write(metadata["uid"], int(metadata["resourceVersion"]), deleted)
        self._writes.setdefault(key, {})[resource, metadata["name"]] = write

    def forget(self, key: str) -> None:
        """The set is gone."""
        self._writes.pop(key, None)

    async def shown(self, key: str, namespace: str) -> bool:
        """Whether the caches show all that was written for `key`."""
        writes = self._writes.get(key, {})
        for place in list(writes):
            if not await self._is_shown(place[0], namespace, place[1], writes[place]):
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
