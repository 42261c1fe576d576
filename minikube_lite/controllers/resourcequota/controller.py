"""resourcequota-controller: counts what quotas limit, when they change and when something goes; upstream: resource_quota_controller.go.

What comes is counted by admission as it comes; this controller corrects what has gone, and counts all again from time to time.
"""

from __future__ import annotations

from minikube_lite.controllers.resourcequota.usage import usage_of
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.everything import followable
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.quota.amounts import add, mask, parse, written
from minikube_lite.machinery.quota.evaluators import evaluator_for
from minikube_lite.machinery.quota.scopes import scopes_of
from minikube_lite.machinery.resources import RESOURCE_QUOTAS, GroupVersionResource
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

RESYNC_SECONDS = 300.0
"""How often everything is counted again; upstream's --resource-quota-sync-period."""


class ResourceQuotaController(Controller):
    """Keys are quotas."""

    name = "resourcequota-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._quotas = self.informer(RESOURCE_QUOTAS, self._quota_changed)
        context.informers.everything.add_handler(self._changed)
        context.informers.everything.add_listener(self._resources_changed)

    def _quota_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and (old is None or _limits(old) != _limits(new)):
            self.queue.add(object_key(new))

    def _resources_changed(self) -> None:
        """What could not be counted before may be served now."""
        for quota in self._quotas:
            self.queue.add(object_key(quota))

    def _changed(self, resource: GroupVersionResource, old: Object | None, new: Object | None) -> None:
        """Something goes, or uses less: what is counted by the quotas there is counted again."""
        namespace = (old or {}).get("metadata", {}).get("namespace")
        quotas = self._quotas.list_objects(namespace) if namespace else ()
        evaluator = evaluator_for(resource.key) if quotas else None
        if evaluator is None or old is None or (new is not None and not evaluator.frees(old, new, self.clock.now())):
            return
        for quota in quotas:
            if evaluator.matching((quota.get("status") or {}).get("hard") or ()):
                self.queue.add(object_key(quota))

    async def sync(self, key: str) -> None:
        namespace, name = split_key(key)
        try:
            quota = await self.client.get(RESOURCE_QUOTAS, namespace, name)
        except ApiError as error:
            if not is_not_found(error):
                raise
            return
        self.queue.add_after(key, RESYNC_SECONDS)
        limits, status = _limits(quota), quota.get("status") or {}
        before = parse(status.get("used"))
        used = mask({**before, **await self._count(quota, limits)}, limits)
        if status.get("hard") is not None and parse(status["hard"]) == limits and before == used:
            return
        fresh = copy_object(quota)
        fresh["status"] = {"hard": written(limits), "used": written(used)}
        await self.client.update(RESOURCE_QUOTAS, namespace, fresh, subresource="status")

    async def _count(self, quota: Object, limits: dict[str, Quantity]) -> dict[str, Quantity]:
        """What is used of everything that the quota limits and that is served."""
        namespace, scopes = quota["metadata"]["namespace"], scopes_of(quota)
        total: dict[str, Quantity] = {}
        countable = (info for info in self.client.resources() if info.namespaced and "create" in info.verbs)
        for key, resource in followable(countable).items():
            evaluator = evaluator_for(key)
            names = evaluator.matching(limits) if evaluator is not None else ()
            if evaluator is not None and names:
                items = (await self.client.list_objects(resource, namespace)).items
                total = add(total, usage_of(evaluator, names, scopes, items, self.clock.now()))
        return total


def _limits(quota: Object) -> dict[str, Quantity]:
    return parse(quota.get("spec", {}).get("hard"))
