"""As whom containers run: not as root. All of the restricted level."""

from __future__ import annotations

from minikube_lite.api.admission.pod_security.check import (
    Check,
    Version,
    Violation,
    containers,
    counted,
    has_user_namespace,
    names_of,
    security,
    setters,
)
from minikube_lite.api.admission.pod_security.levels import RESTRICTED
from minikube_lite.store import Object


def run_as_non_root(metadata: Object, spec: Object) -> Violation | None:
    """The pod or every container says that it does not run as root."""
    of_pod = security(spec, "runAsNonRoot")
    chosen = [(container, security(container, "runAsNonRoot")) for container in containers(spec)]
    who = setters(of_pod is False, names_of(container for container, choice in chosen if choice is False))
    if who:
        return Violation("runAsNonRoot != true", f"{who} must not set securityContext.runAsNonRoot=false")
    silent = names_of(container for container, choice in chosen if choice is None) if not of_pod else []
    if not silent:
        return None
    text = f"pod or {counted('container', silent)} must set securityContext.runAsNonRoot=true"
    return Violation("runAsNonRoot != true", text)


def run_as_user(metadata: Object, spec: Object) -> Violation | None:
    """Nobody asks to be user 0."""

    def is_root(holder: Object) -> bool:
        return bool(security(holder, "runAsUser") == 0)

    who = setters(is_root(spec), names_of(filter(is_root, containers(spec))))
    return Violation("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def run_as_non_root_1_35(metadata: Object, spec: Object) -> Violation | None:
    """In a user namespace root of a pod is nobody on the host."""
    return None if has_user_namespace(spec) else run_as_non_root(metadata, spec)


def run_as_user_1_35(metadata: Object, spec: Object) -> Violation | None:
    """As for `run_as_non_root_1_35`."""
    return None if has_user_namespace(spec) else run_as_user(metadata, spec)


CHECKS = (
    Check("runAsNonRoot", RESTRICTED, (Version(0, run_as_non_root), Version(35, run_as_non_root_1_35))),
    Check("runAsUser", RESTRICTED, (Version(23, run_as_user), Version(35, run_as_user_1_35))),
)
