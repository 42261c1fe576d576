"""ControllerRevisions: what an owner's template was, under names that its content gives; upstream: pkg/controller/history.

Everything here is a decision; `history` writes. StatefulSets and DaemonSets differ in a label and in what their limit
counts. Upstream names a DaemonSet's revisions by a hash of Go's own view of the template; here both are named by the
hash of the patch. Worked example: templates A, B, C make revisions 1, 2, 3; going back to B renumbers its revision
to 4: the history then reads A, C, B, and no content is in it twice.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from minikube_lite.controllers.safe_hash import fnv1, safe_encode
from minikube_lite.machinery.meta import controller_reference
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object

STATEFUL_SET_HASH_LABEL = "controller.kubernetes.io/hash"
DAEMON_SET_HASH_LABEL = "controller-revision-hash"
NAME_PREFIX_LENGTH_MAX = 223
"""A name of 253 bytes less room for the hash."""
REVISION_HISTORY_LIMIT_DEFAULT = 10

_ESCAPED_FOR_HTML = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


@dataclass(frozen=True, slots=True)
class OwnerKind:
    """How one kind of owner keeps its revisions. `limit_counts_used`: those in use are kept, and count, too."""

    resource: GroupVersionResource
    kind: str
    hash_label: str
    limit_counts_used: bool = False


@dataclass(frozen=True, slots=True)
class RevisionPlan:
    """What is to be done so that the owner's template is its newest revision.

    `change` is "none" where `update` is that already, "create" where it is a new one,
    "renumber" where it is an older one that takes the number `number`.
    """

    change: Literal["none", "create", "renumber"]
    update: Object
    number: int
    current: Object | None
    """The revision of status.currentRevision; None where it is the one of `update`."""


def revision_data(owner: Object) -> Object:
    """The patch that brings the owner's template back. It shares the template with the owner."""
    return {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}


def encode_data(data: Any) -> bytes:
    """The patch's bytes as Go writes them: sorted, without spaces, safe in HTML."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_ESCAPED_FOR_HTML).encode()


def hash_revision(data: Any, collision_count: int) -> str:
    """The hash in a revision's name: FNV-1 of the patch and of how often that name was taken, in safe letters."""
    return safe_encode(fnv1(encode_data(data) + str(collision_count).encode()))


def revision_name(owner: Object, hash_text: str) -> str:
    """The name of an owner's revision."""
    return f"{owner['metadata']['name'][:NAME_PREFIX_LENGTH_MAX]}-{hash_text}"


def new_revision(owner_kind: OwnerKind, owner: Object, number: int, collision_count: int) -> Object:
    """The revision of the owner's template."""
    # Its keys stay in Go's order: `kubectl rollout undo` compares the bytes.
    data: Object = json.loads(encode_data(revision_data(owner)))
    hash_text = hash_revision(data, collision_count)
    labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    metadata: Object = {
        "name": revision_name(owner, hash_text),
        "namespace": owner["metadata"]["namespace"],
        "labels": {**labels, owner_kind.hash_label: hash_text},
        "ownerReferences": [controller_reference(owner, owner_kind.resource, owner_kind.kind)],
    }
    if owner["metadata"].get("annotations"):
        metadata["annotations"] = dict(owner["metadata"]["annotations"])
    return {"metadata": metadata, "data": data, "revision": number}


def template_of(owner: Object, revision: Object) -> Object:
    """The owner's pod template as it was in a revision."""
    spec = (revision.get("data") or {}).get("spec") or {}
    template = spec.get("template", owner["spec"]["template"])
    return {part: template[part] for part in template if part != "$patch"}


def sort_revisions(revisions: Iterable[Object]) -> list[Object]:
    """Oldest first."""
    return sorted(
        revisions,
        key=lambda revision: (
            revision.get("revision", 0),
            revision["metadata"].get("creationTimestamp", ""),
            revision["metadata"]["name"],
        ),
    )


def equal_data(one: Object, other: Object) -> bool:
    """Whether two revisions hold the same patch."""
    return encode_data(one.get("data")) == encode_data(other.get("data"))


def plan_revisions(
    owner_kind: OwnerKind, owner: Object, revisions: Sequence[Object], collision_count: int
) -> RevisionPlan:
    """Find the owner's template among its revisions, which are given oldest first."""
    data = revision_data(owner)
    encoded = encode_data(data)
    current_name = owner.get("status", {}).get("currentRevision", "")
    current = next((revision for revision in revisions if revision["metadata"]["name"] == current_name), None)
    equal = next((revision for revision in reversed(revisions) if encode_data(revision.get("data")) == encoded), None)
    newest = revisions[-1] if revisions else None
    number = newest.get("revision", 0) + 1 if newest is not None else 1
    if newest is not None and (newest is equal or (equal is None and _is_same_without_nulls(newest.get("data"), data))):
        return RevisionPlan("none", newest, newest.get("revision", 0), current)
    if equal is not None:
        return RevisionPlan("renumber", equal, number, current)
    return RevisionPlan("create", new_revision(owner_kind, owner, number, collision_count), number, current)


def _is_same_without_nulls(known: Any, data: Any) -> bool:
    """Older servers wrote `creationTimestamp: null` into templates; that alone is no new revision."""
    return encode_data(_without_nulls(known)) == encode_data(_without_nulls(data))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def surplus_revisions(
    owner_kind: OwnerKind, owner: Object, revisions: Sequence[Object], used: Container[str]
) -> list[Object]:
    """The oldest revisions beyond the history limit, given oldest first; none of those whose names are in `used`."""
    history = [revision for revision in revisions if revision["metadata"]["name"] not in used]
    counted = len(revisions) if owner_kind.limit_counts_used else len(history)
    limit = owner["spec"].get("revisionHistoryLimit", REVISION_HISTORY_LIMIT_DEFAULT)
    return history[: max(0, counted - limit)] if limit >= 0 else []
