"""Deletion: at once, after a grace period that somebody confirms, or when the last finalizer is gone.

Upstream: registry/generic/registry/store.go (Delete) and registry/rest/delete.go (BeforeDelete).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minikube_lite.api.registry import Registry, WriteOptions, may_be_removed
from minikube_lite.api.scheme import ServedResource
from minikube_lite.clock import format_time, parse_time
from minikube_lite.machinery import errors
from minikube_lite.machinery.meta import copy_object
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported
from minikube_lite.store import Object, Record, RevisionMismatch

DELETE_TRIES_MAX = 64

FINALIZER_ORPHAN = "orphan"
FINALIZER_FOREGROUND = "foregroundDeletion"


@dataclass(slots=True)
class DeleteOptions:
    """metav1.DeleteOptions as far as they say how to delete."""

    grace_period_seconds: int | None = None
    uid: str | None = None
    resource_version: str | None = None
    orphan_dependents: bool | None = None
    propagation_policy: str | None = None

    @classmethod
    def of(cls, options: dict[str, Any]) -> DeleteOptions:
        """From decoded JSON; raises 422 for what upstream's ValidateDeleteOptions refuses."""
        preconditions = options.get("preconditions") or {}
        chosen = cls(
            options.get("gracePeriodSeconds"),
            preconditions.get("uid"),
            preconditions.get("resourceVersion"),
            options.get("orphanDependents"),
            options.get("propagationPolicy"),
        )
        faults = chosen.faults()
        if faults:
            raise errors.invalid("meta.k8s.io", "DeleteOptions", "", faults)
        return chosen

    def faults(self) -> list[FieldError]:
        """What makes no sense together."""
        path, policy = Path("propagationPolicy"), self.propagation_policy
        if policy is not None and self.orphan_dependents is not None:
            return [invalid(path, policy, "orphanDependents and deletionPropagation cannot be both set")]
        if policy not in (None, "Foreground", "Background", "Orphan"):
            return [not_supported(path, policy, ("Foreground", "Background", "Orphan", "nil"))]
        return []


@dataclass(frozen=True, slots=True)
class Deleted:
    """What came of a deletion: the object as it was last, and whether it is gone."""

    record: Record
    gone: bool


class Deletion:
    """Deletes objects of every kind."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def delete(
        self, resource: ServedResource, namespace: str, name: str, options: DeleteOptions, write: WriteOptions
    ) -> Deleted:
        """Delete an object. e.g. DELETE /api/v1/namespaces/default/pods/kubia-0"""
        for _ in range(DELETE_TRIES_MAX):
            current = self._registry.store.get(resource.key, namespace, name)
            if current is None:
                raise errors.not_found(resource.gvr, name)
            self.check_preconditions(resource, current.object, options)
            context = self._registry.context("delete", resource, namespace, name, write)
            resource.strategy.prepare_for_delete(context, current.object)
            attributes = await self._registry.admit("DELETE", resource, context, None, current.object)
            await self._registry.admission.validate(attributes)
            try:
                return self._delete_once(resource, current, options, write)
            except RevisionMismatch:
                continue
        raise errors.conflict(resource.gvr, name, errors.MODIFIED_MESSAGE)

    def check_preconditions(self, resource: ServedResource, obj: Object, options: DeleteOptions) -> None:
        """Raise 409 if the object is another one. The error names the kind where others name the resource, as upstream's does."""
        kind = resource.gvr._replace(resource=resource.info.kind)
        uid, name, version = (obj["metadata"][part] for part in ("uid", "name", "resourceVersion"))
        if options.uid is not None and options.uid != uid:
            text = (
                f"the UID in the precondition ({options.uid}) does not match the UID in record ({uid}). "
                "The object might have been deleted and then recreated"
            )
            raise errors.conflict(kind, name, text)
        if options.resource_version is not None and options.resource_version != version:
            text = (
                f"the ResourceVersion in the precondition ({options.resource_version}) does not match "
                f"the ResourceVersion in record ({version}). The object might have been modified"
            )
            raise errors.conflict(kind, name, text)

    def _delete_once(
        self, resource: ServedResource, current: Record, options: DeleteOptions, write: WriteOptions
    ) -> Deleted:
        context = self._registry.context("delete", resource, current.namespace, current.name, write)
        obj = copy_object(current.object)
        if resource.strategy.begin_deletion(context, obj):
            return Deleted(self._write(resource, current, obj, write), False)
        metadata = obj["metadata"]
        grace = options.grace_period_seconds
        if grace is not None and grace < 0:
            grace = 1
        asked = resource.strategy.check_graceful_delete(context, obj, grace)
        if asked is not None and not self._mark_gracefully(metadata, grace, asked):
            return Deleted(current, False)
        self._set_finalizers(metadata, options, resource.strategy.default_propagation_policy)
        if asked is None or not metadata.get("deletionGracePeriodSeconds"):
            self._mark(metadata)
        if may_be_removed(resource.strategy, obj, obj):
            return self._remove(resource, current, obj, write)
        return Deleted(self._write(resource, current, obj, write), False)

    def _write(self, resource: ServedResource, current: Record, obj: Object, write: WriteOptions) -> Record:
        if obj == current.object:
            return current
        if write.dry_run:
            return Record(current.resource, current.namespace, current.name, current.revision, obj)
        store = self._registry.store
        return store.commit(resource.key, current.namespace, current.name, obj, expected=current.revision)

    def _remove(self, resource: ServedResource, current: Record, obj: Object, write: WriteOptions) -> Deleted:
        shown = obj if resource.kind.graceful else current.object
        if not write.dry_run:
            self._registry.store.commit(resource.key, current.namespace, current.name, None, expected=current.revision)
        return Deleted(Record(current.resource, current.namespace, current.name, current.revision, shown), True)

    def _mark_gracefully(self, metadata: Object, wanted: int | None, grace: int) -> bool:
        """Set the moment until which the deletion may take; False when it is under way and is not shortened."""
        now = self._registry.clock.now()
        if "deletionTimestamp" not in metadata:
            metadata["deletionTimestamp"] = format_time(now + grace)
            metadata["deletionGracePeriodSeconds"] = grace
            if metadata.get("generation"):
                metadata["generation"] += 1
            return True
        running = metadata.get("deletionGracePeriodSeconds")
        if not running:
            return True
        if wanted is None or wanted >= running:
            return False
        moment = parse_time(metadata["deletionTimestamp"]) - running + wanted
        if moment < now:
            moment, wanted = now, min(wanted, 1)
        metadata["deletionTimestamp"] = format_time(moment)
        metadata["deletionGracePeriodSeconds"] = wanted
        return True

    def _mark(self, metadata: Object) -> None:
        """Deleted from now on, held by finalizers only."""
        now = self._registry.clock.now()
        marked = metadata.get("deletionTimestamp")
        if marked is None and metadata.get("generation"):
            metadata["generation"] += 1
        if marked is None or parse_time(marked) > now:
            metadata["deletionTimestamp"] = format_time(now)
        metadata["deletionGracePeriodSeconds"] = 0

    def _set_finalizers(self, metadata: Object, options: DeleteOptions, default: str | None) -> None:
        """The finalizers by which the garbage collector orphans dependents, or deletes them first."""
        finalizers = metadata.get("finalizers", [])
        policy = options.propagation_policy
        if policy is None and options.orphan_dependents is not None:
            policy = "Orphan" if options.orphan_dependents else "Background"
        if policy is None and not {FINALIZER_ORPHAN, FINALIZER_FOREGROUND} & set(finalizers):
            policy = default
        if policy is None:
            return
        kept = [name for name in finalizers if name not in (FINALIZER_ORPHAN, FINALIZER_FOREGROUND)]
        if policy == "Orphan":
            kept.append(FINALIZER_ORPHAN)
        elif policy == "Foreground":
            kept.append(FINALIZER_FOREGROUND)
        if kept:
            metadata["finalizers"] = kept
        else:
            metadata.pop("finalizers", None)
