"""Who somebody is: SelfSubjectReview and TokenReview; upstream: pkg/registry/authentication."""

from __future__ import annotations

from minikube_lite.api.authentication.tokens import TokenError
from minikube_lite.api.reviews.base import Asked, user_info
from minikube_lite.machinery import errors
from minikube_lite.store import Object


def self_subject_review(asked: Asked) -> Object:
    """As whom the request is made: what `kubectl auth whoami` shows."""
    return {
        "metadata": {"creationTimestamp": asked.clock.timestamp()},
        "status": {"userInfo": user_info(asked.user)},
    }


def token_review(asked: Asked) -> Object:
    """Whose a token is."""
    review, authentication = asked.object, asked.authentication
    spec = review.get("spec") or {}
    token = spec.get("token", "")
    if not token:
        raise errors.bad_request("token is required for TokenReview in authentication")
    try:
        found = authentication.review(token, spec.get("audiences") or authentication.audiences)
    except TokenError as error:
        review["status"] = {"user": {}, "error": str(error)}
        return review
    if not found.audiences:
        raise errors.internal("error validating audiences")
    review["status"] = {
        "authenticated": True,
        "user": user_info(found.user),
        "audiences": list(found.audiences),
    }
    return review
