"""AdmissionReviews: what a webhook is told of a write, and what it answers; upstream: webhook/request/admissionreview.go."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

import orjson

from minikube_lite.api.admission import Attributes
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery.errors import ApiError
from minikube_lite.store import Object

API_VERSION = "admission.k8s.io/v1"


class InvalidResponse(Exception):
    """A webhook answered something that is no review."""


@dataclass(slots=True)
class Response:
    """A webhook's answer. `patch` is a decoded JSON patch."""

    allowed: bool
    status: Object = field(default_factory=dict)
    patch: list[Any] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def told_object(obj: Object | None, own: ServedResource, told: ServedResource) -> Object | None:
    """An object, as hooks of `own` see it, in the version in which a webhook is told of it."""
    if obj is None:
        return None
    shown = own.shown(obj)
    if told is not own:
        shown = told.from_store(own.to_store(shown))
    return {"apiVersion": told.api_version, "kind": told.info.kind, **shown}


def admission_request(attributes: Attributes, own: ServedResource, told: ServedResource, uid: str) -> Object:
    """The request that stands in a review."""
    context = attributes.context
    metadata = (attributes.new or attributes.old or {}).get("metadata", {})
    user: Object = {"username": context.user.name}
    if context.user.uid:
        user["uid"] = context.user.uid
    if context.user.groups:
        user["groups"] = list(context.user.groups)
    if context.user.extra:
        user["extra"] = {name: list(values) for name, values in context.user.extra.items()}
    request: Object = {"uid": uid, **_names(told, ""), **_names(own, "request")}
    if attributes.subresource:
        request["subResource"] = request["requestSubResource"] = attributes.subresource
    name = context.name or metadata.get("name")
    if name:
        request["name"] = name
    if context.namespace:
        request["namespace"] = context.namespace
    options = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}
    request.update(
        operation=attributes.operation,
        userInfo=user,
        object=told_object(attributes.new, own, told),
        oldObject=told_object(attributes.old, own, told),
        dryRun=context.dry_run,
        options={"apiVersion": "meta.k8s.io/v1", "kind": options.get(attributes.operation, "")},
    )
    return request


def _names(resource: ServedResource, prefix: str) -> Object:
    info = resource.info
    group = {"group": info.group, "version": info.version}
    kind, name = ("requestKind", "requestResource") if prefix else ("kind", "resource")
    return {kind: {**group, "kind": info.kind}, name: {**group, "resource": info.name}}


def read_response(body: bytes, uid: str, *, mutating: bool) -> Response:
    """A webhook's answer; raises InvalidResponse."""
    try:
        review = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidResponse(f"couldn't get version/kind; json parse error: {error}") from None
    if not isinstance(review, dict):
        raise InvalidResponse("expected webhook response to be an AdmissionReview")
    group, _, version = str(review.get("apiVersion") or "").rpartition("/")
    if (review.get("apiVersion"), review.get("kind")) != (API_VERSION, "AdmissionReview"):
        found = f"{group}/{version}, Kind={review.get('kind') or ''}"
        raise InvalidResponse(f"expected webhook response of {API_VERSION}, Kind=AdmissionReview, got {found}")
    response = review.get("response")
    if not isinstance(response, dict):
        raise InvalidResponse("webhook response was absent")
    if response.get("uid") != uid:
        raise InvalidResponse(f'expected response.uid="{uid}", got "{response.get("uid") or ""}"')
    patch = _patch(response) if mutating else []
    warnings = [str(text) for text in response.get("warnings") or ()]
    return Response(bool(response.get("allowed")), response.get("status") or {}, patch, warnings)


def _patch(response: Object) -> list[Any]:
    text, kind = response.get("patch"), response.get("patchType")
    if not text and not kind:
        return []
    if not text:
        raise InvalidResponse("webhook returned response.patchType but not response.patch")
    if not kind:
        raise InvalidResponse("webhook returned response.patch but not response.patchType")
    if kind != "JSONPatch":
        raise InvalidResponse(f'invalid webhook response: unsupported response.patchType "{kind}"')
    try:
        patch = orjson.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise InvalidResponse(f"received undecodable patch in webhook response: {error}") from None
    if not isinstance(patch, list):
        raise InvalidResponse(
            "received undecodable patch in webhook response: json: cannot unmarshal into jsonpatch.Patch"
        )
    return patch


def denial(name: str, status: Object) -> ApiError:
    """How a refusal is told; upstream: webhook/errors/statuserror.go."""
    head, code = f'admission webhook "{name}" denied the request', int(status.get("code") or 0)
    message, reason = status.get("message") or "", status.get("reason") or ""
    text = f"{head}: {message or reason}" if message or reason else f"{head} without explanation"
    return ApiError(max(code, 400), reason, text, status.get("details"))
