"""A client that is nothing but a store, for what stands between controllers and the API."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.clock import Clock
from minikube_lite.machinery import errors
from minikube_lite.machinery.client import ObjectList
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.json_patch import apply_merge_patch
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Cursor, MemoryStore, Object


class StoreClient:
    """The Client protocol as far as informers and events use it. `failures` are raised, one by each call."""

    def __init__(self, clock: Clock, window_events_max: int = 8) -> None:
        self.store = MemoryStore(clock.ledger, window_events_max, detect_mutation=True)
        self.failures: list[BaseException] = []
        self.calls: list[str] = []
        self.served: list[ResourceInfo] = []

    def resources(self) -> list[ResourceInfo]:
        """What is served now."""
        return self.served

    def _call(self, call: str) -> None:
        self.calls.append(call)
        if self.failures:
            raise self.failures.pop(0)

    def put(self, resource: GroupVersionResource, namespace: str, name: str, **content: Any) -> Object:
        """Write an object, whatever stands there."""
        current = self.store.get(resource.key, namespace, name)
        obj: Object = {"metadata": {"namespace": namespace, "name": name}, **content}
        expected = current.revision if current else 0
        return self.store.commit(resource.key, namespace, name, obj, expected=expected).object

    def remove(self, resource: GroupVersionResource, namespace: str, name: str) -> None:
        """Delete an object."""
        current = self.store.get(resource.key, namespace, name)
        assert current is not None
        self.store.commit(resource.key, namespace, name, None, expected=current.revision)

    async def list_objects(
        self, resource: GroupVersionResource, namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ObjectList:
        self._call("list")
        return ObjectList([record.object for record in self.store.scan(resource.key, namespace)], self.store.revision)

    def watch(self, resource: GroupVersionResource, namespace: str = "", name: str = "", *, after: int) -> Cursor:
        return self.store.watch(resource.key, namespace, name, after=after)

    async def create(self, resource: GroupVersionResource, namespace: str, obj: Object, **_: Any) -> Object:
        name = obj["metadata"]["name"]
        self._call(f"create {name}")
        if self.store.get(resource.key, namespace, name) is not None:
            raise errors.already_exists(resource, name)
        return self.store.commit(resource.key, namespace, name, obj, expected=0).object

    async def patch(self, resource: GroupVersionResource, namespace: str, name: str, patch: Any, **_: Any) -> Object:
        self._call(f"patch {name}")
        current = self.store.get(resource.key, namespace, name)
        if current is None:
            raise errors.not_found(resource, name)
        new = copy_object(apply_merge_patch(current.object, patch))
        return self.store.commit(resource.key, namespace, name, new, expected=current.revision).object


@pytest.fixture
def clock() -> Clock:
    return Clock("stepped", seed=7)


@pytest.fixture
def client(clock: Clock):
    client = StoreClient(clock)
    yield client
    client.store.check_mutations()


@pytest.fixture(scope="session")
def make_client() -> type[StoreClient]:
    """For tests that need a fresh store for every example."""
    return StoreClient
