"""pods/eviction: a deletion that asks the disruption budgets first; upstream: pkg/registry/core/pod/storage/eviction.go."""

from __future__ import annotations

from dataclasses import replace

from minikube_lite.api.deletion import DeleteOptions, Deletion
from minikube_lite.api.registry import Registry, WriteOptions
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery import errors
from minikube_lite.machinery.conditions import DISRUPTION_TARGET, set_pod_condition
from minikube_lite.machinery.disruption import DISRUPTION_ALLOWED, SYNC_FAILED, set_disruption_allowed
from minikube_lite.machinery.meta import copy_object, find_condition, is_deleting, is_pod_ready, is_pod_terminal
from minikube_lite.machinery.resources import POD_DISRUPTION_BUDGETS, GroupVersionResource
from minikube_lite.machinery.selectors import SelectorError, label_selector_as_selector
from minikube_lite.store import Object, Record

REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
RETRY_SECONDS = 10
TWO_BUDGETS = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
TRIES_MAX = 20
"""How often a pod that changed meanwhile is looked at again (upstream's EvictionsRetry)."""
DISRUPTED_PODS_MAX = 2000
"""How many evicted pods a budget may await."""
MANAGER = "kube-apiserver"
BUDGET = GroupVersionResource("policy", "v1", "poddisruptionbudget")
"""As upstream calls it where it refuses."""


class Eviction:
    """e.g. POST /api/v1/namespaces/default/pods/kubia-0/eviction"""

    group, version, kind = "policy", "v1", "Eviction"
    older: tuple[str, ...] = ("policy/v1beta1",)

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
        wanted = DeleteOptions.of(sent.get("deleteOptions") or {})
        if (sent.get("deleteOptions") or {}).get("dryRun"):
            options = replace(options, dry_run=True)
        record = await self._delete_what_does_not_count(resource, namespace, name, wanted, options)
        if record is not None:
            await self._ask_and_delete(resource, record, wanted, options)

    async def _delete_what_does_not_count(
        self, resource: ServedResource, namespace: str, name: str, wanted: DeleteOptions, options: WriteOptions
    ) -> Record | None:
        """Delete the pod if no budget has a say in it, as it was looked at; returns it if one has."""
        for attempt in range(TRIES_MAX):
            record = self._registry.store.get(resource.key, namespace, name)
            if record is None:
                raise errors.not_found(resource.gvr, name)
            pod = record.object
            if not (is_pod_terminal(pod) or pod.get("status", {}).get("phase") == "Pending" or is_deleting(pod)):
                return record
            # It might become ready, and then count, in this moment.
            guarded = not is_pod_terminal(pod) and not is_deleting(pod)
            chosen = _at(wanted, record) if guarded and wanted.resource_version is None else wanted
            try:
                await self._mark_and_delete(resource, record, chosen, options)
            except errors.ApiError as error:
                again = errors.is_conflict(error) and wanted.resource_version is None
                if not again or attempt == TRIES_MAX - 1:
                    raise
            else:
                return None
        raise AssertionError("unreachable")

    async def _ask_and_delete(
        self, resource: ServedResource, record: Record, wanted: DeleteOptions, options: WriteOptions
    ) -> None:
        budget = self._budget_of(record.object)
        unready = budget is not None and not is_pod_ready(record.object) and _tolerates_unready(budget)
        if budget is not None and not unready:
            await self._take(budget, record, options)
        try:
            await self._mark_and_delete(resource, record, _at(wanted, record) if unready else wanted, options)
        except errors.ApiError as error:
            if budget is not None and unready and errors.is_conflict(error) and wanted.resource_version is None:
                raise _being_processed(budget["metadata"]["name"]) from None
            raise

    def _budget_of(self, pod: Object) -> Object | None:
        budgets = [
            budget
            for budget in self._registry.reader.list_objects(POD_DISRUPTION_BUDGETS, pod["metadata"]["namespace"])
            if _is_over(budget, pod)
        ]
        if len(budgets) > 1:
            raise errors.ApiError(500, "InternalError", TWO_BUDGETS, {})
        return budgets[0] if budgets else None

    async def _take(self, budget: Object, pod: Record, options: WriteOptions) -> None:
        """Count the disruption before it happens, so that two evictions at once cannot both use the last one."""
        resource = self._registry.scheme.find(POD_DISRUPTION_BUDGETS)
        assert resource is not None
        metadata, now = budget["metadata"], self._registry.clock.timestamp()

        def take(old: Object | None) -> Object:
            assert old is not None
            check_budget(old)
            new: Object = copy_object(old)
            status = new["status"]
            status["disruptionsAllowed"] -= 1
            if not status["disruptionsAllowed"]:
                set_disruption_allowed(status, now)
            status.setdefault("disruptedPods", {})[pod.name] = now
            return new

        if options.dry_run:
            check_budget(budget)
            return
        written = WriteOptions(options.user, MANAGER, subresource="status")
        await self._registry.update(
            resource, metadata["namespace"], metadata["name"], take, written, strategy=resource.status_strategy
        )

    async def _mark_and_delete(
        self, resource: ServedResource, pod: Record, wanted: DeleteOptions, options: WriteOptions
    ) -> None:
        """Say in the pod's status why it goes, then delete it."""
        if not options.dry_run:
            marked = await self._mark(resource, pod, wanted, options)
            if wanted.resource_version is not None:
                wanted = _at(wanted, marked)
        await self._deletion.delete(resource, pod.namespace, pod.name, wanted, options)

    async def _mark(
        self, resource: ServedResource, pod: Record, wanted: DeleteOptions, options: WriteOptions
    ) -> Record:
        now = self._registry.clock.timestamp()
        condition = {
            "type": DISRUPTION_TARGET,
            "status": "True",
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
        }

        def mark(old: Object | None) -> Object:
            assert old is not None
            self._deletion.check_preconditions(resource, old, wanted)
            new: Object = copy_object(old)
            set_pod_condition(new.setdefault("status", {}), condition, now)
            return new

        written = WriteOptions(options.user, MANAGER, subresource="status")
        record, _ = await self._registry.update(
            resource, pod.namespace, pod.name, mark, written, strategy=resource.status_strategy
        )
        return record


def check_budget(budget: Object) -> None:
    """Raise 429 if the budget allows no disruption now, and 403 if it cannot be right."""
    status, name = budget.get("status", {}), budget["metadata"]["name"]
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        raise _being_processed(name)
    allowed = status.get("disruptionsAllowed", 0)
    if allowed < 0:
        raise errors.forbidden(BUDGET, name, "pdb disruptions allowed is negative")
    if len(status.get("disruptedPods") or ()) > DISRUPTED_PODS_MAX:
        text = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise errors.forbidden(BUDGET, name, text)
    if allowed == 0:
        raise errors.too_many_requests(REFUSED, 0, [_cause(_why_not(budget))])


def _why_not(budget: Object) -> str:
    status, name = budget.get("status", {}), budget["metadata"]["name"]
    condition = find_condition(budget, DISRUPTION_ALLOWED) or {}
    message = condition.get("message") if condition.get("status") == "False" else ""
    healthy, needed = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    if message and condition.get("reason") == SYNC_FAILED:
        return f"The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
    if healthy <= needed:
        return f"The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
    text = f"The disruption budget {name} does not allow evicting pods currently"
    return f"{text} ({condition['reason']}): {message}" if message else text


def _being_processed(name: str) -> errors.ApiError:
    text = f"The disruption budget {name} is still being processed by the server."
    return errors.too_many_requests(REFUSED, RETRY_SECONDS, [_cause(text)])


def _cause(message: str) -> dict[str, str]:
    return {"reason": "DisruptionBudget", "message": message}


def _at(wanted: DeleteOptions, record: Record) -> DeleteOptions:
    """Only if the object is still as it is in that record."""
    return replace(wanted, resource_version=str(record.revision))


def _is_over(budget: Object, pod: Object) -> bool:
    try:
        selector = label_selector_as_selector(budget["spec"].get("selector"))
    except SelectorError:
        return False
    return selector.matches(pod["metadata"].get("labels"))


def _tolerates_unready(budget: Object) -> bool:
    """Whether a pod that is not ready may go although the budget is spent."""
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status", {})
    return bool(status.get("currentHealthy", 0) >= status.get("desiredHealthy", 0) > 0)
