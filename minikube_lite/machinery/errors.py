"""Errors as metav1.Status, raised as exceptions and rendered in one place; upstream: apimachinery/pkg/api/errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.field import FieldError


class ApiError(Exception):
    """An answer that is an error. `details` stands in the Status as it is given; `headers` go with the answer."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.headers = headers or {}
        self.list_continue = ""
        """A token with which a list that expired can be gone on with."""

    def status(self) -> dict[str, Any]:
        """The Status object."""
        metadata = {"continue": self.list_continue} if self.list_continue else {}
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def object_details(name: str, group: str, kind: str, **more: Any) -> dict[str, Any]:
    """Status details, without what is empty."""
    details = {"name": name, "group": group, "kind": kind, **more}
    return {key: value for key, value in details.items() if value not in ("", None)}


def is_not_found(error: BaseException) -> bool:
    """Whether the object or the resource does not exist."""
    return isinstance(error, ApiError) and error.reason == "NotFound"


def is_conflict(error: BaseException) -> bool:
    """Whether somebody else wrote in between."""
    return isinstance(error, ApiError) and error.reason == "Conflict"


def is_already_exists(error: BaseException) -> bool:
    """Whether an object of that name stands there."""
    return isinstance(error, ApiError) and error.reason == "AlreadyExists"


def is_namespace_terminating(error: BaseException) -> bool:
    """Whether nothing can be created because the namespace is on its way out."""
    causes = ((error.details or {}).get("causes") or ()) if isinstance(error, ApiError) else ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)


def bad_request(message: str) -> ApiError:
    """400: the request makes no sense."""
    return ApiError(400, "BadRequest", message)


def unauthorized(message: str = "Unauthorized") -> ApiError:
    """401: who asks is not known."""
    return ApiError(401, "Unauthorized", message)


def forbidden(resource: GroupVersionResource, name: str, message: str) -> ApiError:
    """403: not allowed; `message` says why. Where it is about no resource, that one's names are empty."""
    named = f'{resource.key} "{name}" is ' if name else f"{resource.key} is " if resource.key else ""
    return ApiError(
        403,
        "Forbidden",
        f"{named}forbidden: {message}",
        object_details(name, resource.group, resource.resource),
    )


def not_found(resource: GroupVersionResource, name: str) -> ApiError:
    """404: there is no such object."""
    return ApiError(
        404, "NotFound", f'{resource.key} "{name}" not found', object_details(name, resource.group, resource.resource)
    )


def page_not_found() -> ApiError:
    """404: there is no such resource."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def method_not_allowed() -> ApiError:
    """405: the resource has no such verb at this path."""
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def not_acceptable(supported: Sequence[str]) -> ApiError:
    """406: none of the formats asked for can be given."""
    message = f"only the following media types are accepted: {', '.join(supported)}"
    return ApiError(406, "NotAcceptable", message)


def already_exists(resource: GroupVersionResource, name: str, *, being_deleted: bool = False) -> ApiError:
    """409: an object of that name stands there."""
    details = object_details(name, resource.group, resource.resource)
    prefix = "object is being deleted: " if being_deleted else ""
    return ApiError(409, "AlreadyExists", f'{prefix}{resource.key} "{name}" already exists', details)


def conflict(resource: GroupVersionResource, name: str, message: str) -> ApiError:
    """409: the object changed meanwhile, or a precondition does not hold."""
    return ApiError(
        409,
        "Conflict",
        f'Operation cannot be fulfilled on {resource.key} "{name}": {message}',
        object_details(name, resource.group, resource.resource),
    )


MODIFIED_MESSAGE = "the object has been modified; please apply your changes to the latest version and try again"


def expired(message: str) -> ApiError:
    """410: that revision is gone."""
    return ApiError(410, "Expired", message)


def aggregate_text(texts: Sequence[str]) -> str:
    """Several faults as one text, repeated ones once; "" for none. Upstream: utilerrors.Aggregate."""
    told = list(dict.fromkeys(texts))
    return f"[{', '.join(told)}]" if len(told) > 1 else "".join(told)


def request_entity_too_large(limit_bytes: int) -> ApiError:
    """413: the body is larger than the limit."""
    return ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit_bytes}")


def unsupported_media_type(supported: Sequence[str]) -> ApiError:
    """415: the body's format is not known."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(supported)}"
    return ApiError(415, "UnsupportedMediaType", message)


def invalid(group: str, kind: str, name: str, errors: Sequence[FieldError]) -> ApiError:
    """422: the object breaks rules; every fault is a cause."""
    text = aggregate_text([str(error) for error in errors])
    causes = [{"reason": error.reason, "message": error.body, "field": str(error.path)} for error in errors]
    prefix = f"{kind}.{group}" if group else kind
    message = f'{prefix} "{name}" is invalid: {text}' if errors else f'{prefix} "{name}" is invalid'
    return ApiError(422, "Invalid", message, object_details(name, group, kind, causes=causes or None))


def too_many_requests(message: str, retry_seconds: int, causes: list[dict[str, str]] | None = None) -> ApiError:
    """429: ask again later."""
    details: dict[str, Any] = {"retryAfterSeconds": retry_seconds} if retry_seconds else {}
    if causes:
        details["causes"] = causes
    return ApiError(
        429, "TooManyRequests", message, details, {"Retry-After": str(retry_seconds)} if retry_seconds else {}
    )


def internal(message: str) -> ApiError:
    """500: something went wrong here."""
    return ApiError(500, "InternalError", f"Internal error occurred: {message}", {"causes": [{"message": message}]})


def unknown(message: str) -> ApiError:
    """500 as upstream answers for faults that it has no reason for."""
    return ApiError(500, "", message)


def not_emulated(what: str) -> ApiError:
    """501: Kubernetes has this, we do not."""
    return ApiError(501, "NotImplemented", f"{what} is not emulated", {})


def too_large_resource_version(asked: int, current: int) -> ApiError:
    """504: that revision is not there yet."""
    return ApiError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {asked}, current: {current}",
        {
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        },
        {"Retry-After": "1"},
    )
