"""disruption-controller: keeps the status of budgets, and takes back what was said of pods that did not go after all.

Upstream: disruption.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from minikube_lite.clock import parse_time
from minikube_lite.controllers.disruption.membership import Membership
from minikube_lite.controllers.disruption.scale import ScaleError, expected_scale
from minikube_lite.controllers.disruption.status import Decision, compute_status, needs_scale
from minikube_lite.machinery.conditions import DISRUPTION_TARGET, set_pod_condition
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.disruption import set_sync_failed
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.errors import ApiError, is_conflict, is_not_found
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import copy_object, find_condition, is_deleting, is_pod_terminal
from minikube_lite.machinery.resources import POD_DISRUPTION_BUDGETS, PODS
from minikube_lite.store import Object

STALE_DISRUPTION_SECONDS = 120.0
"""How long a pod may be called a target of a disruption without being deleted."""
STALE = "stale/"
"""What the keys of such pods begin with; those of budgets have no second slash."""
UNMANAGED = (
    "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of the"
    " PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set"
    ' ".spec.minAvailable" field of the PDB to an integer value.'
)


class DisruptionController(Controller):
    """Keys are budgets, and pods that are called targets."""

    name: ClassVar[str] = "disruption-controller"
    turns = 8

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self.events = context.events.recorder("controllermanager")
        self._pods = self.informer(PODS)
        self._membership = Membership(self._pods)
        self._budgets = self.informer(POD_DISRUPTION_BUDGETS, self._budget_changed)
        self._pods.add_handler(self._pod_changed)

    def _budget_changed(self, old: Object | None, new: Object | None) -> None:
        self._membership.budget_changed(old, new)
        self.enqueue_changed(old, new)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        for key in self._membership.pod_changed(old, new):
            self.queue.add(key)
        if new is None:
            return
        if old is None or old["metadata"].get("labels") != new["metadata"].get("labels"):
            self._tell_of_several_budgets(new)
        delay = stale_in(new, self.clock.now())
        if delay is not None:
            self.queue.add_after(STALE + object_key(new), delay)

    def _tell_of_several_budgets(self, pod: Object) -> None:
        names = self._membership.budgets_of(pod)
        if len(names) > 1:
            namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
            text = f'Pod "{namespace}"/"{name}" matches multiple PodDisruptionBudgets.  Chose "{names[0]}" arbitrarily.'
            self.events.event(ObjectReference.of(pod, PODS, "Pod"), "Warning", "MultiplePodDisruptionBudgets", text)

    async def sync(self, key: str) -> None:
        if key.startswith(STALE):
            await self._sync_stale(key.removeprefix(STALE))
            return
        namespace, name = split_key(key)
        budget = self._budgets.get(namespace, name)
        if budget is None:
            return
        try:
            await self._count(budget, self._membership.pods_of(namespace, key))
        except (ApiError, ScaleError) as error:
            if is_conflict(error) or is_not_found(error):
                raise
            await self._fail_safe(budget, str(error))

    async def _count(self, budget: Object, pods: Sequence[Object]) -> None:
        if not pods:
            self._tell(budget, "Normal", "NoPods", "No matching pods found")
        decision = compute_status(
            budget, pods, await self._expected(budget, pods), self.clock.now(), self.clock.timestamp()
        )
        self._tell_of_late(budget, decision)
        if not same(decision.status, budget.get("status")):
            await self._write(budget, decision.status)
        if decision.recheck_seconds is not None:
            # Behind the second at which it ends, as upstream's comparison wants it.
            self.queue.add_after(object_key(budget), decision.recheck_seconds + 1)

    async def _expected(self, budget: Object, pods: Sequence[Object]) -> int:
        spec = budget.get("spec") or {}
        if not needs_scale(spec):
            return len(pods) if spec.get("minAvailable") is not None else 0
        try:
            expected = await expected_scale(self.client, pods)
        except ScaleError as error:
            text = f"Failed to calculate the number of expected pods: {error}"
            self._tell(budget, "Warning", "CalculateExpectedPodCountFailed", text)
            raise
        if expected.unmanaged:
            self._tell(budget, "Warning", "UnmanagedPods", UNMANAGED.format(selector_text(spec.get("selector"))))
        return expected.total

    async def _fail_safe(self, budget: Object, message: str) -> None:
        """What cannot be counted may not be disrupted."""
        status = copy_object(budget.get("status") or {})
        set_sync_failed(status, message, self.clock.timestamp())
        if status != budget.get("status"):
            await self._write(budget, status)

    async def _write(self, budget: Object, status: Object) -> None:
        changed = {**copy_object(budget), "status": status}
        await self.client.update(POD_DISRUPTION_BUDGETS, budget["metadata"]["namespace"], changed, subresource="status")

    def _tell_of_late(self, budget: Object, decision: Decision) -> None:
        namespace = budget["metadata"]["namespace"]
        for pod in decision.not_deleted:
            text = f"Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't"
            self.events.event(ObjectReference.of(pod, PODS, "Pod"), "Warning", "NotDeleted", text)

    def _tell(self, budget: Object, event_type: Any, reason: str, message: str) -> None:
        about = ObjectReference.of(budget, POD_DISRUPTION_BUDGETS, "PodDisruptionBudget")
        self.events.event(about, event_type, reason, message)

    async def _sync_stale(self, key: str) -> None:
        namespace, name = split_key(key)
        pod = self._pods.get(namespace, name)
        delay = stale_in(pod, self.clock.now()) if pod is not None else None
        if pod is None or delay is None:
            return
        if delay > 0:
            self.queue.add_after(STALE + key, delay)
            return
        new = copy_object(pod)
        condition = {"type": DISRUPTION_TARGET, "status": "False"}
        if pod["metadata"].get("generation"):
            condition["observedGeneration"] = pod["metadata"]["generation"]
        set_pod_condition(new["status"], condition, self.clock.timestamp())
        try:
            await self.client.update(PODS, namespace, new, subresource="status")
        except ApiError as error:
            if not is_not_found(error):
                raise


def stale_in(pod: Object, now: float) -> float | None:
    """In how many seconds a pod that is called a target, but is not deleted, is none any more; None for others."""
    condition = find_condition(pod, DISRUPTION_TARGET)
    if condition is None or condition["status"] != "True" or condition.get("reason") == "TerminationByKubelet":
        return None
    if is_deleting(pod) or is_pod_terminal(pod):
        return None
    return max(0.0, parse_time(condition["lastTransitionTime"]) + STALE_DISRUPTION_SECONDS - now)


def selector_text(selector: Object | None) -> str:
    """A label selector as Go writes it into texts."""
    if selector is None:
        return "nil"
    labels = selector.get("matchLabels") or {}
    pairs = "".join(f"{key}: {labels[key]}," for key in sorted(labels))
    requirements = "".join(
        f"LabelSelectorRequirement{{Key:{item['key']},Operator:{item['operator']},"
        f"Values:[{' '.join(item.get('values') or ())}],}},"
        for item in selector.get("matchExpressions") or ()
    )
    shown = f"MatchLabels:map[string]string{{{pairs}}},MatchExpressions:[]LabelSelectorRequirement{{{requirements}}},"
    return f"&LabelSelector{{{shown}}}"
