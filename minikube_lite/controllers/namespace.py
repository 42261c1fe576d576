"""NamespaceController: a deleted namespace goes once all that is in it is gone; upstream: pkg/controller/namespace.

Upstream waits five seconds before it begins, because caches of several API servers may lag; there is one here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from minikube_lite.clock import parse_time
from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, is_conflict, is_not_found
from minikube_lite.machinery.meta import copy_object, find_condition, is_deleting, is_pod_terminal
from minikube_lite.machinery.resources import NAMESPACES, PERSISTENT_VOLUME_CLAIMS, PODS, GroupVersionResource
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Object

KUBERNETES_FINALIZER = "kubernetes"
FINALIZER_ESTIMATE_SECONDS = 15
"""How long finalizers are expected to take."""
CONFLICTS_MAX = 16

OK_CONDITIONS = (
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
)
"""The conditions of a namespace that is being emptied, as they are when nothing is left: type, reason, message."""


@dataclass(slots=True)
class Remaining:
    """What is still in a namespace, and how long it may take to go."""

    counts: dict[GroupVersionResource, int] = field(default_factory=dict)
    finalizers: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    estimate_seconds: int = 0

    def add(self, resource: GroupVersionResource, items: Sequence[Object], estimate_seconds: int) -> None:
        """Note what a resource still has."""
        self.estimate_seconds = max(self.estimate_seconds, estimate_seconds)
        if items:
            self.counts[resource] = len(items)
        for item in items:
            for name in item["metadata"].get("finalizers") or ():
                self.finalizers[name] = self.finalizers.get(name, 0) + 1


class NamespaceController(Controller):
    """Empties namespaces that are being deleted: pods first, then everything else, then its own finalizer."""

    name = "namespace-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._namespaces = self.informer(NAMESPACES, self._namespace_changed)
        self.informer(PODS, self._content_changed)
        self.informer(PERSISTENT_VOLUME_CLAIMS, self._content_changed)

    def _namespace_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and is_deleting(new):
            self.queue.add(new["metadata"]["name"])

    def _content_changed(self, old: Object | None, new: Object | None) -> None:
        """What goes late, because somebody confirms it, asks for the next look; all else is looked at after a while."""
        if new is None and old is not None:
            namespace = self._namespaces.get("", old["metadata"]["namespace"])
            if namespace is not None and is_deleting(namespace):
                self.queue.add(namespace["metadata"]["name"])

    async def sync(self, key: str) -> None:
        try:
            namespace = await self.client.get(NAMESPACES, "", key)
            if not is_deleting(namespace):
                return
            if namespace.get("status", {}).get("phase") != "Terminating":
                namespace = await self._write_status(namespace, {"phase": "Terminating"})
            if not namespace["spec"].get("finalizers"):
                return
            remaining = await self._empty(namespace)
            await self._set_conditions(namespace, remaining)
            if remaining.errors:
                raise RuntimeError("; ".join(remaining.errors))
            if remaining.estimate_seconds:
                self.queue.add_after(key, remaining.estimate_seconds // 2 + 1)
            else:
                await self._finalize(key, namespace["metadata"]["uid"])
        except ApiError as error:
            if not is_not_found(error):
                raise

    # Content

    async def _empty(self, namespace: Object) -> Remaining:
        """Delete what is in the namespace; pods first, and nothing else while there are any."""
        remaining, name = Remaining(), namespace["metadata"]["name"]
        await self._delete_all(namespace, PODS, True, remaining)
        if PODS not in remaining.counts:
            for resource, has_collection in self._deletable():
                if resource != PODS:
                    try:
                        await self._delete_all(namespace, resource, has_collection, remaining)
                    except ApiError as error:
                        remaining.errors.append(f"{resource.key} in {name}: {error.message}")
        return remaining

    async def _delete_all(
        self, namespace: Object, resource: GroupVersionResource, has_collection: bool, remaining: Remaining
    ) -> None:
        name = namespace["metadata"]["name"]
        items = (await self.client.list_objects(resource, name)).items
        if not items:
            return
        estimate = self._estimate(namespace, items) if resource == PODS else 0
        options = {"propagationPolicy": "Background"}
        if has_collection:
            await self.client.delete_collection(resource, name, options=options)
        else:
            for item in items:
                try:
                    await self.client.delete(resource, name, item["metadata"]["name"], options)
                except ApiError as error:
                    if not is_not_found(error):
                        raise
        items = (await self.client.list_objects(resource, name)).items
        if not items:
            return
        held = any(item["metadata"].get("finalizers") for item in items)
        if not estimate and not held:
            kind = f"{resource.group}/{resource.version}, Resource={resource.resource}"
            remaining.errors.append(f"unexpected items still remain in namespace: {name} for gvr: {kind}")
        remaining.add(resource, items, estimate or FINALIZER_ESTIMATE_SECONDS)

    def _estimate(self, namespace: Object, pods: Iterable[Object]) -> int:
        """The longest grace period of pods that have not ended, 0 once it is over."""
        waits = [pod["spec"].get("terminationGracePeriodSeconds") or 0 for pod in pods if not is_pod_terminal(pod)]
        estimate = int(max(waits, default=0))
        return 0 if self.clock.now() - parse_time(namespace["metadata"]["deletionTimestamp"]) >= estimate else estimate

    def _deletable(self) -> list[tuple[GroupVersionResource, bool]]:
        return deletable_resources(self.client.resources())

    # The namespace itself

    async def _set_conditions(self, namespace: Object, remaining: Remaining) -> None:
        known = namespace.get("status", {}).get("conditions") or []
        conditions = conditions_of(remaining, known, self.clock.timestamp())
        if conditions != known:
            await self._write_status(namespace, {"conditions": conditions})

    async def _write_status(self, namespace: Object, change: Object) -> Object:
        name = namespace["metadata"]["name"]
        return await self.client.patch(NAMESPACES, "", name, {"status": change}, subresource="status")

    async def _finalize(self, name: str, uid: str) -> None:
        """Take our finalizer off; with the last one the namespace goes."""
        for _ in range(CONFLICTS_MAX):
            namespace = await self.client.get(NAMESPACES, "", name)
            if namespace["metadata"]["uid"] != uid:
                return
            new = copy_object(namespace)
            finalizers = namespace["spec"].get("finalizers") or ()
            new["spec"]["finalizers"] = sorted(item for item in finalizers if item != KUBERNETES_FINALIZER)
            try:
                await self.client.update(NAMESPACES, "", new, subresource="finalize")
            except ApiError as error:
                if not is_conflict(error):
                    raise
            else:
                return


def deletable_resources(infos: Iterable[ResourceInfo]) -> list[tuple[GroupVersionResource, bool]]:
    """The namespaced resources that can be deleted, each in one version, and whether all at once."""
    found: dict[str, tuple[GroupVersionResource, bool]] = {}
    for info in infos:
        resource = GroupVersionResource(info.group, info.version, info.name)
        if info.namespaced and "delete" in info.verbs and "list" in info.verbs:
            if resource.key not in found or info.version == info.preferred_version:
                found[resource.key] = (resource, "deletecollection" in info.verbs)
    return list(found.values())


def conditions_of(remaining: Remaining, known: Sequence[Object], now: str) -> list[Object]:
    """The conditions of a namespace that holds that much."""
    troubles = {
        "NamespaceDeletionContentFailure": _failure(remaining.errors),
        "NamespaceContentRemaining": _content(remaining),
        "NamespaceFinalizersRemaining": _finalizers(remaining),
    }
    conditions = []
    for condition_type, ok_reason, ok_message in OK_CONDITIONS:
        trouble = troubles.get(condition_type)
        status, (reason, message) = "True" if trouble else "False", trouble or (ok_reason, ok_message)
        old = find_condition({"status": {"conditions": known}}, condition_type)
        since = old["lastTransitionTime"] if old is not None and old["status"] == status else now
        condition = {"type": condition_type, "status": status, "lastTransitionTime": since, "reason": reason}
        conditions.append({**condition, "message": message})
    return conditions


def _failure(errors: Sequence[str]) -> tuple[str, str] | None:
    if not errors:
        return None
    text = f"Failed to delete all resource types, {len(errors)} remaining: {', '.join(sorted(errors))}"
    return "ContentDeletionFailed", text


def _content(remaining: Remaining) -> tuple[str, str] | None:
    if PODS in remaining.counts or not remaining.counts:
        # While pods are left, upstream says nothing of what remains.
        return None
    texts = sorted(f"{gvr.resource}.{gvr.group} has {n} resource instances" for gvr, n in remaining.counts.items())
    return "SomeResourcesRemain", f"Some resources are remaining: {', '.join(texts)}"


def _finalizers(remaining: Remaining) -> tuple[str, str] | None:
    if PODS in remaining.counts or not remaining.finalizers:
        return None
    texts = sorted(f"{name} in {n} resource instances" for name, n in remaining.finalizers.items())
    return "SomeFinalizersRemain", f"Some content in the namespace has finalizers remaining: {', '.join(texts)}"
