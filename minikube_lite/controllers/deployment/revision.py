"""Revisions: which number a ReplicaSet has, which ones it had, and what else it takes from its Deployment's annotations.

Upstream: SetNewReplicaSetAnnotations. Worked example: templates A, B, C make revisions 1, 2, 3; going back to A makes
its ReplicaSet revision 4, with the history "1"; going back once more, 6 with "1,4" if B was 5.
"""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.controllers.deployment.limits import max_surge, wanted_replicas
from minikube_lite.controllers.deployment.replicasets import (
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    REVISION,
    REVISION_HISTORY,
    annotation,
    revision_of,
)
from minikube_lite.store import Object

HISTORY_CHARACTERS_MAX = 2000

_NOT_COPIED = (
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
)


def next_revision(old: Iterable[Object]) -> int:
    """One more than the highest revision of the old ReplicaSets."""
    return max((revision_of(replica_set) or 0 for replica_set in old), default=0) + 1


def size_annotations(deployment: Object) -> dict[str, str]:
    """How large the Deployment is to be, and may be: what tells a change of size from a step of an update."""
    wanted = wanted_replicas(deployment)
    return {DESIRED_REPLICAS: str(wanted), MAX_REPLICAS: str(wanted + max_surge(deployment))}


def annotations_of_new(deployment: Object, replica_set: Object, number: int) -> dict[str, str]:
    """The annotations that the Deployment's newest ReplicaSet has to take on; none where it has them all."""
    known = revision_of(replica_set)
    if known is None:
        return {}
    given = deployment["metadata"].get("annotations") or {}
    wanted = {key: value for key, value in given.items() if key not in _NOT_COPIED}
    if known < number:
        wanted[REVISION] = str(number)
        before = annotation(replica_set, REVISION)
        if before:
            wanted[REVISION_HISTORY] = _longer_history(annotation(replica_set, REVISION_HISTORY), before)
    return {key: value for key, value in wanted.items() if not _has(replica_set, key, value)}


def _has(replica_set: Object, key: str, value: str) -> bool:
    return (replica_set["metadata"].get("annotations") or {}).get(key) == value


def _longer_history(history: str, revision: str) -> str:
    """With one more revision; without the oldest where it would become too long."""
    revisions = [*history.split(","), revision] if history else [revision]
    while len(",".join(revisions)) > HISTORY_CHARACTERS_MAX and len(revisions) > 1:
        del revisions[0]
    return ",".join(revisions)
