"""pods/eviction: a deletion that asks the disruption budgets first; upstream: pkg/registry/core/pod/storage/eviction.go."""

from __future__ import annotations

from dataclasses import replace

from minikube_lite.api.deletion import DeleteOptions, Deletion
from minikube_lite.api.registry import Registry, WriteOptions
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery import errors
from minikube_lite.machinery.meta import copy_object, is_pod_ready, is_pod_terminal
from minikube_lite.machinery.resources import POD_DISRUPTION_BUDGETS
from minikube_lite.machinery.selectors import label_selector_as_selector
from minikube_lite.store import Object

REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
RETRY_SECONDS = 10
TWO_BUDGETS = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."


class Eviction:
    """e.g. POST /api/v1/namespaces/default/pods/kubia-0/eviction"""

    group, version, kind = "policy", "v1", "Eviction"

    def __init__(self, registry: Registry) -> None:
        schema = registry.scheme.schemas.type_for(self.group, self.version, self.kind)
        assert schema is not None
        self.schema = schema
        self._registry = registry
        self._deletion = Deletion(registry)

    async def perform(
        self, resource: ServedResource, namespace: str, name: str, sent: Object, options: WriteOptions
    ) -> None:
        """Delete the pod if the budgets allow it."""
        if sent.get("metadata", {}).get("name", name) != name:
            raise errors.bad_request("name in URL does not match name in Eviction object")
        record = self._registry.store.get(resource.key, namespace, name)
        if record is None:
            raise errors.not_found(resource.gvr, name)
        wanted = DeleteOptions.of(sent.get("deleteOptions") or {})
        if (sent.get("deleteOptions") or {}).get("dryRun"):
            options = replace(options, dry_run=True)
        if not self._ignores_budgets(record.object):
            await self._ask_budget(record.object, options)
        await self._deletion.delete(resource, namespace, name, wanted, options)

    def _ignores_budgets(self, pod: Object) -> bool:
        return (
            is_pod_terminal(pod)
            or pod.get("status", {}).get("phase") == "Pending"
            or "deletionTimestamp" in pod["metadata"]
        )

    async def _ask_budget(self, pod: Object, options: WriteOptions) -> None:
        metadata = pod["metadata"]
        budgets = [
            budget
            for budget in self._registry.reader.list_objects(POD_DISRUPTION_BUDGETS, metadata["namespace"])
            if label_selector_as_selector(budget["spec"].get("selector")).matches(metadata.get("labels"))
        ]
        if len(budgets) > 1:
            raise errors.ApiError(500, "InternalError", TWO_BUDGETS, {})
        if not budgets:
            return
        budget = budgets[0]
        if not is_pod_ready(pod) and _tolerates_unready(budget):
            return
        self._check_budget(budget)
        if not options.dry_run:
            await self._take(budget, pod, options)

    def _check_budget(self, budget: Object) -> None:
        status, name = budget.get("status", {}), budget["metadata"]["name"]
        if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
            cause = f"The disruption budget {name} is still being processed by the server."
            raise errors.too_many_requests(REFUSED, RETRY_SECONDS, [{"reason": "DisruptionBudget", "message": cause}])
        if status.get("disruptionsAllowed", 0) <= 0:
            healthy, needed = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
            cause = f"The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
            raise errors.too_many_requests(REFUSED, 0, [{"reason": "DisruptionBudget", "message": cause}])

    async def _take(self, budget: Object, pod: Object, options: WriteOptions) -> None:
        """Count the disruption before it happens, so that two evictions at once cannot both use the last one."""
        resource = self._registry.scheme.find(POD_DISRUPTION_BUDGETS)
        assert resource is not None
        metadata = budget["metadata"]

        def take(old: Object | None) -> Object:
            assert old is not None
            self._check_budget(old)
            new: Object = copy_object(old)
            new["status"]["disruptionsAllowed"] -= 1
            new["status"].setdefault("disruptedPods", {})[pod["metadata"]["name"]] = self._registry.clock.timestamp()
            return new

        written = WriteOptions(options.user, options.manager, subresource="status")
        await self._registry.update(
            resource, metadata["namespace"], metadata["name"], take, written, strategy=resource.status_strategy
        )


def _tolerates_unready(budget: Object) -> bool:
    """Whether a pod that is not ready may go although the budget is spent."""
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status", {})
    return bool(status.get("currentHealthy", 0) >= status.get("desiredHealthy", 0) > 0)
