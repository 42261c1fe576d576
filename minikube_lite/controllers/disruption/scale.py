"""How many pods the controllers of some pods want; upstream: getExpectedScale and its finders.

Every controller is asked by its scale; a ReplicaSet that belongs to a Deployment speaks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.meta import controller_of
from minikube_lite.machinery.resources import REPLICA_SETS
from minikube_lite.machinery.rest_mapping import find_kind, resource_of
from minikube_lite.store import Object


class ScaleError(Exception):
    """The number of pods that there should be cannot be told."""


class Expected(NamedTuple):
    """How many there should be, and the pods that nobody controls."""

    total: int
    unmanaged: tuple[str, ...]


async def expected_scale(client: Client, pods: Sequence[Object]) -> Expected:
    """What the controllers want together, each counted once."""
    scales: dict[str, int] = {}
    asked: set[str] = set()
    unmanaged: list[str] = []
    for pod in pods:
        reference = controller_of(pod)
        if reference is None:
            unmanaged.append(pod["metadata"]["name"])
        elif reference["uid"] not in asked:
            asked.add(reference["uid"])
            uid, replicas = await _controller(client, pod, reference)
            scales[uid] = replicas
    return Expected(sum(scales.values()), tuple(unmanaged))


async def _controller(client: Client, pod: Object, reference: Object) -> tuple[str, int]:
    namespace = pod["metadata"]["namespace"]
    found = await _deployment(client, namespace, reference) or await _scale(client, namespace, reference)
    if found is None:
        raise ScaleError(f'found no controllers for pod "{pod["metadata"]["name"]}"')
    return found


async def _deployment(client: Client, namespace: str, reference: Object) -> tuple[str, int] | None:
    """The scale of the Deployment behind a ReplicaSet, if there is one."""
    if reference["kind"] != "ReplicaSet" or not reference["apiVersion"].startswith("apps/"):
        return None
    try:
        replica_set = await client.get(REPLICA_SETS, namespace, reference["name"])
    except ApiError as error:
        if is_not_found(error):
            return None
        raise
    above = controller_of(replica_set)
    if replica_set["metadata"]["uid"] != reference["uid"] or above is None or above["kind"] != "Deployment":
        return None
    return await _scale(client, namespace, above)


async def _scale(client: Client, namespace: str, reference: Object) -> tuple[str, int] | None:
    info = find_kind(client, reference["apiVersion"], reference["kind"])
    if info is None:
        raise ScaleError(f'no matches for kind "{reference["kind"]}" in version "{reference["apiVersion"]}"')
    resource = resource_of(info)
    if not any(sub.name == "scale" for sub in info.subresources):
        raise ScaleError(f"{resource.key} does not implement the scale subresource")
    try:
        scale = await client.get(resource, namespace, reference["name"], subresource="scale")
    except ApiError as error:
        if is_not_found(error):
            return None
        raise
    if scale["metadata"]["uid"] != reference["uid"]:
        return None
    return scale["metadata"]["uid"], scale.get("spec", {}).get("replicas", 0)
