"""Whether somebody may do something: SubjectAccessReview and its sisters.

Upstream: pkg/registry/authorization/*accessreview, pkg/registry/authorization/util and pkg/apis/authorization/validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from minikube_lite.api.authorization import Attributes
from minikube_lite.api.kinds.go_structs import GoField, go_struct
from minikube_lite.api.reviews.base import Asked
from minikube_lite.api.reviews.selectors import evaluation_faults, selector_faults
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import User
from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.store import Object

GROUP = "authorization.k8s.io"
SPEC = Path("spec")
_NON_RESOURCE = (GoField("Path", "path", ""), GoField("Verb", "verb", ""))
_METADATA = (
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
    "managedFields",
)  # fmt: skip
"""The fields of metadata in the order of the Go type."""


def subject_access_review(asked: Asked) -> Object:
    """May somebody do this?"""
    spec = asked.object["spec"]
    _check([*_spec_faults(spec), *_subject_faults(spec), *selector_faults(spec), *_metadata_faults(asked.object)])
    return _answer(asked, _subject(spec))


def self_subject_access_review(asked: Asked) -> Object:
    """May I do this? What `kubectl auth can-i` asks."""
    spec = asked.object["spec"]
    _check([*_spec_faults(spec), *selector_faults(spec), *_metadata_faults(asked.object)])
    return _answer(asked, asked.user)


def local_subject_access_review(asked: Asked) -> Object:
    """May somebody do this in the review's namespace?"""
    spec = asked.object["spec"]
    faults = [*_spec_faults(spec), *_subject_faults(spec), *selector_faults(spec)]
    faults.extend(_metadata_faults(asked.object, "must be empty except for namespace", ("namespace",)))
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is not None and resource.get("namespace", "") != asked.namespace:
        path = Path("spec.resourceAttributes.namespace")
        faults.append(invalid(path, resource.get("namespace", ""), "must match metadata.namespace"))
    if other is not None:
        path = Path("spec.nonResourceAttributes")
        faults.append(invalid(path, go_struct(other, _NON_RESOURCE), "disallowed on this kind of request"))
    _check(faults)
    return _answer(asked, _subject(spec))


def _subject(spec: Mapping[str, Any]) -> User:
    extra = {key: tuple(values or ()) for key, values in (spec.get("extra") or {}).items()}
    return User(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)


def _answer(asked: Asked, user: User) -> Object:
    review = asked.object
    spec = review["spec"]
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes") or {}
    if resource is not None:
        names = ("verb", "namespace", "group", "resource", "subresource", "name")
        attributes = Attributes(user, **{name: resource.get(name, "") for name in names})
    else:
        attributes = Attributes(user, other.get("verb", ""), path=other.get("path", ""), is_resource=False)
    decision = asked.authorizer.authorize(attributes)
    status: Object = {"allowed": decision.allowed}
    if decision.reason:
        status["reason"] = decision.reason
    faults = evaluation_faults(resource or {})
    if faults:
        status["evaluationError"] = "; ".join(faults)
    review["status"] = status
    return review


def _check(faults: list[FieldError]) -> None:
    # Upstream reads the kind from the object, from which decoding has taken it.
    if faults:
        raise errors.invalid(GROUP, "", "", faults)


def _spec_faults(spec: Mapping[str, Any]) -> Iterator[FieldError]:
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is not None and other is not None:
        text = "cannot be specified in combination with resourceAttributes"
        yield invalid(SPEC.child("nonResourceAttributes"), go_struct(other, _NON_RESOURCE), text)
    if resource is None and other is None:
        text = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        yield invalid(SPEC.child("resourceAttributes"), None, text)


def _subject_faults(spec: Mapping[str, Any]) -> Iterator[FieldError]:
    if not spec.get("user") and not spec.get("groups"):
        yield invalid(SPEC.child("user"), "", "at least one of user or group must be specified")


def _metadata_faults(
    review: Object, text: str = "must be empty", allowed: tuple[str, ...] = ()
) -> Iterator[FieldError]:
    metadata = review["metadata"]
    if any(value for name, value in metadata.items() if name not in ("managedFields", *allowed)):
        shown = {name: metadata[name] for name in _METADATA if metadata.get(name)}
        yield invalid(Path("metadata"), shown, text)
