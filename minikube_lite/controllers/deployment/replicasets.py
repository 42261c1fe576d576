"""Questions about the ReplicaSets of a Deployment; upstream: pkg/controller/deployment/util."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minikube_lite.machinery.equality import same
from minikube_lite.store import Object

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"

_INT32_MAX = 2**31 - 1


def name_of(obj: Object) -> str:
    """Its name."""
    return obj["metadata"]["name"]  # type: ignore[no-any-return]


def size_of(replica_set: Object) -> int:
    """How many pods it is to have."""
    return replica_set["spec"]["replicas"]  # type: ignore[no-any-return]


def is_active(replica_set: Object) -> bool:
    """Whether it is to have pods."""
    return size_of(replica_set) > 0


def counted(replica_set: Object | None, counter: str) -> int:
    """A counter of its status; 0 for none."""
    return (replica_set or {}).get("status", {}).get(counter, 0)  # type: ignore[no-any-return]


def total_size(replica_sets: Iterable[Object]) -> int:
    """How many pods they are to have together."""
    return sum(map(size_of, replica_sets))


def total(replica_sets: Iterable[Object], counter: str) -> int:
    """The sum of a counter."""
    return sum(counted(replica_set, counter) for replica_set in replica_sets)


def age_order(replica_set: Object) -> tuple[str, str]:
    """Sorts older ones first, those of one second by name. One that is yet to be made is the youngest."""
    metadata = replica_set["metadata"]
    return metadata.get("creationTimestamp", "~"), metadata["name"]


def annotation(obj: Object, key: str) -> str:
    """An annotation; "" for none."""
    return (obj["metadata"].get("annotations") or {}).get(key, "")  # type: ignore[no-any-return]


def annotated_number(obj: Object, key: str) -> int | None:
    """A number that is not negative, from an annotation; None where there is none."""
    text = annotation(obj, key)
    return int(text) if text.isascii() and text.isdigit() and int(text) <= _INT32_MAX else None


def revision_of(obj: Object) -> int | None:
    """Its revision: 0 where it has none, None where that cannot be read."""
    text = annotation(obj, REVISION)
    if not text:
        return 0
    try:
        return int(text)
    except ValueError:
        return None


def revision_order(replica_set: Object) -> tuple[int, tuple[str, str]]:
    """Sorts older revisions first."""
    return revision_of(replica_set) or 0, age_order(replica_set)


def is_same_template(one: Object, other: Object) -> bool:
    """Whether two pod templates mean the same, apart from the hash in their labels."""
    return same(_without_hash(one), _without_hash(other))


def _without_hash(template: Object) -> Object:
    metadata: dict[str, Any] = template.get("metadata") or {}
    labels = metadata.get("labels") or {}
    if HASH_LABEL not in labels:
        return template
    kept = {key: value for key, value in labels.items() if key != HASH_LABEL}
    return {**template, "metadata": {**metadata, "labels": kept}}


def find_new(deployment: Object, replica_sets: Sequence[Object]) -> Object | None:
    """The one of the Deployment's template: the oldest, should there be several. They are given oldest first."""
    template = deployment["spec"]["template"]
    return next((found for found in replica_sets if is_same_template(found["spec"]["template"], template)), None)
