"""Under which profiles of the host's kernel containers run: seccomp, AppArmor, SELinux."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from minikube_lite.api.admission.pod_security.check import (
    Check,
    Version,
    Violation,
    containers,
    counted,
    is_windows,
    names_of,
    plural,
    quoted,
    security,
    setters,
)
from minikube_lite.api.admission.pod_security.levels import BASELINE, RESTRICTED
from minikube_lite.schema.field import go_quote
from minikube_lite.store import Object

ALLOWED_TYPES = ("Localhost", "RuntimeDefault")
APPARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_PREFIX = "container.seccomp.security.alpha.kubernetes.io/"
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t")
SELINUX_TYPES_1_31 = (*SELINUX_TYPES, "container_engine_t")


def _bad_type(holder: Object, profile: str) -> str | None:
    """The type of a profile that is not allowed."""
    chosen = security(holder, profile)
    found = chosen.get("type", "") if chosen is not None else None
    return None if found in ALLOWED_TYPES else found


def _bad_types(spec: Object, profile: str) -> tuple[bool, list[str], list[str]]:
    """Whether the pod sets a type that is not allowed, the containers that do, and the types."""
    of_pod = _bad_type(spec, profile)
    bad = [(container, found) for container in containers(spec) if (found := _bad_type(container, profile)) is not None]
    types = {found for _, found in bad} | ({of_pod} if of_pod is not None else set())
    return of_pod is not None, names_of(container for container, _ in bad), sorted(types)


def apparmor(metadata: Object, spec: Object) -> Violation | None:
    """Nobody turns AppArmor off, by field or by annotation."""
    of_pod, bad, values = _bad_types(spec, "appArmorProfile")
    who = [setters(of_pod, bad)] if of_pod or bad else []
    annotations = sorted(
        f"{key}={go_quote(value)}"
        for key, value in (metadata.get("annotations") or {}).items()
        if key.startswith(APPARMOR_PREFIX)
        and value not in ("", "runtime/default")
        and not value.startswith("localhost/")
    )
    if annotations:
        values = [*values, *annotations]
        who.append(plural("annotation", annotations))
    if not who:
        return None
    reason = plural("forbidden AppArmor profile", values)
    return Violation(reason, f"{' and '.join(who)} must not set AppArmor profile type to {quoted(values)}")


def seccomp_annotations(metadata: Object, spec: Object) -> Violation | None:
    """Before there was a field, an annotation said it."""
    annotations = metadata.get("annotations") or {}
    keys = [SECCOMP_POD, *(SECCOMP_PREFIX + name for name in names_of(containers(spec)))]
    bad = sorted({
        f"{key}={go_quote(annotations[key])}"
        for key in keys
        if key in annotations
        and annotations[key] not in ("runtime/default", "docker/default")
        and not annotations[key].startswith("localhost/")
    })  # fmt: skip
    return Violation("seccompProfile", f"forbidden {plural('annotation', bad)} {', '.join(bad)}") if bad else None


def seccomp_baseline(metadata: Object, spec: Object) -> Violation | None:
    """Nobody turns seccomp off."""
    of_pod, bad, values = _bad_types(spec, "seccompProfile")
    who = setters(of_pod, bad)
    if not who:
        return None
    return Violation("seccompProfile", f"{who} must not set securityContext.seccompProfile.type to {quoted(values)}")


def seccomp_restricted(metadata: Object, spec: Object) -> Violation | None:
    """The pod or every container names a profile."""
    bad = seccomp_baseline(metadata, spec)
    if bad is not None:
        return bad
    if security(spec, "seccompProfile") is not None:
        return None
    silent = names_of(container for container in containers(spec) if security(container, "seccompProfile") is None)
    if not silent:
        return None
    text = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return Violation("seccompProfile", f"pod or {counted('container', silent)} {text}")


def seccomp_restricted_1_25(metadata: Object, spec: Object) -> Violation | None:
    """Windows knows no such thing."""
    return None if is_windows(spec) else seccomp_restricted(metadata, spec)


def selinux(allowed: Sequence[str], metadata: Object, spec: Object) -> Violation | None:
    """SELinux confines as it does containers; user and role are not chosen."""

    def is_bad(holder: Object) -> bool:
        options = security(holder, "seLinuxOptions") or {}
        return bool(options.get("type", "") not in allowed or options.get("user") or options.get("role"))

    bad = [container for container in containers(spec) if is_bad(container)]
    who = setters(is_bad(spec), names_of(bad))
    if not who:
        return None
    options = [security(holder, "seLinuxOptions") or {} for holder in (spec, *containers(spec))]
    types = sorted({option.get("type", "") for option in options} - set(allowed))
    texts = [counted("type", types)] if types else []
    texts += [f"{name} may not be set" for name in ("user", "role") if any(option.get(name) for option in options)]
    return Violation("seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(texts)}")


CHECKS = (
    Check("appArmorProfile", BASELINE, (Version(0, apparmor),)),
    Check("seccompProfile_baseline", BASELINE, (Version(0, seccomp_annotations), Version(19, seccomp_baseline))),
    Check(
        "seccompProfile_restricted",
        RESTRICTED,
        (
            Version(19, seccomp_restricted, ("seccompProfile_baseline",)),
            Version(25, seccomp_restricted_1_25, ("seccompProfile_baseline",)),
        ),
    ),
    Check(
        "seLinuxOptions",
        BASELINE,
        (Version(0, partial(selinux, SELINUX_TYPES)), Version(31, partial(selinux, SELINUX_TYPES_1_31))),
    ),
)
