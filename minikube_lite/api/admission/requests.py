"""What plugins ask of a request, and how they refuse it; upstream: apiserver/pkg/admission."""

from __future__ import annotations

from typing import Any

from minikube_lite.api.admission import Attributes
from minikube_lite.machinery.errors import ApiError, forbidden
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object


def written(attributes: Attributes, resource: GroupVersionResource) -> Object | None:
    """The new object if one of that resource, and no subresource of it, is written."""
    return attributes.new if attributes.resource.key == resource.key and not attributes.subresource else None


def created(attributes: Attributes, resource: GroupVersionResource) -> Object | None:
    """The new object if one of that resource is created."""
    return written(attributes, resource) if attributes.operation == "CREATE" else None


def forbidden_by_admission(
    attributes: Attributes, message: str, causes: list[dict[str, Any]] | None = None
) -> ApiError:
    """403. An object without a name yet is called by its generateName."""
    name = attributes.context.name
    if not name:
        metadata = (attributes.new or {}).get("metadata", {})
        name = metadata.get("name") or metadata.get("generateName") or "Unknown"
    error = forbidden(attributes.resource, name, message)
    if causes and error.details is not None:
        error.details["causes"] = causes
    return error
