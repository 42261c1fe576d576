"""Levels, versions and the policy that a namespace's labels mean; upstream: pod-security-admission/api."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from minikube_lite.schema.field import FieldError, Path, invalid

PRIVILEGED, BASELINE, RESTRICTED = LEVELS = ("privileged", "baseline", "restricted")
"""From the loosest to the strictest."""
LATEST = "latest"
PREFIX = "pod-security.kubernetes.io/"
LABELS = Path("metadata").child("labels")

_match_version = re.compile(r"v1\.([0-9]|[1-9][0-9]*)").fullmatch


@dataclass(frozen=True, slots=True)
class LevelVersion:
    """A level as it was in one version of Kubernetes, `latest` or `v1.x`."""

    level: str = PRIVILEGED
    version: str = LATEST

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"

    @property
    def minor(self) -> int | None:
        """The minor version; None for the latest."""
        return None if self.version == LATEST else int(self.version.removeprefix("v1."))


@dataclass(frozen=True, slots=True)
class Policy:
    """What a namespace refuses, what it would note in an audit log, and what it warns of."""

    enforce: LevelVersion = LevelVersion()
    audit: LevelVersion = LevelVersion()
    warn: LevelVersion = LevelVersion()

    @property
    def fully_privileged(self) -> bool:
        """Whether nothing needs to be looked at."""
        return all(mode.level == PRIVILEGED for mode in (self.enforce, self.audit, self.warn))


def is_stricter(one: str, other: str) -> bool:
    """Whether a level is stricter than another."""
    return LEVELS.index(one) > LEVELS.index(other)


def policy_of(labels: Mapping[str, str] | None) -> tuple[Policy, list[FieldError]]:
    """The policy of a namespace with these labels, and what is wrong with them.

    A wrong level refuses as the strictest one does, but neither warns nor is audited; a wrong version is the latest.
    """
    labels, faults = labels or {}, []
    modes: dict[str, LevelVersion] = {}
    for mode in ("enforce", "audit", "warn"):
        chosen = LevelVersion()
        level, version = labels.get(PREFIX + mode), labels.get(f"{PREFIX}{mode}-version")
        if level in LEVELS:
            chosen = replace(chosen, level=level)
        elif level is not None:
            text = f"must be one of {', '.join(LEVELS)}"
            faults.append(invalid(LABELS.key(PREFIX + mode), level, text))
            chosen = replace(chosen, level=RESTRICTED if mode == "enforce" else PRIVILEGED)
        if version is not None and (version == LATEST or _match_version(version)):
            chosen = replace(chosen, version=version)
        elif version is not None:
            faults.append(invalid(LABELS.key(f"{PREFIX}{mode}-version"), version, 'must be "latest" or "v1.x"'))
        modes[mode] = chosen
    return _warning_of_what_is_refused(Policy(**modes), labels), faults


def _warning_of_what_is_refused(policy: Policy, labels: Mapping[str, str]) -> Policy:
    """Who only says what is refused is also warned of it, of workloads whose pods would be."""
    enforced = labels.get(f"{PREFIX}enforce")
    if f"{PREFIX}warn" in labels or enforced not in LEVELS or not is_stricter(enforced, policy.warn.level):
        return policy
    version = policy.warn.version if f"{PREFIX}warn-version" in labels else policy.enforce.version
    return replace(policy, warn=LevelVersion(enforced, version))
