"""The in-process client: the verbs of the API without bytes, for controllers, kubelets, DNS and Python users."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from minikube_lite.api.applying import APPLY_PATCH, AppliedConfiguration
from minikube_lite.api.authorization import Attributes, Authorizer
from minikube_lite.api.bodies import read_typed
from minikube_lite.api.deletion import DeleteOptions
from minikube_lite.api.list_options import ListOptions, parse_fields, parse_labels
from minikube_lite.api.registry import WriteOptions
from minikube_lite.api.scheme import ServedResource
from minikube_lite.api.verbs import STATUS_SUCCESS, Verbs
from minikube_lite.machinery import errors
from minikube_lite.machinery.client import ObjectList, PatchType
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import NAMESPACES, GroupVersionResource
from minikube_lite.schema.decode import DecodeError
from minikube_lite.schema.model import Schema
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Cursor, Object


class LocalClient:
    """Acts as one user and field manager; implements the Client protocol.

    `authorizer` is asked about everything; without one everything is allowed, as to the parts of the cluster itself.
    """

    def __init__(self, verbs: Verbs, user: User, manager: str, authorizer: Authorizer | None = None) -> None:
        self._verbs = verbs
        self._authorizer = authorizer
        self._user = user
        self._manager = manager

    def _resource(
        self, resource: GroupVersionResource, verb: str, namespace: str, name: str = "", subresource: str = ""
    ) -> ServedResource:
        """What is served under that name. Raises 403 where the user may not do that, 404 where there is no such resource."""
        if self._authorizer is not None:
            place = name if resource.resource == NAMESPACES.resource else namespace
            self._authorizer.check(
                Attributes(self._user, verb, place, resource.group, resource.resource, subresource, name)
            )
        found = self._verbs.scheme.find(resource)
        if found is None:
            raise errors.page_not_found()
        return found

    def _options(self, subresource: str = "", dry_run: bool = False) -> WriteOptions:
        return WriteOptions(self._user, self._manager, dry_run, subresource)

    async def get(self, resource: GroupVersionResource, namespace: str, name: str, *, subresource: str = "") -> Object:
        """The object as it is now."""
        served = self._resource(resource, "get", namespace, name, subresource)
        if subresource:
            return self._verbs.get_subresource(served, namespace, name, subresource).object
        await self._verbs.prepare(served, namespace, name)
        return served.form(self._verbs.reading.get(served, namespace, name)).object

    async def list_objects(
        self, resource: GroupVersionResource, namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ObjectList:
        """The objects of a namespace, or of all."""
        options = ListOptions(parse_labels(label_selector), parse_fields(field_selector))
        served = self._resource(resource, "list", namespace)
        await self._verbs.prepare(served, namespace)
        page = self._verbs.reading.list_page(served, namespace, options)
        return ObjectList([served.form(record).object for record in page.records], page.revision)

    async def create(
        self,
        resource: GroupVersionResource,
        namespace: str,
        obj: Object,
        *,
        name: str = "",
        subresource: str = "",
        dry_run: bool = False,
    ) -> Object:
        """Create an object. Its parts may be kept."""
        served = self._resource(resource, "create", namespace, name, subresource)
        options = self._options(subresource, dry_run)
        with self._verbs.working("create"):
            if subresource:
                sent = _typed(obj, self._verbs.subresources.action(served, subresource).schema)
                answered = await self._verbs.create_subresource(served, namespace, name, subresource, sent, options)
                return STATUS_SUCCESS if answered is None else answered
            return (await self._verbs.create(served, namespace, _typed(obj, served.schema), options)).object

    async def update(
        self, resource: GroupVersionResource, namespace: str, obj: Object, *, subresource: str = ""
    ) -> Object:
        """Replace an object. Its parts may be kept."""
        name = obj["metadata"]["name"]
        served = self._resource(resource, "update", namespace, name, subresource)
        obj = _typed(obj, self._verbs.subresources.view(served, subresource).shown_as(served).schema)
        with self._verbs.working("update"):
            shown, _ = await self._verbs.replace(served, namespace, name, obj, self._options(subresource))
        return shown.object

    async def patch(
        self,
        resource: GroupVersionResource,
        namespace: str,
        name: str,
        patch: Any,
        *,
        patch_type: PatchType = "application/merge-patch+json",
        subresource: str = "",
    ) -> Object:
        """Change an object by a patch, given as decoded JSON."""
        served = self._resource(resource, "patch", namespace, name, subresource)
        with self._verbs.working("patch"):
            if patch_type == APPLY_PATCH:
                applied = replace(self._options(subresource), operation="Apply")
                configuration = AppliedConfiguration(patch, [])
                shown, _ = await self._verbs.apply(
                    served, namespace, name, configuration, applied, "Ignore", force=True
                )
                return shown.object
            shown, _ = await self._verbs.patch(
                served, namespace, name, patch, patch_type, self._options(subresource), "Ignore"
            )
        return shown.object

    async def delete(
        self, resource: GroupVersionResource, namespace: str, name: str, options: dict[str, Any] | None = None
    ) -> Object:
        """Delete an object; returns it as it was last."""
        served = self._resource(resource, "delete", namespace, name)
        with self._verbs.working("delete"):
            deleted = await self._verbs.deletion.delete(
                served, namespace, name, DeleteOptions.of(options or {}), self._options()
            )
        await self._verbs.registry.converting.prepare(served, [deleted.record])
        return served.form(deleted.record).object

    async def delete_collection(
        self,
        resource: GroupVersionResource,
        namespace: str,
        *,
        label_selector: str = "",
        options: dict[str, Any] | None = None,
    ) -> None:
        """Delete all objects of a namespace that match."""
        served = self._resource(resource, "deletecollection", namespace)
        chosen = ListOptions(parse_labels(label_selector), parse_fields(""))
        with self._verbs.working("delete"):
            await self._verbs.delete_collection(
                served, namespace, chosen, DeleteOptions.of(options or {}), self._options()
            )

    def resources(self) -> Iterable[ResourceInfo]:
        """What is served now."""
        return (resource.info for resource in self._verbs.scheme)

    def watch(self, resource: GroupVersionResource, namespace: str = "", name: str = "", *, after: int) -> Cursor:
        """The changes after a revision, in the version in which objects are stored; Compacted when they are gone."""
        served = self._resource(resource, "watch", namespace, name)
        return self._verbs.registry.store.watch(served.key, namespace, name, after=after)


def _typed(obj: Object, schema: Schema) -> Object:
    """The object as a body of it would be read: types checked, unknown fields dropped; 400 where it does not fit."""
    try:
        return read_typed(obj, schema)[0]
    except DecodeError as error:
        raise errors.bad_request(str(error)) from None
