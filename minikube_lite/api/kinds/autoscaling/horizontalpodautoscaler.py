"""HorizontalPodAutoscalers, stored in the form of autoscaling/v2; upstream: pkg/registry/autoscaling and pkg/apis/autoscaling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.columns import AGE, NAME, UNSET, cell_column, value_at
from minikube_lite.api.kinds.autoscaling import version1
from minikube_lite.api.kinds.autoscaling.metrics import cpu_metric, metrics_errors, metrics_text, scale_target_errors
from minikube_lite.api.kinds.quantities import non_negative_errors
from minikube_lite.machinery.kind import Column, FieldText, Kind, RequestContext, StatusStrategy, Strategy
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required
from minikube_lite.store import Object

CPU_UTILIZATION_PERCENT = 80
PERIOD_SECONDS_MAX = 1800
STABILIZATION_SECONDS_MAX = 3600
POLICY_TYPES = ("Percent", "Pods")
SELECT_POLICIES = ("Disabled", "Max", "Min")

SPEC = Path("spec")
STATUS = Path("status")


class HorizontalPodAutoscalerStrategy(Strategy):
    """All writes but those of status."""

    manages_generation = False

    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        if spec.get("minReplicas") is None:
            spec["minReplicas"] = 1
        if not spec.get("metrics"):
            spec["metrics"] = [cpu_metric(CPU_UTILIZATION_PERCENT)]
        behavior = spec.get("behavior")
        if behavior is not None:
            behavior["scaleUp"] = {**_scale_up_defaults(), **_given(behavior.get("scaleUp"))}
            behavior["scaleDown"] = {**_scale_down_defaults(), **_given(behavior.get("scaleDown"))}

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {"currentMetrics": None, "desiredReplicas": 0}

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        spec = obj["spec"]
        low, high = spec["minReplicas"], spec.get("maxReplicas", 0)
        if low < 1:
            yield invalid(SPEC.child("minReplicas"), low, "must be greater than or equal to 1")
        if high == 0:
            yield required(SPEC.child("maxReplicas"), "must be set and greater than 0")
        elif high < 1:
            yield invalid(SPEC.child("maxReplicas"), high, "must be greater than or equal to 1")
        if high < low:
            yield invalid(SPEC.child("maxReplicas"), high, "must be greater than or equal to `minReplicas`")
        yield from scale_target_errors(spec.get("scaleTargetRef") or {}, SPEC.child("scaleTargetRef"))
        yield from metrics_errors(spec["metrics"], low, SPEC.child("metrics"))
        for name in ("scaleUp", "scaleDown"):
            if value_at(spec, ("behavior", name)) is not None:
                yield from _rules_errors(spec["behavior"][name], SPEC.child("behavior", name))

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)


class HorizontalPodAutoscalerStatusStrategy(StatusStrategy):
    """The status: how many replicas there are and should be."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        for name in ("currentReplicas", "desiredReplicas"):
            count = value_at(new, ("status", name), 0)
            if count < 0:
                yield invalid(STATUS.child(name), count, "must be greater than or equal to 0")


def _scale_up_defaults() -> Object:
    policies = [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ]
    return {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": policies}


def _scale_down_defaults() -> Object:
    return {"selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}


def _given(rules: Mapping[str, Any] | None) -> Object:
    return {name: value for name, value in (rules or {}).items() if value is not None}


def _rules_errors(rules: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    seconds, place = rules.get("stabilizationWindowSeconds"), path.child("stabilizationWindowSeconds")
    if seconds is not None and seconds < 0:
        yield invalid(place, seconds, "must be greater than or equal to zero")
    if seconds is not None and seconds > STABILIZATION_SECONDS_MAX:
        yield invalid(place, seconds, f"must be less than or equal to {STABILIZATION_SECONDS_MAX}")
    policy = rules.get("selectPolicy")
    if policy is not None and policy not in SELECT_POLICIES:
        yield not_supported(path.child("selectPolicy"), policy, SELECT_POLICIES)
    if not rules.get("policies"):
        yield required(path.child("policies"), "must specify at least one Policy")
    for position, item in enumerate(rules.get("policies") or ()):
        yield from _policy_errors(item, path.child("policies").index(position))
    if rules.get("tolerance") is not None:
        yield from non_negative_errors(rules["tolerance"], path.child("tolerance"))


def _policy_errors(policy: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    if policy.get("type") not in POLICY_TYPES:
        yield not_supported(path.child("type"), policy.get("type", ""), POLICY_TYPES)
    for name in ("value", "periodSeconds"):
        if policy.get(name, 0) <= 0:
            yield invalid(path.child(name), policy.get(name, 0), "must be greater than zero")
    seconds = policy.get("periodSeconds", 0)
    if seconds > PERIOD_SECONDS_MAX:
        yield invalid(path.child("periodSeconds"), seconds, f"must be less than or equal to {PERIOD_SECONDS_MAX}")


def _reference_text(obj: Object) -> str:
    reference = value_at(obj, ("spec", "scaleTargetRef"), {})
    return f"{reference.get('kind', '')}/{reference.get('name', '')}"


def _targets_text(obj: Object) -> str:
    return metrics_text(value_at(obj, ("spec", "metrics"), ()), value_at(obj, ("status", "currentMetrics"), ()))


STRATEGY = HorizontalPodAutoscalerStrategy()

KIND = Kind(
    group="autoscaling",
    plural="horizontalpodautoscalers",
    strategy=STRATEGY,
    status_strategy=HorizontalPodAutoscalerStatusStrategy(STRATEGY),
    columns=(
        NAME,
        cell_column(
            "Reference",
            _reference_text,
            description=FieldText("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", "scaleTargetRef"),
        ),
        cell_column(
            "Targets",
            _targets_text,
            description=FieldText("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", "metrics"),
        ),
        cell_column(
            "MinPods",
            lambda obj: str(value_at(obj, ("spec", "minReplicas"), UNSET)),
            description=FieldText("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", "minReplicas"),
        ),
        Column(
            "MaxPods",
            lambda obj, _now: value_at(obj, ("spec", "maxReplicas"), 0),
            description=FieldText("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", "maxReplicas"),
        ),
        Column(
            "Replicas",
            lambda obj, _now: value_at(obj, ("status", "currentReplicas"), 0),
            description=FieldText("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus", "currentReplicas"),
        ),
        AGE,
    ),
    conversions={"autoscaling/v1": version1.CONVERSION},
)
