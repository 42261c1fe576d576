"""What power a container's processes may have: privileges, capabilities, the view of /proc."""

from __future__ import annotations

from minikube_lite.api.admission.pod_security.check import (
    Check,
    Version,
    Violation,
    containers,
    counted,
    has_user_namespace,
    is_windows,
    names_of,
    quoted,
    security,
)
from minikube_lite.api.admission.pod_security.levels import BASELINE, RESTRICTED
from minikube_lite.store import Object

DEFAULT_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
RESTRICTED_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})


def privileged(metadata: Object, spec: Object) -> Violation | None:
    """No container is privileged."""
    bad = names_of(container for container in containers(spec) if security(container, "privileged"))
    if not bad:
        return None
    return Violation("privileged", f"{counted('container', bad)} must not set securityContext.privileged=true")


def privilege_escalation(metadata: Object, spec: Object) -> Violation | None:
    """No process gets more power than its parent, and every container says so."""
    bad = names_of(
        container for container in containers(spec) if security(container, "allowPrivilegeEscalation") is not False
    )
    if not bad:
        return None
    text = f"{counted('container', bad)} must set securityContext.allowPrivilegeEscalation=false"
    return Violation("allowPrivilegeEscalation != false", text)


def privilege_escalation_1_25(metadata: Object, spec: Object) -> Violation | None:
    """Windows knows no such thing."""
    return None if is_windows(spec) else privilege_escalation(metadata, spec)


def _added(container: Object, allowed: frozenset[str]) -> list[str]:
    added = (security(container, "capabilities") or {}).get("add") or ()
    return [name for name in added if name not in allowed]


def _additions(spec: Object, allowed: frozenset[str]) -> str:
    """Which containers add which capabilities that are not allowed; "" for none."""
    bad = [(container, _added(container, allowed)) for container in containers(spec)]
    names = names_of(container for container, added in bad if added)
    if not names:
        return ""
    added = sorted({name for _, found in bad for name in found})
    return f"{counted('container', names)} must not include {quoted(added)} in securityContext.capabilities.add"


def capabilities_baseline(metadata: Object, spec: Object) -> Violation | None:
    """Only capabilities that containers have anyway are added."""
    text = _additions(spec, DEFAULT_CAPABILITIES)
    return Violation("non-default capabilities", text) if text else None


def capabilities_restricted(metadata: Object, spec: Object) -> Violation | None:
    """All capabilities are dropped; one may be added again."""
    texts = []
    keeping = names_of(
        container
        for container in containers(spec)
        if "ALL" not in ((security(container, "capabilities") or {}).get("drop") or ())
    )
    if keeping:
        texts.append(f'{counted("container", keeping)} must set securityContext.capabilities.drop=["ALL"]')
    additions = _additions(spec, RESTRICTED_CAPABILITIES)
    if additions:
        texts.append(additions)
    return Violation("unrestricted capabilities", "; ".join(texts)) if texts else None


def capabilities_restricted_1_25(metadata: Object, spec: Object) -> Violation | None:
    """Windows knows no such thing."""
    return None if is_windows(spec) else capabilities_restricted(metadata, spec)


def proc_mount(metadata: Object, spec: Object) -> Violation | None:
    """Containers see /proc with its usual masks."""
    bad = [container for container in containers(spec) if security(container, "procMount") not in (None, "", "Default")]
    if not bad:
        return None
    types = sorted({security(container, "procMount") for container in bad})
    text = f"{counted('container', names_of(bad))} must not set securityContext.procMount to {quoted(types)}"
    return Violation("procMount", text)


def proc_mount_1_35(metadata: Object, spec: Object) -> Violation | None:
    """In a user namespace of its own a pod may see all of it."""
    return None if has_user_namespace(spec) else proc_mount(metadata, spec)


CHECKS = (
    Check("privileged", BASELINE, (Version(0, privileged),)),
    Check("capabilities_baseline", BASELINE, (Version(0, capabilities_baseline),)),
    Check("procMount", BASELINE, (Version(0, proc_mount), Version(35, proc_mount_1_35))),
    Check(
        "allowPrivilegeEscalation",
        RESTRICTED,
        (Version(8, privilege_escalation), Version(25, privilege_escalation_1_25)),
    ),
    Check(
        "capabilities_restricted",
        RESTRICTED,
        (
            Version(22, capabilities_restricted, ("capabilities_baseline",)),
            Version(25, capabilities_restricted_1_25, ("capabilities_baseline",)),
        ),
    ),
    Check("procMount_restricted", RESTRICTED, (Version(35, proc_mount, ("procMount",)),)),
)
