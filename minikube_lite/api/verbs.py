"""The verbs of the API on decoded objects: what HTTP and the in-process client have in common; upstream: endpoints/handlers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from minikube_lite.api.access import Access
from minikube_lite.api.applying import AppliedConfiguration, Applying
from minikube_lite.api.bodies import Bodies, FieldValidation
from minikube_lite.api.deletion import DeleteOptions, Deletion
from minikube_lite.api.list_options import ListOptions
from minikube_lite.api.patching import apply_patch, check_patch_type, unreadable
from minikube_lite.api.reading import Page, Reading
from minikube_lite.api.registry import Registry, WriteOptions
from minikube_lite.api.reviews import Reviews
from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.api.subresources import Subresources
from minikube_lite.api.subresources.base import View
from minikube_lite.machinery import errors
from minikube_lite.machinery.meta import copy_object
from minikube_lite.schema.decode import DecodeError
from minikube_lite.store import Object, Record

DELETIONS_AT_ONCE_MAX = 64
"""After so many deletions of a collection everybody else has a turn."""
STATUS_SUCCESS: Object = {"metadata": {}, "status": "Success"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A record, and the kind and version in which it is shown."""

    resource: ServedResource
    record: Record

    @property
    def object(self) -> Object:
        """The object as it is shown."""
        return self.resource.form(self.record).object


class Verbs:
    """Get, list, create, replace, patch and delete, on objects and their subresources."""

    def __init__(self, registry: Registry, access: Access) -> None:
        self.registry = registry
        self.scheme: Scheme = registry.scheme
        self.reading = Reading(registry.store)
        self.deletion = Deletion(registry)
        self.subresources = Subresources(registry, access.tokens)
        self.reviews = Reviews(registry, access.authorizer, access.authentication)
        self.bodies = Bodies(registry.scheme)
        self.applying = Applying(registry)

    def working(self, verb: str) -> AbstractContextManager[None]:
        """The block is a request that `settle()` waits for."""
        return self.registry.clock.ledger.work(f"request {verb}")

    async def prepare(self, resource: ServedResource, namespace: str, name: str = "") -> None:
        """Have what is going to be read converted, where a webhook does that."""
        if resource.custom is None or resource.custom.webhook is None:
            return
        store = self.registry.store
        found = [store.get(resource.key, namespace, name)] if name else store.scan(resource.key, namespace)
        await self.registry.converting.prepare(resource, [record for record in found if record is not None])

    def get_subresource(
        self, resource: ServedResource, namespace: str, name: str, subresource: str, version: str = ""
    ) -> Shown:
        """One object in the form of a view."""
        view = self.subresources.view(resource, subresource)
        return self._shown(view, resource, self.reading.get(resource, namespace, name, version))

    async def create(self, resource: ServedResource, namespace: str, sent: Object, options: WriteOptions) -> Shown:
        """Create an object, or answer one that is not stored. Keeps what is sent."""
        if "get" not in resource.info.verbs:
            return Shown(resource, await self.reviews.create(resource, namespace, sent, options))
        view = self.subresources.view(resource, "")
        obj = view.merge(resource, sent, None)
        return Shown(resource, await self.registry.create(resource, namespace, obj, options))

    async def create_subresource(
        self, resource: ServedResource, namespace: str, name: str, subresource: str, sent: Object, options: WriteOptions
    ) -> Object | None:
        """Do what creating a subresource does; returns the answer, None for a Status Success."""
        return await self.subresources.action(resource, subresource).perform(resource, namespace, name, sent, options)

    async def replace(
        self, resource: ServedResource, namespace: str, name: str, sent: Object, options: WriteOptions
    ) -> tuple[Shown, bool]:
        """Put an object, or a view of it, in place of what is there; says whether it was created."""
        view = self.subresources.view(resource, options.subresource)
        self._check_name(name, sent)
        uid = sent["metadata"].get("uid")
        names_revision = sent["metadata"].get("resourceVersion", "") not in ("", "0")

        def transform(old: Object | None) -> Object:
            if uid and old is not None and old["metadata"]["uid"] != uid:
                raise self._uid_conflict(resource, namespace, name, uid, old["metadata"]["uid"])
            if old is None and (uid or sent["metadata"].get("resourceVersion")):
                raise (
                    self._uid_conflict(resource, namespace, name, uid, "")
                    if uid
                    else errors.not_found(resource.gvr, name)
                )
            # A write that names its revision is tried once, and may change what was sent.
            return view.merge(resource, sent if names_revision else copy_object(sent), old)

        return await self._write(view, resource, namespace, name, transform, options)

    async def patch(
        self,
        resource: ServedResource,
        namespace: str,
        name: str,
        patch: Any,
        patch_type: str,
        options: WriteOptions,
        validation: FieldValidation,
    ) -> tuple[Shown, bool]:
        """Change an object, or a view of it."""
        check_patch_type(resource, patch_type)
        view = self.subresources.view(resource, options.subresource)
        shown_as = view.shown_as(resource)

        def transform(old: Object | None) -> Object:
            if old is None:
                raise errors.not_found(resource.gvr, name)
            typed = {"kind": shown_as.info.kind, "apiVersion": shown_as.api_version, **view.show(resource, old)}
            patched = apply_patch(shown_as.schema, typed, patch, patch_type)
            new = self._read_patched(shown_as, patched, patch, patch_type, validation, options.warnings)
            self._check_name(name, new)
            return view.merge(resource, new, old)

        return await self._write(view, resource, namespace, name, transform, options)

    async def apply(
        self,
        resource: ServedResource,
        namespace: str,
        name: str,
        configuration: AppliedConfiguration,
        options: WriteOptions,
        validation: FieldValidation,
        *,
        force: bool,
    ) -> tuple[Shown, bool]:
        """Apply a manager's wishes to an object, or to a view of it; makes an object that is not there."""
        view = self.subresources.view(resource, options.subresource)
        shown_as, strategy = view.shown_as(resource), view.strategy(resource, options.subresource)
        owning = strategy if shown_as is resource else shown_as.strategy

        def transform(old: Object | None) -> Object:
            if old is None and options.subresource:
                raise errors.not_found(resource.gvr, name)
            shown = None if old is None else view.show_owned(resource, old)
            new = self.applying.apply(
                shown_as, owning, shown, configuration, options, force=force, validation=validation
            )
            uid = new["metadata"].get("uid")
            if old is None and uid:
                text = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                raise errors.conflict(resource.gvr, name, text)
            self._check_name(name, new)
            return view.merge_owned(resource, new, old)

        record, created = await self.registry.update(
            resource, namespace, name, transform, options, strategy=strategy, create_missing=True
        )
        return self._shown(view, resource, record), created

    async def delete_collection(
        self, resource: ServedResource, namespace: str, chosen: ListOptions, options: DeleteOptions, write: WriteOptions
    ) -> Page:
        """Delete the objects of a list; what another deletes meanwhile does not count as a fault."""
        page = self.reading.list_page(resource, namespace, chosen)
        deleted = []
        for position, record in enumerate(page.records):
            if position % DELETIONS_AT_ONCE_MAX == DELETIONS_AT_ONCE_MAX - 1:
                await self.registry.clock.transport.sleep(0)
            try:
                result = await self.deletion.delete(resource, record.namespace, record.name, options, write)
            except errors.ApiError as error:
                if not errors.is_not_found(error):
                    raise
            else:
                deleted.append(result.record)
        await self.registry.converting.prepare(resource, deleted)
        return Page(deleted, page.revision)

    async def _write(
        self,
        view: View,
        resource: ServedResource,
        namespace: str,
        name: str,
        transform: Callable[[Object | None], Object],
        options: WriteOptions,
    ) -> tuple[Shown, bool]:
        strategy = view.strategy(resource, options.subresource)
        record, created = await self.registry.update(resource, namespace, name, transform, options, strategy=strategy)
        return self._shown(view, resource, record), created

    def _shown(self, view: View, resource: ServedResource, record: Record) -> Shown:
        shown_as = view.shown_as(resource)
        if shown_as is resource:
            return Shown(resource, record)
        obj = view.show(resource, resource.current(record))
        return Shown(shown_as, Record(record.resource, record.namespace, record.name, record.revision, obj))

    def _read_patched(
        self,
        resource: ServedResource,
        patched: Any,
        patch: Any,
        patch_type: str,
        validation: FieldValidation,
        warnings: list[str],
    ) -> Object:
        """The patched object, its types checked; upstream shows it whole in the error."""
        if not isinstance(patched, dict):
            raise unreadable(patched, patch, patch_type, "json: cannot unmarshal into Go value")
        try:
            return self.bodies.read_patched(patched, resource.decodable, validation, warnings)
        except DecodeError as error:
            raise unreadable(patched, patch, patch_type, str(error)) from None

    def _check_name(self, name: str, sent: Object) -> None:
        given = sent.setdefault("metadata", {}).get("name", "")
        if not given:
            raise errors.bad_request(
                f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
            )
        if given != name:
            raise errors.bad_request(f"the name of the object ({given}) does not match the name on the URL ({name})")

    def _uid_conflict(
        self, resource: ServedResource, namespace: str, name: str, wanted: str, found: str
    ) -> errors.ApiError:
        """409 in the words of etcd's client, which upstream does not translate."""
        key = "/".join(part for part in ("/registry", resource.info.name, namespace, name) if part)
        reason = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}"
        text = f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {reason}"
        return errors.conflict(resource.gvr, name, text)
