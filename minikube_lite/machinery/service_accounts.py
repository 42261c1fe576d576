"""The names of service accounts as users; upstream: apiserver/pkg/authentication/serviceaccount/util.go."""

from __future__ import annotations

from minikube_lite.machinery.names import name_is_dns_label, name_is_dns_subdomain

PREFIX = "system:serviceaccount:"
ALL_SERVICE_ACCOUNTS = "system:serviceaccounts"


def service_account_name(namespace: str, name: str) -> str:
    """The user's name of a service account."""
    return f"{PREFIX}{namespace}:{name}"


def service_account_groups(namespace: str) -> tuple[str, ...]:
    """The groups that the service accounts of a namespace are in."""
    return (ALL_SERVICE_ACCOUNTS, f"{ALL_SERVICE_ACCOUNTS}:{namespace}")


def split_service_account_name(user: str) -> tuple[str, str] | None:
    """Namespace and name of the service account that a user is; None for other users."""
    parts = user.removeprefix(PREFIX).split(":")
    if not user.startswith(PREFIX) or len(parts) != 2:
        return None
    namespace, name = parts
    return None if name_is_dns_label(namespace) or name_is_dns_subdomain(name) else (namespace, name)
