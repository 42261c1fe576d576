"""The authorizers of a cluster, asked one after the other; upstream: pkg/kubeapiserver/authorizer."""

from __future__ import annotations

from minikube_lite.api.authorization.attributes import Attributes, Decision, forbidden
from minikube_lite.api.authorization.rbac import RbacAuthorizer, RuleResolver
from minikube_lite.store import Store

MASTERS = "system:masters"
"""The group whose members may do everything; no rule can take that from them."""
ALLOWED = Decision(True)


class Authorizer:
    """Decides who may do what, by the roles and bindings as they are now."""

    def __init__(self, store: Store) -> None:
        self.rules = RuleResolver(store)
        self._rbac = RbacAuthorizer(self.rules)

    def authorize(self, attributes: Attributes) -> Decision:
        """The answer, and why."""
        if MASTERS in attributes.user.groups:
            return ALLOWED
        return self._rbac.authorize(attributes)

    def check(self, attributes: Attributes) -> None:
        """Raise 403 if it is not allowed."""
        decision = self.authorize(attributes)
        if not decision.allowed:
            raise forbidden(attributes, decision.reason)
