"""Small helpers on objects: copies, owner references, conditions; upstream: apimachinery/pkg/apis/meta/v1."""

from __future__ import annotations

from typing import Any

from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object

NODE_LOST = "NodeLost"
"""The reason in the status of a pod of whose node nothing is heard, as Kubernetes gave it until 1.10."""


def copy_object(value: Any) -> Any:
    """A copy of plain JSON values that may be changed freely."""
    if isinstance(value, dict):
        return {key: copy_object(item) if isinstance(item, dict | list) else item for key, item in value.items()}
    if isinstance(value, list):
        return [copy_object(item) if isinstance(item, dict | list) else item for item in value]
    return value


def controller_of(obj: Object) -> Object | None:
    """The owner reference of the controller that manages the object."""
    for reference in obj["metadata"].get("ownerReferences", ()):
        if reference.get("controller"):
            return reference  # type: ignore[no-any-return]
    return None


def controller_reference(owner: Object, resource: GroupVersionResource, kind: str) -> Object:
    """A reference to the controller that manages an object."""
    metadata = owner["metadata"]
    return {
        "apiVersion": resource.api_version,
        "kind": kind,
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def find_condition(obj: Object, condition_type: str) -> Object | None:
    """The condition of that type in the object's status."""
    for condition in obj.get("status", {}).get("conditions") or ():
        if condition["type"] == condition_type:
            return condition  # type: ignore[no-any-return]
    return None


def is_pod_ready(pod: Object) -> bool:
    """Whether the pod's Ready condition is True."""
    condition = find_condition(pod, "Ready")
    return condition is not None and condition["status"] == "True"


def is_pod_terminal(pod: Object) -> bool:
    """Whether all of the pod's containers have ended for good."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def is_deleting(obj: Object) -> bool:
    """Whether the object is marked deleted and waits for finalizers or its kubelet."""
    return "deletionTimestamp" in obj["metadata"]
