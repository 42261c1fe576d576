"""Informers: a cache of one resource, kept true by list and watch, shared by all who ask; upstream: client-go/tools/cache.

- Handlers run in the order of the changes, each change once, after the cache shows it.
- A watch that fell behind is begun again from a fresh list; what changed meanwhile reaches the handlers as usual.
- Until its changes have been handled, they are work in the ledger.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator

from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.everything import Everything
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Compacted, Cursor, Ended, Object

log = logging.getLogger(__name__)

Handler = Callable[[Object | None, Object | None], None]
"""Called with the object before and after a change; None where it was not, or is no more, there."""
IndexFunction = Callable[[Object], Iterable[str]]
Key = tuple[str, str]


class Informer:
    """The objects of one resource as last seen. Objects are shared: copy before changing."""

    def __init__(self, client: Client, resource: GroupVersionResource) -> None:
        self.resource = resource
        self.synced = False
        self._client = client
        self._objects: dict[Key, Object] = {}
        self._handlers: list[Handler] = []
        self._functions: dict[str, IndexFunction] = {}
        self._indexes: dict[str, dict[str, dict[Key, Object]]] = {}
        self._cursor: Cursor | None = None

    # Reading

    def get(self, namespace: str, name: str) -> Object | None:
        """The object, or None."""
        return self._objects.get((namespace, name))

    def list_objects(self, namespace: str = "") -> list[Object]:
        """The objects of a namespace, or of all, by namespace and name."""
        if namespace:
            return self.by_index("namespace", namespace)
        return [self._objects[key] for key in sorted(self._objects)]

    def by_index(self, index: str, value: str) -> list[Object]:
        """The objects that the index function of that name maps to `value`, by namespace and name."""
        found = self._indexes[index].get(value, {})
        return [found[key] for key in sorted(found)]

    def __iter__(self) -> Iterator[Object]:
        return iter(self.list_objects())

    def __len__(self) -> int:
        return len(self._objects)

    # Setting up

    def add_index(self, name: str, function: IndexFunction) -> None:
        """Keep an index; the same name twice is the same index, so it must be the same function."""
        if self._functions.get(name, function) is not function:
            raise ValueError(f"there is another index {name} of {self.resource.key}")
        if name not in self._functions:
            self._functions[name] = function
            self._indexes[name] = {}
            for key, obj in self._objects.items():
                self._index(name, key, None, obj)

    def add_handler(self, handler: Handler) -> None:
        """Call for every change; objects that are known already are told as added."""
        self._handlers.append(handler)
        for key in sorted(self._objects):
            handler(None, self._objects[key])

    # Following

    async def start(self) -> None:
        """List, and tell the handlers what is there."""
        self.add_index("namespace", _namespace)
        await self._relist()

    async def run(self) -> None:
        """Follow the changes until cancelled."""
        try:
            if not self.synced:
                await self.start()
            while True:
                try:
                    await self._follow()
                except Compacted:
                    log.warning("watch of %s fell behind: listing again", self.resource.key)
                except Ended:
                    log.debug("watch of %s ended: listing again", self.resource.key)
                await self._relist()
        except ApiError as error:
            if not is_not_found(error):
                log.exception("the informer of %s ended", self.resource.key)
                raise
            log.debug("%s is served no more", self.resource.key)
        except Exception:
            log.exception("the informer of %s ended", self.resource.key)
            raise
        finally:
            self.close()

    def close(self) -> None:
        """Stop watching."""
        if self._cursor is not None:
            self._cursor.close()

    def clear(self) -> None:
        """Forget all objects: the handlers hear that they are gone."""
        for key in sorted(self._objects):
            self._change(key, None)

    async def _relist(self) -> None:
        items, revision = await self._client.list_objects(self.resource)
        if self._cursor is not None:
            self._cursor.close()
        self._cursor = self._client.watch(self.resource, after=revision)
        fresh = {_key(obj): obj for obj in items}
        for key in sorted(set(self._objects) - set(fresh)):
            self._change(key, None)
        for key, obj in fresh.items():
            known = self._objects.get(key)
            if known is None or known["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]:
                self._change(key, obj)
        self.synced = True

    async def _follow(self) -> None:
        assert self._cursor is not None
        while True:
            for event in await self._cursor.next_batch():
                record = event.record
                self._change((record.namespace, record.name), None if event.type == "DELETED" else record.object)

    def _change(self, key: Key, new: Object | None) -> None:
        old = self._objects.get(key)
        if old is None and new is None:
            return
        if new is None:
            del self._objects[key]
        else:
            self._objects[key] = new
        for name in self._functions:
            self._index(name, key, old, new)
        for handler in self._handlers:
            try:
                handler(old, new)
            except Exception:
                log.exception("a handler of %s failed at %s/%s", self.resource.key, *key)

    def _index(self, name: str, key: Key, old: Object | None, new: Object | None) -> None:
        index = self._indexes[name]
        if old is not None:
            for value in self._values(name, old):
                found = index.get(value)
                if found is not None and found.pop(key, None) is not None and not found:
                    del index[value]
        if new is not None:
            for value in self._values(name, new):
                index.setdefault(value, {})[key] = new

    def _values(self, name: str, obj: Object) -> list[str]:
        """What an index function says of an object; nothing where it fails."""
        try:
            return list(self._functions[name](obj))
        except Exception:
            log.exception("index %s of %s failed at %s/%s", name, self.resource.key, *_key(obj))
            return []


class Informers:
    """The cluster's informers, one a resource; upstream: SharedInformerFactory."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._informers: dict[GroupVersionResource, Informer] = {}
        self._tasks: dict[GroupVersionResource, asyncio.Task[None]] = {}
        self._running = False
        self.everything = Everything(self, client.resources)
        """Changes of all resources, for those who ask."""

    def informer(self, resource: GroupVersionResource) -> Informer:
        """The informer of a resource. Ask for all of them before `start`."""
        if self._running and resource not in self._informers:
            raise RuntimeError(f"informer of {resource.key} asked for after the start")
        return self.follow(resource)

    def follow(self, resource: GroupVersionResource) -> Informer:
        """The informer of a resource, which begins by itself where it is asked for after the start."""
        informer = self._informers.get(resource)
        if informer is None:
            informer = self._informers[resource] = Informer(self._client, resource)
            if self._running:
                self._run(resource, informer)
        return informer

    def unfollow(self, resource: GroupVersionResource) -> None:
        """The resource is served no more: its handlers hear that its objects are gone."""
        informer = self._informers.pop(resource)
        if resource in self._tasks:
            self._tasks.pop(resource).cancel()
        informer.close()
        informer.clear()

    @property
    def synced(self) -> bool:
        """Whether every informer has its first list."""
        return all(informer.synced for informer in self._informers.values())

    async def start(self) -> None:
        """List everything once, then follow the changes."""
        self.everything.refresh()
        for informer in tuple(self._informers.values()):
            await informer.start()
        self._running = True
        for resource, informer in self._informers.items():
            self._run(resource, informer)

    def _run(self, resource: GroupVersionResource, informer: Informer) -> None:
        self._tasks[resource] = asyncio.create_task(informer.run(), name=f"informer {resource.key}")

    async def stop(self) -> None:
        """Stop following."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
        for informer in self._informers.values():
            informer.close()  # a task that never ran closes nothing itself


def _key(obj: Object) -> Key:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _namespace(obj: Object) -> Iterable[str]:
    return (obj["metadata"].get("namespace", ""),)
