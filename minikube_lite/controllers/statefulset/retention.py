"""Who owns a pod's claims, by the set's persistentVolumeClaimRetentionPolicy; upstream: stateful_set_utils.go.

Kept on scaling and deletion: nobody. Deleted with the set: the set. Deleted on scaling down: the condemned pod, so that
the garbage collector takes the claim away after it.
"""

from __future__ import annotations

from minikube_lite.controllers.statefulset.identity import KIND, in_ordinal_range
from minikube_lite.machinery.meta import controller_reference, copy_object
from minikube_lite.machinery.resources import PODS, STATEFUL_SETS, GroupVersionResource
from minikube_lite.store import Object

RETAIN = "Retain"
DELETE = "Delete"
POD_KIND = "Pod"


def retention_policy(stateful_set: Object) -> tuple[str, str]:
    """What happens to claims when the set is scaled down, and when it is deleted."""
    policy = stateful_set["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return policy.get("whenScaled", RETAIN), policy.get("whenDeleted", RETAIN)


def _references(claim: Object) -> list[Object]:
    return claim["metadata"].get("ownerReferences") or []


def _matches(reference: Object, owner: Object, resource: GroupVersionResource, kind: str) -> bool:
    named = (reference.get("apiVersion"), reference.get("kind"), reference.get("name"))
    return named == (resource.api_version, kind, owner["metadata"]["name"])


def _uid(owner: Object) -> str:
    return owner["metadata"].get("uid", "")  # type: ignore[no-any-return]


def _is_owned(claim: Object, owner: Object) -> bool:
    return any(reference.get("uid") == _uid(owner) for reference in _references(claim))


def _has_stale_owner(claim: Object, owner: Object, resource: GroupVersionResource, kind: str) -> bool:
    for reference in _references(claim):
        if _matches(reference, owner, resource, kind):
            return reference.get("uid") != _uid(owner)
    return False


def is_claim_stale(claim: Object, stateful_set: Object, pod: Object) -> bool:
    """Whether the claim goes with an earlier pod of that name, so that a new one has to wait for its end."""
    return retention_policy(stateful_set)[0] != RETAIN and _has_stale_owner(claim, pod, PODS, POD_KIND)


def has_unexpected_controller(claim: Object, stateful_set: Object, pod: Object) -> bool:
    """Whether somebody else manages the claim while the policy would have it managed here."""
    if retention_policy(stateful_set) == (RETAIN, RETAIN):
        return False
    for reference in _references(claim):
        if _matches(reference, stateful_set, STATEFUL_SETS, KIND):
            if reference.get("uid") != _uid(stateful_set):
                return True
        elif _matches(reference, pod, PODS, POD_KIND):
            if reference.get("uid") != _uid(pod):
                return True
        elif reference.get("controller"):
            return True
    return False


def _has_plain_owner(claim: Object, stateful_set: Object, pod: Object) -> bool:
    ours = (_uid(stateful_set), _uid(pod))
    return any(reference.get("uid") in ours and not reference.get("controller") for reference in _references(claim))


def _wanted_owners(stateful_set: Object, pod: Object) -> tuple[bool, bool]:
    """Whether the set, and whether the pod, should own the claim."""
    when_scaled, when_deleted = retention_policy(stateful_set)
    scaled_down = not in_ordinal_range(stateful_set, pod)
    by_pod = when_scaled == DELETE and scaled_down
    return when_deleted == DELETE and not by_pod, by_pod


def is_owner_up_to_date(claim: Object, stateful_set: Object, pod: Object) -> bool:
    """Whether the claim is owned as the policy says, or is to be left alone."""
    if _has_stale_owner(claim, stateful_set, STATEFUL_SETS, KIND) or _has_stale_owner(claim, pod, PODS, POD_KIND):
        return True
    owned = _is_owned(claim, stateful_set), _is_owned(claim, pod)
    if has_unexpected_controller(claim, stateful_set, pod):
        return not any(owned)
    if _has_plain_owner(claim, stateful_set, pod):
        return False
    return owned == _wanted_owners(stateful_set, pod)


def with_right_owners(claim: Object, stateful_set: Object, pod: Object) -> Object:
    """A copy of the claim, owned as the policy says."""
    fresh: Object = copy_object(claim)
    references = [
        reference
        for reference in _references(fresh)
        if not _matches(reference, stateful_set, STATEFUL_SETS, KIND) and not _matches(reference, pod, PODS, POD_KIND)
    ]
    if not has_unexpected_controller(claim, stateful_set, pod):
        by_set, by_pod = _wanted_owners(stateful_set, pod)
        if by_set:
            references.append(controller_reference(stateful_set, STATEFUL_SETS, KIND))
        if by_pod:
            references.append(controller_reference(pod, PODS, POD_KIND))
    fresh["metadata"]["ownerReferences"] = references
    return fresh
