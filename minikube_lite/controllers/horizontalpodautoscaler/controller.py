"""The loop: every 15 seconds each autoscaler's target is measured, and given as many replicas as that asks for; upstream: horizontal.go."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from minikube_lite.controllers.horizontalpodautoscaler.limits import Memory, Moment, normalize
from minikube_lite.controllers.horizontalpodautoscaler.metrics import MetricsUnknown, Wanted, replicas_wanted
from minikube_lite.machinery.conditions import set_condition
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import HORIZONTAL_POD_AUTOSCALERS, PODS, GroupVersionResource
from minikube_lite.machinery.rest_mapping import find_kind, resource_of
from minikube_lite.store import Object

SYNC_SECONDS = 15.0
"""Upstream: --horizontal-pod-autoscaler-sync-period."""
REMEMBERED_SECONDS = 3600.0
"""No window of a behaviour is longer."""
KIND = "HorizontalPodAutoscaler"


class Step(NamedTuple):
    """How many replicas there are to be, and why."""

    desired: int
    reason: str = ""


class HorizontalPodAutoscalerController(Controller):
    """Keys are autoscalers."""

    name: ClassVar[str] = "horizontal-pod-autoscaler"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._autoscalers = self.informer(HORIZONTAL_POD_AUTOSCALERS, self._changed)
        self._pods = self.informer(PODS)
        self._memory: dict[str, Memory] = {}

    def _changed(self, old: Object | None, new: Object | None) -> None:
        """The first look comes after a period, as upstream, and then one in each."""
        if new is None:
            self._memory.pop(object_key(old or {}), None)
        elif old is None:
            self.queue.add_after(object_key(new), SYNC_SECONDS)

    async def sync(self, key: str) -> None:
        """Look at one autoscaler."""
        autoscaler = self._autoscalers.get(*split_key(key))
        if autoscaler is None:
            return
        self.queue.add_after(key, SYNC_SECONDS)
        status = copy_object(autoscaler.get("status") or {})
        try:
            await self._scale(key, autoscaler, status)
        finally:
            if status != autoscaler.get("status"):
                changed = {**copy_object(autoscaler), "status": status}
                await self.client.update(HORIZONTAL_POD_AUTOSCALERS, split_key(key)[0], changed, subresource="status")

    async def _scale(self, key: str, autoscaler: Object, status: Object) -> None:
        target = self._target(autoscaler)
        namespace, name = autoscaler["metadata"]["namespace"], autoscaler["spec"]["scaleTargetRef"]["name"]
        try:
            if target is None:
                reference = autoscaler["spec"]["scaleTargetRef"]
                raise LookupError(
                    f'no matches for kind "{reference["kind"]}" in version "{reference.get("apiVersion", "")}"'
                )
            scale = await self.client.get(target, namespace, name, subresource="scale")
        except (ApiError, LookupError) as error:
            self._tell(autoscaler, "Warning", "FailedGetScale", str(error))
            text = f"the HPA controller was unable to get the target's current scale: {error}"
            self._set(status, "AbleToScale", "False", "FailedGetScale", text)
            return
        text = "the HPA controller was able to get the target's current scale"
        self._set(status, "AbleToScale", "True", "SucceededGetScale", text)
        current = scale["spec"].get("replicas", 0)
        status["currentReplicas"] = scale.get("status", {}).get("replicas", 0)
        step = await self._decide(key, autoscaler, scale, status)
        if step is None:
            return
        self.because(
            HORIZONTAL_POD_AUTOSCALERS,
            key,
            "Scaled" if step.reason else "AsWanted",
            step.reason or "usage is near its target",
        )
        if step.desired != current:
            await self._rescale(key, autoscaler, target, scale, step, status)
        status["desiredReplicas"] = step.desired

    async def _decide(self, key: str, autoscaler: Object, scale: Object, status: Object) -> Step | None:
        """How many there are to be; None where that cannot be told."""
        spec, current = autoscaler["spec"], scale["spec"].get("replicas", 0)
        low, high = spec.get("minReplicas", 1), spec["maxReplicas"]
        if current == 0 and low != 0:
            text = "scaling is disabled since the replica count of the target is zero"
            self._set(status, "ScalingActive", "False", "ScalingDisabled", text)
            return Step(0)
        if current > high:
            return Step(high, "Current number of replicas above Spec.MaxReplicas")
        if current < low:
            return Step(low, "Current number of replicas below Spec.MinReplicas")
        try:
            wanted = await replicas_wanted(self.client, self._pods, autoscaler, scale, self.clock.now())
        except MetricsUnknown as error:
            for reason, text in error.failures:
                self._tell(autoscaler, "Warning", reason, text)
            reason, text = error.failures[0]
            self._set(
                status, "ScalingActive", "False", reason, f"the HPA was unable to compute the replica count: {text}"
            )
            self._tell(autoscaler, "Warning", "FailedComputeMetricsReplicas", str(error))
            status["desiredReplicas"] = current
            return None
        text = f"the HPA was able to successfully calculate a replica count from {wanted.metric}"
        self._set(status, "ScalingActive", "True", "ValidMetricFound", text)
        status["currentMetrics"] = wanted.statuses
        return self._limited(key, autoscaler, current, wanted, status)

    def _limited(self, key: str, autoscaler: Object, current: int, wanted: Wanted, status: Object) -> Step:
        now = self.clock.now()
        memory = self._memory.setdefault(key, Memory())
        memory.forget(now, REMEMBERED_SECONDS)
        if not memory.recommended:
            memory.recommended.append(Moment(now, current))
        result = normalize(autoscaler["spec"], memory, current, wanted.replicas, now)
        self._set(status, "AbleToScale", "True", *result.able)
        self._set(status, "ScalingLimited", "True" if result.limited else "False", *result.limit)
        reason = ""
        if wanted.replicas > current:
            reason = f"{wanted.metric} above target"
        elif wanted.replicas < current:
            reason = "All metrics below target"
        return Step(result.replicas, reason)

    async def _rescale(
        self,
        key: str,
        autoscaler: Object,
        target: GroupVersionResource,
        scale: Object,
        step: Step,
        status: Object,
    ) -> None:
        current, told = scale["spec"].get("replicas", 0), f"New size: {step.desired}; reason: {step.reason}"
        changed = {**scale, "spec": {**scale["spec"], "replicas": step.desired}}
        try:
            await self.client.update(target, scale["metadata"]["namespace"], changed, subresource="scale")
        except ApiError as error:
            self._tell(autoscaler, "Warning", "FailedRescale", f"{told}; error: {error}")
            text = f"the HPA controller was unable to update the target scale: {error}"
            self._set(status, "AbleToScale", "False", "FailedUpdateScale", text)
            raise
        text = f"the HPA controller was able to update the target scale to {step.desired}"
        self._set(status, "AbleToScale", "True", "SucceededRescale", text)
        self._tell(autoscaler, "Normal", "SuccessfulRescale", told)
        now = self.clock.now()
        memory = self._memory.setdefault(key, Memory())
        moments = memory.grown if step.desired > current else memory.shrunk
        moments.append(Moment(now, abs(step.desired - current)))
        status["lastScaleTime"] = self.clock.timestamp()

    def _target(self, autoscaler: Object) -> GroupVersionResource | None:
        reference = autoscaler["spec"]["scaleTargetRef"]
        info = find_kind(self.client, reference.get("apiVersion", ""), reference["kind"])
        return resource_of(info) if info is not None else None

    def _set(self, status: Object, condition: str, state: str, reason: str, message: str) -> None:
        found = {"type": condition, "status": state, "reason": reason, "message": message}
        set_condition(status, found, self.clock.timestamp())

    def _tell(self, autoscaler: Object, event_type: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        about = ObjectReference.of(autoscaler, HORIZONTAL_POD_AUTOSCALERS, KIND)
        self.events.event(about, event_type, reason, message)
