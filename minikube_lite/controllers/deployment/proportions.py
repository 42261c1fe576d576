"""How ReplicaSets share a change of the Deployment's size in the middle of an update; upstream: scale of sync.go.

Worked example: 10 wanted with a surge of 3, sizes 8 and 5. Scaled to 15, there may be 18 instead of 13, so 5 are to be
added: 8 x 18/13 is 11, which takes 3; the other takes 2.
"""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.controllers.deployment.limits import max_surge, wanted_replicas
from minikube_lite.controllers.deployment.replicasets import MAX_REPLICAS, age_order, annotated_number, size_of
from minikube_lite.store import Object


def proportional_sizes(deployment: Object, active: Sequence[Object]) -> list[tuple[Object, int]]:
    """The new size of each active ReplicaSet, from the largest on.

    Of equal ones the newer grow first, and the older shrink first. What rounding leaves over goes to the largest.
    """
    wanted = wanted_replicas(deployment)
    allowed = wanted + max_surge(deployment) if wanted else 0
    to_add = allowed - sum(map(size_of, active))
    by_age = sorted(active, key=age_order, reverse=to_add > 0)
    ordered = sorted(by_age, key=size_of, reverse=True) if to_add else list(active)
    sizes: list[tuple[Object, int]] = []
    added = 0
    for replica_set in ordered:
        part = _part(replica_set, deployment, to_add, added)
        added += part
        sizes.append((replica_set, size_of(replica_set) + part))
    if to_add:
        largest, size = sizes[0]
        sizes[0] = largest, max(0, size + to_add - added)
    return sizes


def _part(replica_set: Object, deployment: Object, to_add: int, added: int) -> int:
    """What one ReplicaSet takes of the change: its share, but no more than is left."""
    left = to_add - added
    if not left or not to_add:
        return 0
    share = _share(replica_set, deployment)
    return min(share, left) if to_add > 0 else max(share, left)


def _share(replica_set: Object, deployment: Object) -> int:
    """By its size, and by how many pods the Deployment could have before and can have now."""
    size = size_of(replica_set)
    if not wanted_replicas(deployment):
        return -size
    before = annotated_number(replica_set, MAX_REPLICAS) or deployment.get("status", {}).get("replicas", 0)
    if not before:
        return 0
    now = wanted_replicas(deployment) + max_surge(deployment)
    return int(size * now / before + 0.5) - size
