"""Writing a status that a controller has counted; upstream: updateReplicaSetStatus and its kin."""

from __future__ import annotations

from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError, is_conflict
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object

STATUS_TRIES_MAX = 5


async def write_status(client: Client, resource: GroupVersionResource, obj: Object, status: Object) -> Object:
    """Write the status, again where somebody else wrote in between; never to another object of that name."""
    metadata = obj["metadata"]
    tries_left = STATUS_TRIES_MAX
    while True:
        fresh: Object = copy_object(obj)
        fresh["status"] = status
        tries_left -= 1
        try:
            return await client.update(resource, metadata["namespace"], fresh, subresource="status")
        except ApiError as error:
            if not is_conflict(error) or not tries_left:
                raise
            obj = await client.get(resource, metadata["namespace"], metadata["name"])
            if obj["metadata"]["uid"] != metadata["uid"]:
                raise
