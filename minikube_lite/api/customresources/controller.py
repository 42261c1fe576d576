"""What follows definitions: it accepts their names, establishes and serves them, and empties those that are deleted.

Upstream: the naming, establishing and finalizing controllers and the handler of apiextensions-apiserver.
"""

from __future__ import annotations

from minikube_lite.api.customresources.definitions import served_resources
from minikube_lite.api.customresources.naming import accept_names
from minikube_lite.api.kinds.apiextensions.customresourcedefinition import CLEANUP_FINALIZER, set_condition
from minikube_lite.api.kinds.apiextensions.definition_validation import is_true
from minikube_lite.api.registry import Registry
from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, is_conflict, is_not_found
from minikube_lite.machinery.meta import copy_object, is_deleting
from minikube_lite.machinery.resources import CUSTOM_RESOURCE_DEFINITIONS, GroupVersionResource
from minikube_lite.store import Object

INSTANCES_LOOK_SECONDS = 5.0
"""How long is waited for objects that do not go at once (upstream's poll interval)."""
METADATA_TYPE = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


class CustomResourceController(Controller):
    """One key is one definition."""

    name = "customresourcedefinition-controller"
    manager = "kube-apiserver"

    def __init__(self, context: ControllerContext, registry: Registry) -> None:
        super().__init__(context)
        self._scheme = registry.scheme
        self._store = registry.store
        self._metadata = registry.scheme.schemas.type_named(METADATA_TYPE)
        self._definitions = self.informer(CUSTOM_RESOURCE_DEFINITIONS, self.enqueue_changed)

    async def sync(self, key: str) -> None:
        definition = self._definitions.get("", key)
        if definition is None:
            self._serve(key, None)
            self._look_at_others(key)
            return
        try:
            if await self._accept(key, definition):
                return
            if is_true(definition, "NamesAccepted") or is_true(definition, "Established"):
                self._serve(key, definition)  # before it is said to be established: who reads that may go on
            if is_deleting(definition):
                await self._finalize(key, definition)
            else:
                await self._establish(definition)
        except ApiError as error:
            if not is_conflict(error) and not is_not_found(error):
                raise  # else it changed, or went, and comes again

    async def _accept(self, key: str, definition: Object) -> bool:
        """Write which names it gets; True if that is new, and comes back as a change."""
        new = copy_object(definition)
        if is_deleting(definition) or not accept_names(new, list(self._definitions), self.clock.timestamp()):
            return False
        await self._write_status(new)
        self._look_at_others(key)
        return True

    async def _establish(self, definition: Object) -> None:
        if is_true(definition, "NamesAccepted") and not is_true(definition, "Established"):
            new, text = copy_object(definition), "the initial names have been accepted"
            set_condition(new, "Established", "True", "InitialNamesAccepted", text, self.clock.timestamp())
            await self._write_status(new)

    def _serve(self, key: str, definition: Object | None) -> None:
        resources = [] if definition is None else served_resources(definition, self._metadata)
        if self._scheme.serve(key, resources):
            self._store.end_watches(key)
            self.context.informers.everything.refresh()

    def _look_at_others(self, key: str) -> None:
        """A name may have become free."""
        for other in self._definitions:
            if other["metadata"]["name"] != key:
                self.queue.add(other["metadata"]["name"])

    async def _finalize(self, key: str, definition: Object) -> None:
        """Delete what was made of the definition, then let it go."""
        if CLEANUP_FINALIZER not in (definition["metadata"].get("finalizers") or ()):
            return
        now = self.clock.timestamp()
        new = copy_object(definition)
        if is_true(definition, "Established"):
            text = "CustomResource deletion is in progress"
            set_condition(new, "Terminating", "True", "InstanceDeletionInProgress", text, now)
            if new != definition:
                new = copy_object(await self._write_status(new))
            await self._delete_instances(key, definition)
            if self._store.count(key):
                self.queue.add_after(key, INSTANCES_LOOK_SECONDS)
                return
            reason, text = "InstanceDeletionCompleted", "removed all instances"
        else:
            reason, text = "NeverEstablished", "resource was never established"
        set_condition(new, "Terminating", "False", reason, text, now)
        metadata = new["metadata"]
        metadata["finalizers"] = [name for name in metadata["finalizers"] if name != CLEANUP_FINALIZER]
        self._serve(key, None)
        await self._write_status(new)

    async def _delete_instances(self, key: str, definition: Object) -> None:
        resource = next((each for each in self._scheme if each.key == key), None)
        if resource is None:
            return
        gvr: GroupVersionResource = resource.gvr
        items = (await self.client.list_objects(gvr)).items
        for namespace in sorted({item["metadata"].get("namespace", "") for item in items}):
            await self.client.delete_collection(gvr, namespace)

    async def _write_status(self, definition: Object) -> Object:
        return await self.client.update(CUSTOM_RESOURCE_DEFINITIONS, "", definition, subresource="status")
