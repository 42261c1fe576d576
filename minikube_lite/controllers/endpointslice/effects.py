"""Writes slices, and hears of those that others wrote; upstream: finalize() of k8s.io/endpointslice's reconciler."""

from __future__ import annotations

from collections.abc import Callable

from minikube_lite.controllers.endpointslice.reconcile import SERVICE_NAME_LABEL, Changes
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import split_key
from minikube_lite.machinery.errors import ApiError, is_namespace_terminating, is_not_found
from minikube_lite.machinery.resources import ENDPOINT_SLICES
from minikube_lite.store import Object

SERVICE_NAME_INDEX = "service-name"


def service_name_values(obj: Object) -> list[str]:
    """The key of the Service that a slice says it belongs to."""
    metadata = obj["metadata"]
    name = (metadata.get("labels") or {}).get(SERVICE_NAME_LABEL)
    return [f"{metadata['namespace']}/{name}"] if name else []


def news_of(old: Object | None, new: Object | None, writes: OwnWrites, is_ours: Callable[[Object], bool]) -> list[str]:
    """The keys of the Services to which the change of a slice is news."""
    keys = [key for obj in (old, new) if obj is not None and is_ours(obj) for key in service_name_values(obj)]
    return [key for key in dict.fromkeys(keys) if new is None or writes.is_news(key, ENDPOINT_SLICES, new)]


async def write_slices(client: Client, writes: OwnWrites, key: str, changes: Changes, *, may_create: bool) -> None:
    """Carry out the changes for the Service of that key; nothing is created for what is being deleted."""
    namespace, _ = split_key(key)
    for obj in changes.create if may_create else ():
        try:
            writes.note(key, ENDPOINT_SLICES, await client.create(ENDPOINT_SLICES, namespace, obj))
        except ApiError as error:
            if is_namespace_terminating(error):
                return
            raise
    for obj in changes.update:
        writes.note(key, ENDPOINT_SLICES, await client.update(ENDPOINT_SLICES, namespace, obj))
    for obj in changes.delete:
        try:
            deleted = await client.delete(ENDPOINT_SLICES, namespace, obj["metadata"]["name"])
            writes.note(key, ENDPOINT_SLICES, deleted, deleted=True)
        except ApiError as error:
            if not is_not_found(error):
                raise
