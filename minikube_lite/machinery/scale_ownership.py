"""Who owns the number of replicas, seen through a Scale and in the scaled object; upstream: managedfields/scalehandler.go.

The owners of a Scale are those of the replicas of its parent. After a write of the Scale they are written back: whoever lost them
there loses them in the parent. As upstream, an updater's share then stands in an entry of its own, without a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from minikube_lite.machinery.managed_fields import (
    Entry,
    Managed,
    ManagerKey,
    Managers,
    decode_managers,
    encode_managers,
)
from minikube_lite.schema.fieldset import Fields, difference, field_element, from_paths, has

SCALE_API_VERSION = "autoscaling/v1"
REPLICAS_IN_SCALE = ("spec", "replicas")

ReplicasPaths = Mapping[str, Sequence[str] | None]
"""Where the replicas stand in each apiVersion of the parent, as field names; None where that version has no Scale."""


def owners_of_scale(parent: Sequence[Entry], paths: ReplicasPaths) -> list[Entry]:
    """The entries of a Scale, from those of its parent."""
    owners: Managers = {}
    for key, managed in decode_managers(parent, trusted=True).items():
        if _owns_replicas(managed, paths):
            owners[key] = Managed(SCALE_API_VERSION, managed.time, from_paths(REPLICAS_IN_SCALE), managed.applied)
    return encode_managers(owners, [])


def owners_of_parent(
    parent: Sequence[Entry], scale: Sequence[Entry], paths: ReplicasPaths, api_version: str
) -> list[Entry]:
    """The entries of the parent, from those it had and those of its Scale after a write in that apiVersion of the parent."""
    before, scaled = decode_managers(parent, trusted=True), decode_managers(scale, trusted=True)
    after: Managers = {}
    for key, managed in before.items():
        if managed.api_version not in paths:
            continue
        if key in scaled or not _owns_replicas(managed, paths):
            after[key] = managed
            scaled.pop(key, None)
            continue
        left = difference(managed.fields, from_paths(paths[managed.api_version] or ()))
        if left:
            after[key] = replace(managed, fields=left, entry=None)
    path = paths.get(api_version) or ()
    for key, managed in scaled.items():
        if _has(managed.fields, REPLICAS_IN_SCALE):
            after[key] = Managed(api_version, _time(before, key), from_paths(path), managed.applied)
    return encode_managers(after, [])


def _time(managers: Managers, key: ManagerKey) -> str | None:
    return managers[key].time if key in managers else None


def _owns_replicas(managed: Managed, paths: ReplicasPaths) -> bool:
    path = paths.get(managed.api_version)
    return bool(path) and _has(managed.fields, path or ())


def _has(fields: Fields, path: Sequence[str]) -> bool:
    return has(fields, [field_element(name) for name in path])
