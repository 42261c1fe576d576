"""Who may do what; upstream: apiserver/pkg/authorization, plugin/pkg/auth/authorizer.

An authorizer is asked for whoever is not of the group system:masters, which may do everything.
"""

from __future__ import annotations

from minikube_lite.api.authorization.attributes import Attributes, Decision, forbidden
from minikube_lite.api.authorization.authorizer import MASTERS, Authorizer

__all__ = ["MASTERS", "Attributes", "Authorizer", "Decision", "forbidden"]
