"""Who asks; upstream: pkg/kubeapiserver/authenticator, apiserver/pkg/authentication."""

from __future__ import annotations

from minikube_lite.api.authentication.authenticator import (
    ANONYMOUS,
    AUTHENTICATED,
    CLUSTER_ADMIN,
    Authenticated,
    Authentication,
)
from minikube_lite.api.authentication.impersonation import Impersonation

__all__ = ["ANONYMOUS", "AUTHENTICATED", "CLUSTER_ADMIN", "Authenticated", "Authentication", "Impersonation"]
