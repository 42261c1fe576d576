"""Which checks a level has in a version, and what they say of a pod; upstream: pod-security-admission/policy/registry.go."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from minikube_lite.api.admission.pod_security import host, kernel, privileges, profiles, users
from minikube_lite.api.admission.pod_security.check import Check, CheckPod, Version, Violation
from minikube_lite.api.admission.pod_security.levels import BASELINE, PRIVILEGED, RESTRICTED, LevelVersion
from minikube_lite.store import Object

CHECKS = (*host.CHECKS, *privileges.CHECKS, *users.CHECKS, *profiles.CHECKS, *kernel.CHECKS)
NEWEST_MINOR = max(version.minor for check in CHECKS for version in check.versions)
"""Nothing has changed since, so the latest version is this one."""


def evaluate(policy: LevelVersion, metadata: Object, spec: Object) -> list[Violation]:
    """How a pod, or what a template makes of it, breaks a level; in upstream's order."""
    if policy.level == PRIVILEGED:
        return []
    minor = NEWEST_MINOR if policy.minor is None else min(policy.minor, NEWEST_MINOR)
    found = (check(metadata, spec) for check in _checks(policy.level, minor))
    return [violation for violation in found if violation is not None]


def details(violations: Iterable[Violation]) -> str:
    """As it is told of one pod."""
    return ", ".join(str(violation) for violation in violations)


def reasons(violations: Iterable[Violation]) -> str:
    """As it is told of many."""
    return ", ".join(violation.reason for violation in violations)


@functools.lru_cache(maxsize=2 * (NEWEST_MINOR + 1))
def _checks(level: str, minor: int) -> tuple[CheckPod, ...]:
    """The baseline's first, then those of the restricted level; by their ids."""
    baseline = [(check, _at(check, minor)) for check in CHECKS if check.level == BASELINE]
    restricted = [(check, _at(check, minor)) for check in CHECKS if check.level == level == RESTRICTED]
    overridden = {name for _, version in restricted if version is not None for name in version.overrides}
    chosen = [*sorted(baseline, key=_id), *sorted(restricted, key=_id)]
    return tuple(version.check for check, version in chosen if version is not None and check.id not in overridden)


def _at(check: Check, minor: int) -> Version | None:
    """The check as it was in that version; None where it was not there yet."""
    known = [version for version in check.versions if version.minor <= minor]
    return known[-1] if known else None


def _id(chosen: tuple[Check, Version | None]) -> str:
    return chosen[0].id
