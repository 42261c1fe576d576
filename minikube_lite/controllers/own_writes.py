"""Nothing is decided on a cache that does not show one's own writes yet; upstream: EndpointSliceTracker.

A sync that finds its writes not shown just ends: the change that will show them puts its key into the queue again.
"""

from __future__ import annotations

from typing import NamedTuple

from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.informer import Informer
from minikube_lite.store import Object


class Write(NamedTuple):
    """An object as it was written."""

    uid: str
    revision: int
    deleted: bool


class OwnWrites:
    """What the syncs of each key wrote of one resource and its informer has not shown yet."""

    def __init__(self, client: Client, informer: Informer) -> None:
        self._client = client
        self._informer = informer
        self._writes: dict[str, dict[str, Write]] = {}
        self._waiting: set[str] = set()
        """Keys whose sync ended because not all was shown."""

    def note(self, key: str, written: Object, *, deleted: bool = False) -> None:
        """A sync of `key` wrote this object, or deleted it."""
        metadata = written["metadata"]
        write = Write(metadata["uid"], int(metadata["resourceVersion"]), deleted)
        self._writes.setdefault(key, {})[metadata["name"]] = write

    def forget(self, key: str) -> None:
        """The key's object is gone."""
        self._writes.pop(key, None)
        self._waiting.discard(key)

    def is_news(self, key: str, obj: Object) -> bool:
        """Whether a change that the informer shows asks for a sync: not if it is just what a sync of `key` wrote."""
        write = self._writes.get(key, {}).get(obj["metadata"]["name"])
        if write is None or key in self._waiting:
            return True
        return write.deleted or obj["metadata"]["resourceVersion"] != str(write.revision)

    async def are_shown(self, key: str, namespace: str) -> bool:
        """Whether the informer shows all that was written for `key`."""
        writes = self._writes.get(key)
        if writes is None:
            return True
        for name in list(writes):
            if not await self._is_shown(namespace, name, writes[name]):
                self._waiting.add(key)
                return False
            del writes[name]
        self.forget(key)
        return True

    async def _is_shown(self, namespace: str, name: str, write: Write) -> bool:
        cached = self._informer.get(namespace, name)
        if cached is not None and cached["metadata"]["uid"] == write.uid:
            if write.deleted:
                return "deletionTimestamp" in cached["metadata"]
            return int(cached["metadata"]["resourceVersion"]) >= write.revision
        # Gone already, or not cached yet: the cache cannot tell which.
        try:
            live = await self._client.get(self._informer.resource, namespace, name)
        except ApiError as error:
            if not is_not_found(error):
                raise
            return True
        return bool(live["metadata"]["uid"] != write.uid)
