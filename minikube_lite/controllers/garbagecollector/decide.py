"""What to do with one item: pure; upstream: attemptToDeleteItem, processDeletingDependentsItem, orphanDependents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from minikube_lite.controllers.garbagecollector.graph import FOREGROUND_FINALIZER, ORPHAN_FINALIZER, Item

OwnerState = Literal["solid", "dangling", "waiting", "unknown"]
"""There; gone, or another one of its name; there, but waits for its dependents to go; nobody can say."""
Policy = Literal["Background", "Foreground", "Orphan"]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Leave it alone."""


@dataclass(frozen=True, slots=True)
class LookAtDependents:
    """Its dependents are to go first."""

    uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Nothing holds it any more."""

    finalizer: str


@dataclass(frozen=True, slots=True)
class FreeDependents:
    """Its dependents are to forget it; then the finalizer goes."""

    dependents: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class ForgetOwners:
    """It lives on by its other owners."""

    uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """None of its owners is there. With `unblock` its owners no longer wait for it, or they would wait for each other."""

    policy: Policy
    unblock: bool = False


Action = Nothing | LookAtDependents | RemoveFinalizer | FreeDependents | ForgetOwners | Delete


def decide(item: Item, owners: Mapping[str, OwnerState], dependents: Sequence[Item]) -> Action:
    """From an item, how it stands with each of its owners, by uid, and its dependents."""
    if item.orphans_dependents:
        return FreeDependents(tuple(dependents))
    if item.deletes_dependents:
        blocking = [dependent for dependent in dependents if dependent.blocks(item.uid)]
        if not blocking:
            return RemoveFinalizer(FOREGROUND_FINALIZER)
        return LookAtDependents(tuple(other.uid for other in blocking if not other.deletes_dependents))
    if item.deleting or not owners or "unknown" in owners.values():
        return Nothing()
    gone = tuple(uid for uid, state in owners.items() if state in ("dangling", "waiting"))
    if len(gone) < len(owners):
        return ForgetOwners(gone) if gone else Nothing()
    if "waiting" in owners.values() and dependents:
        # An owner waits for it, so it waits for its own dependents; a circle of those that wait is broken here.
        return Delete("Foreground", unblock=any(dependent.deletes_dependents for dependent in dependents))
    if ORPHAN_FINALIZER in item.finalizers:
        return Delete("Orphan")
    return Delete("Foreground" if FOREGROUND_FINALIZER in item.finalizers else "Background")
