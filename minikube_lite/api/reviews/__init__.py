"""Kinds that are answered and not stored: who somebody is, and what he may do.

Upstream: pkg/registry/authentication and pkg/registry/authorization.
"""

from __future__ import annotations

from collections.abc import Callable

from minikube_lite.api.authentication import Authentication
from minikube_lite.api.authorization import Authorizer
from minikube_lite.api.registry import WIPED_METADATA, Registry, WriteOptions
from minikube_lite.api.reviews.access import (
    local_subject_access_review,
    self_subject_access_review,
    subject_access_review,
)
from minikube_lite.api.reviews.base import Asked
from minikube_lite.api.reviews.rules import self_subject_rules_review
from minikube_lite.api.reviews.users import self_subject_review, token_review
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import RequestContext
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object, Record

Review = Callable[[Asked], Object]
"""Checks what is asked, and answers it; may keep and change the object. Raises ApiError."""

Answer = Callable[[RequestContext, Object], Object]
"""The same, for a kind that is not built in."""

REVIEWS: dict[str, Review] = {
    "selfsubjectreviews.authentication.k8s.io": self_subject_review,
    "tokenreviews.authentication.k8s.io": token_review,
    "subjectaccessreviews.authorization.k8s.io": subject_access_review,
    "selfsubjectaccessreviews.authorization.k8s.io": self_subject_access_review,
    "localsubjectaccessreviews.authorization.k8s.io": local_subject_access_review,
    "selfsubjectrulesreviews.authorization.k8s.io": self_subject_rules_review,
}


class Reviews:
    """Answers what is created and has nowhere to be stored."""

    def __init__(self, registry: Registry, authorizer: Authorizer, authentication: Authentication) -> None:
        self._registry = registry
        self._authorizer = authorizer
        self._authentication = authentication
        self._answers: dict[str, Answer] = {}

    def add(self, resource: GroupVersionResource, answer: Answer) -> None:
        """Answer a kind that is not built in."""
        self._answers[resource.key] = answer

    async def create(self, resource: ServedResource, namespace: str, obj: Object, options: WriteOptions) -> Record:
        """The answer, as a record that is nowhere. Keeps `obj`. e.g. POST /apis/authentication.k8s.io/v1/selfsubjectreviews"""
        review, answer = REVIEWS.get(resource.key), self._answers.get(resource.key)
        if review is None and answer is None:
            raise errors.not_emulated(f"creating {resource.gvr.key}")
        registry = self._registry
        metadata = registry.claim_metadata(resource, namespace, obj)
        for part in WIPED_METADATA:
            metadata.pop(part, None)
        registry.ownership.created(resource, obj, options.manager, "")
        context = registry.context("create", resource, namespace, metadata.get("name", ""), options)
        attributes = await registry.admit("CREATE", resource, context, obj, None)
        await registry.admission.validate(attributes)
        name = metadata.get("name", "")
        if answer is not None:
            return Record(resource.key, namespace, name, 0, answer(context, obj))
        assert review is not None
        asked = Asked(obj, options.user, namespace, registry.clock, self._authorizer, self._authentication)
        return Record(resource.key, namespace, name, 0, review(asked))
