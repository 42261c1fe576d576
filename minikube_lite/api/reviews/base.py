"""What a review is given."""

from __future__ import annotations

from dataclasses import dataclass

from minikube_lite.api.authentication import Authentication
from minikube_lite.api.authorization import Authorizer
from minikube_lite.clock import Clock
from minikube_lite.machinery.kind import User
from minikube_lite.store import Object


@dataclass(frozen=True, slots=True)
class Asked:
    """One review, its namespace, "" for none, and who asks."""

    object: Object
    user: User
    namespace: str
    clock: Clock
    authorizer: Authorizer
    authentication: Authentication


def user_info(user: User) -> Object:
    """A user as reviews show him."""
    shown = {
        "username": user.name,
        "uid": user.uid,
        "groups": list(user.groups),
        "extra": {key: list(values) for key, values in user.extra.items()},
    }
    return {key: value for key, value in shown.items() if value}
