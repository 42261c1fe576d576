"""The one road of a write: default → own fields → admit → prepare → validate → commit; upstream: registry/generic/registry/store.go.

Whoever writes, over HTTP or in process, goes through here, and every kind's particulars are its strategy's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from minikube_lite.api.admission import Attributes, Chain, Operation
from minikube_lite.api.customresources.converting import Converting
from minikube_lite.api.list_options import is_revision
from minikube_lite.api.ownership import Ownership
from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.clock import Clock
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import RequestContext, Strategy, User
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.metadata import validate_object_meta, validate_object_meta_update
from minikube_lite.machinery.names import name_is_dns_subdomain
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.store import Object, Record, RevisionMismatch, Store

GENERATE_NAME_TRIES_MAX = 8
"""How often a taken generated name is drawn anew (upstream's maxNameGenerationCreateAttempts)."""
GENERATED_NAME_LENGTH_MAX = 63 - 5
RESERVATION_MANAGER = "kube-apiserver"
"""Who owns the fields of what is reserved for other people's writes."""
UPDATE_TRIES_MAX = 64
"""How often a change is made again on what somebody else wrote in between."""

METADATA = Path("metadata")
WIPED_METADATA = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")
"""What a client cannot say of a new object."""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """Who writes, and how. `manager` is the field manager."""

    user: User
    manager: str
    dry_run: bool = False
    subresource: str = ""
    operation: Literal["Update", "Apply"] = "Update"
    warnings: list[str] = field(default_factory=list)


class RegistryReader:
    """The cluster's objects as they are now, for hooks and admission."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> Object | None:
        """The object, or None."""
        record = self._store.get(resource.key, namespace, name)
        return record.object if record else None

    def list_objects(self, resource: GroupVersionResource, namespace: str = "") -> Sequence[Object]:
        """The objects of a namespace, or of all."""
        return [record.object for record in self._store.scan(resource.key, namespace)]


class Registry:
    """Creates and updates objects of every kind."""

    def __init__(self, store: Store, scheme: Scheme, clock: Clock, admission: Chain, options: Any) -> None:
        self.store = store
        self.scheme = scheme
        self.clock = clock
        self.admission = admission
        self.options = options
        self.reader = RegistryReader(store)
        self.ownership = Ownership(scheme, clock)
        self.converting = Converting(clock)

    def context(
        self, verb: str, resource: ServedResource, namespace: str, name: str, options: WriteOptions
    ) -> RequestContext:
        """What the hooks of one write are told."""
        return RequestContext(
            self.clock,
            self.reader,
            self.options,
            options.user,
            verb,
            namespace,
            name,
            options.subresource,
            options.dry_run,
            options.warnings,
            resource.api_version,
        )

    async def admit(
        self,
        operation: Operation,
        resource: ServedResource,
        context: RequestContext,
        new: Object | None,
        old: Object | None,
    ) -> Attributes:
        """Run the changing half of admission; returns what the checking half needs."""
        attributes = Attributes(operation, resource.gvr, resource.info.kind, context, new, old)
        await self.admission.admit(attributes)
        return attributes

    # Create

    async def create(self, resource: ServedResource, namespace: str, obj: Object, options: WriteOptions) -> Record:
        """Create an object, given as hooks see it. Keeps `obj`. e.g. POST /api/v1/namespaces/default/configmaps"""
        metadata = self.claim_metadata(resource, namespace, obj)
        for part in WIPED_METADATA:
            metadata.pop(part, None)
        if metadata.get("resourceVersion"):
            raise errors.unknown("resourceVersion should not be set on objects to be created")
        resource.strategy.default(obj)
        context = self.context("create", resource, namespace, metadata.get("name", ""), options)
        drop_repeated_owners(obj, options.warnings)
        if options.operation == "Update":
            self.ownership.created(resource, obj, options.manager, options.subresource)
        attributes = await self.admit("CREATE", resource, context, obj, None)
        metadata["uid"] = self.clock.uid()
        metadata["creationTimestamp"] = self.clock.timestamp()
        if metadata.get("generateName") and not metadata.get("name"):
            return await self._create_generated(resource, namespace, obj, context, attributes, options)
        return await self._finish_create(resource, namespace, obj, context, attributes, options)

    async def _create_generated(
        self,
        resource: ServedResource,
        namespace: str,
        obj: Object,
        context: RequestContext,
        attributes: Attributes,
        options: WriteOptions,
    ) -> Record:
        base = obj["metadata"]["generateName"][:GENERATED_NAME_LENGTH_MAX]
        for attempt in range(GENERATE_NAME_TRIES_MAX):
            candidate = copy_object(obj)
            candidate["metadata"]["name"] = base + self.clock.suffix()
            try:
                return await self._finish_create(
                    resource, namespace, candidate, context, replace(attributes, new=candidate), options
                )
            except errors.ApiError as error:
                if not errors.is_already_exists(error) or attempt == GENERATE_NAME_TRIES_MAX - 1:
                    raise
        raise AssertionError("unreachable")

    async def _finish_create(
        self,
        resource: ServedResource,
        namespace: str,
        obj: Object,
        context: RequestContext,
        attributes: Attributes,
        options: WriteOptions,
    ) -> Record:
        strategy, metadata = resource.strategy, obj["metadata"]
        if strategy.manages_generation:
            metadata["generation"] = 1
        strategy.prepare_for_create(context, obj)
        name = metadata.get("name", "")
        check = resource.kind.name_check or name_is_dns_subdomain
        faults = [
            *validate_object_meta(
                metadata, resource.info.namespaced, check, METADATA, kube_finalizers=strategy.checks_finalizers
            ),
            *strategy.validate(context, obj),
        ]
        self._raise_faults(resource, obj, faults)
        await self.admission.validate(attributes)
        options.warnings.extend(strategy.warnings_on_create(context, obj))
        if not resource.kind.emulated:
            options.warnings.append(not_emulated_text(resource))
        stored = await self.converting.to_store(resource, obj)
        existing = self.store.get(resource.key, namespace, name)
        if existing is not None:
            raise errors.already_exists(
                resource.gvr, name, being_deleted="deletionTimestamp" in existing.object["metadata"]
            )
        strategy.allocate(context, obj, None)
        if options.dry_run:
            record = Record(resource.key, namespace, name, 0, stored)
        else:
            self._reserve(attributes)
            record = self.store.commit(resource.key, namespace, name, stored, expected=0)
        await self.converting.prepare(resource, [record])
        return record

    def claim_metadata(self, resource: ServedResource, namespace: str, obj: Object) -> Object:
        """The object's metadata, with the request's namespace; 400 where it names another one."""
        metadata: Object = obj.setdefault("metadata", {})
        if resource.info.namespaced:
            if metadata.setdefault("namespace", namespace) != namespace:
                raise errors.bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request"
                )
        else:
            metadata.pop("namespace", None)
        return metadata

    # Update

    async def update(
        self,
        resource: ServedResource,
        namespace: str,
        name: str,
        transform: Callable[[Object | None], Object],
        options: WriteOptions,
        *,
        strategy: Strategy | None = None,
        create_missing: bool = False,
    ) -> tuple[Record, bool]:
        """Change an object: `transform` makes the new one from the old one, again if somebody writes in between.

        Both are as hooks see them.
        `strategy` is a subresource's, else the kind's. Returns the record and whether it was created.
        """
        strategy = strategy or resource.strategy
        for _ in range(UPDATE_TRIES_MAX):
            current = self.store.get(resource.key, namespace, name)
            if current is None:
                if not (create_missing or strategy.allow_create_on_update):
                    raise errors.not_found(resource.gvr, name)
                return await self.create(resource, namespace, transform(None), options), True
            try:
                await self.converting.prepare(resource, [current])
                new = transform(resource.current(current))
                return await self._update_once(resource, current, new, options, strategy), False
            except RevisionMismatch:
                continue
        raise errors.conflict(resource.gvr, name, errors.MODIFIED_MESSAGE)

    async def _update_once(
        self, resource: ServedResource, current: Record, new: Object, options: WriteOptions, strategy: Strategy
    ) -> Record:
        old, name, namespace = resource.current(current), current.name, current.namespace
        metadata = self.claim_metadata(resource, namespace, new)
        self._check_version(resource, strategy, current, metadata)
        context = self.context("update", resource, namespace, name, options)
        strategy.default(new)
        drop_repeated_owners(new, options.warnings)
        if options.operation == "Update":
            self.ownership.updated(resource, old, new, options.manager, options.subresource, strategy)
        attributes = await self.admit("UPDATE", resource, context, new, old)
        _keep_system_metadata(metadata, old["metadata"])
        strategy.prepare_for_update(context, new, old)
        self._count_generation(strategy, new, old)
        self.ownership.settle_times(new, old)
        if new == old:
            return current
        faults = [
            *_metadata_faults(metadata, old["metadata"], resource.strategy.checks_finalizers),
            *strategy.validate_update(context, new, old),
        ]
        self._raise_faults(resource, new, faults)
        await self.admission.validate(attributes)
        options.warnings.extend(strategy.warnings_on_update(context, new, old))
        stored = await self.converting.to_store(resource, new)
        record = self._commit_update(resource, strategy, attributes, current, new, stored)
        await self.converting.prepare(resource, [record])
        return record

    def _commit_update(
        self,
        resource: ServedResource,
        strategy: Strategy,
        attributes: Attributes,
        current: Record,
        new: Object,
        stored: Object,
    ) -> Record:
        """Write a changed object, or remove it when this was the last that held its deletion up."""
        namespace, name = current.namespace, current.name
        live = self.store.get(resource.key, namespace, name)
        if live is not current:
            raise RevisionMismatch(current.revision, live.revision if live else 0)
        strategy.allocate(attributes.context, new, current.object)
        if attributes.context.dry_run:
            return Record(resource.key, namespace, name, current.revision, stored)
        self._reserve(attributes)
        if may_be_removed(resource.strategy, new, current.object):
            record = self.store.commit(resource.key, namespace, name, None, expected=current.revision)
            return Record(
                resource.key,
                namespace,
                name,
                record.revision,
                {**stored, "metadata": {**stored["metadata"], "resourceVersion": str(record.revision)}},
            )
        return self.store.commit(resource.key, namespace, name, stored, expected=current.revision)

    def _reserve(self, attributes: Attributes) -> None:
        """Store what admission takes for a write, which nothing can hinder any more."""
        for reservation in self.admission.reserve(attributes):
            resource, new = self.scheme.find(reservation.resource), reservation.new
            assert resource is not None
            metadata = new["metadata"]
            strategy = resource.status_strategy
            self.ownership.updated(resource, reservation.old, new, RESERVATION_MANAGER, "status", strategy)
            expected = int(metadata["resourceVersion"])
            self.store.commit(resource.key, metadata.get("namespace", ""), metadata["name"], new, expected=expected)

    def _check_version(self, resource: ServedResource, strategy: Strategy, current: Record, metadata: Object) -> None:
        """Optimistic concurrency: the writer's version, if told, must be the one that stands there."""
        version = metadata.get("resourceVersion", "")
        if version and not is_revision(version):
            raise errors.unknown(f'strconv.ParseUint: parsing "{version}": invalid syntax')
        if not version or version == "0":
            if not strategy.allow_unconditional_update:
                fault = invalid(METADATA.child("resourceVersion"), 0, "must be specified for an update")
                raise errors.invalid(resource.info.group, resource.info.name, current.name, [fault])
        elif int(version) != current.revision:
            raise errors.conflict(resource.gvr, current.name, errors.MODIFIED_MESSAGE)
        metadata["resourceVersion"] = str(current.revision)

    def _count_generation(self, strategy: Strategy, new: Object, old: Object) -> None:
        if strategy.manages_generation:
            generation = old["metadata"].get("generation", 0)
            if strategy.generation_changes(new, old):
                generation += 1
            if generation:
                new["metadata"]["generation"] = generation

    def _raise_faults(self, resource: ServedResource, obj: Object, faults: list[FieldError]) -> None:
        if faults:
            # Only an object of the wrong kind, which a custom resource finds out here, tells its kind.
            kind, name = obj.get("kind", resource.info.kind), obj["metadata"].get("name", "")
            raise errors.invalid(resource.kind.group, kind, name, faults)


def may_be_removed(strategy: Strategy, new: Object, old: Object) -> bool:
    """Whether the deletion that `old` was marked with has nothing left that holds it up in `new`."""
    marked = old["metadata"]
    return (
        "deletionTimestamp" in marked
        and not marked.get("deletionGracePeriodSeconds")
        and not new["metadata"].get("finalizers")
        and not strategy.holds_deletion(new)
    )


def _metadata_faults(new: Object, old: Object, kube_finalizers: bool) -> list[FieldError]:
    """What is wrong with the metadata of an update: all of it twice, as upstream's generic part and its kinds both look."""
    faults = list(validate_object_meta_update(new, old, METADATA, kube_finalizers=False))
    if faults or (kube_finalizers and new.get("finalizers")):
        faults += validate_object_meta_update(new, old, METADATA, kube_finalizers=kube_finalizers)
    return faults


def _keep_system_metadata(metadata: Object, old: Object) -> None:
    """What a writer may leave out stays; when it was made, and its generation, are not the writer's to say."""
    for part in ("uid", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if part in old:
            metadata.setdefault(part, old[part])
    for part in ("creationTimestamp", "generation"):
        if part in old:
            metadata[part] = old[part]
        else:
            metadata.pop(part, None)


def drop_repeated_owners(obj: Object, warnings: list[str]) -> None:
    """Drop owner references that stand there twice, and warn; upstream: handlers/create.go dedupOwnerReferences."""
    references = obj["metadata"].get("ownerReferences")
    if not references or len(references) < 2:
        return
    kept: list[Object] = []
    for reference in references:
        if reference in kept:
            warnings.append(
                ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such "
                f"requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {reference.get('uid', '')}"
            )
        else:
            kept.append(reference)
    obj["metadata"]["ownerReferences"] = kept


def not_emulated_text(resource: ServedResource) -> str:
    """The warning of a kind on which nothing acts."""
    return f"{resource.gvr.key} are stored but nothing acts on them: their controller is not emulated"
