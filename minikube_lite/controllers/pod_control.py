"""Pods made from templates and taken away again, with their events; upstream: RealPodControl of pkg/controller/controller_utils.go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import object_key
from minikube_lite.machinery.errors import ApiError, is_namespace_terminating, is_not_found
from minikube_lite.machinery.events import EventRecorder, ObjectReference
from minikube_lite.machinery.meta import controller_reference, copy_object, is_deleting
from minikube_lite.machinery.names import name_is_dns_subdomain
from minikube_lite.machinery.resources import PODS, GroupVersionResource
from minikube_lite.store import Object

T = TypeVar("T")


def pod_from_template(owner: Object, resource: GroupVersionResource, kind: str, template: Object) -> Object:
    """A pod that the owner controls, under a name that is yet to be generated."""
    described = template.get("metadata") or {}
    prefix = f"{owner['metadata']['name']}-"
    pod: Object = {
        "metadata": {
            "generateName": prefix if not name_is_dns_subdomain(prefix, True) else prefix[:-1],
            "labels": dict(described.get("labels") or {}),
            "ownerReferences": [controller_reference(owner, resource, kind)],
        },
        "spec": copy_object(template.get("spec") or {}),
    }
    if described.get("annotations"):
        pod["metadata"]["annotations"] = dict(described["annotations"])
    if described.get("finalizers"):
        pod["metadata"]["finalizers"] = list(described["finalizers"])
    return pod


def doubling_batches(items: Sequence[T], size: int = 1, size_max: int | None = None) -> Iterator[Sequence[T]]:
    """Parts of 1, 2, 4, … items, so that what fails fails early; upstream: slowStartBatch."""
    start = 0
    while start < len(items):
        yield items[start : start + size]
        start += size
        size = 2 * size if size_max is None else min(2 * size, size_max)


async def in_doubling_batches(items: Sequence[T], act: Callable[[T], Awaitable[None]]) -> tuple[int, list[ApiError]]:
    """Act on items until a batch has faults; returns how many succeeded, and the faults."""
    done = 0
    for batch in doubling_batches(items):
        faults: list[ApiError] = []
        for item in batch:
            try:
                await act(item)
                done += 1
            except ApiError as error:
                faults.append(error)
        if faults:
            return done, faults
    return done, []


class PodControl:
    """Creates and deletes the pods of owners of one kind. Writes are noted by the owner's key."""

    def __init__(
        self, client: Client, events: EventRecorder, writes: OwnWrites, resource: GroupVersionResource, kind: str
    ) -> None:
        self._client = client
        self._events = events
        self._writes = writes
        self._resource = resource
        self._kind = kind

    async def create(self, owner: Object, pod: Object) -> Object:
        """Create a pod; keeps it. Raises ApiError after an event that says why."""
        reference = ObjectReference.of(owner, self._resource, self._kind)
        try:
            created = await self._client.create(PODS, owner["metadata"]["namespace"], pod)
        except ApiError as error:
            # Nothing can be created in a namespace that goes; it would be told again and again.
            if not is_namespace_terminating(error):
                self._events.event(reference, "Warning", "FailedCreate", f"Error creating: {error}")
            raise
        self._writes.note(object_key(owner), PODS, created)
        self._events.event(reference, "Normal", "SuccessfulCreate", f"Created pod: {created['metadata']['name']}")
        return created

    async def delete(self, owner: Object, pod: Object) -> None:
        """Delete a pod, unless it is being deleted or gone. Raises ApiError after an event that says why."""
        if is_deleting(pod):
            return
        metadata = pod["metadata"]
        reference = ObjectReference.of(owner, self._resource, self._kind)
        try:
            await self._client.delete(PODS, metadata["namespace"], metadata["name"])
        except ApiError as error:
            if is_not_found(error):
                return
            self._events.event(reference, "Warning", "FailedDelete", f"Error deleting: {error}")
            raise
        self._writes.note(object_key(owner), PODS, pod, deleted=True)
        self._events.event(reference, "Normal", "SuccessfulDelete", f"Deleted pod: {metadata['name']}")
