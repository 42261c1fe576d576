"""HorizontalPodAutoscalers as autoscaling/v1 shows them; upstream: pkg/apis/autoscaling/v1/conversion.go.

That version has one field for the CPU. What else the stored form, which is v2's, says is kept for it in annotations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from minikube_lite.api.columns import value_at
from minikube_lite.api.kinds.autoscaling.metrics import SOURCES, cpu_metric, is_cpu_utilization
from minikube_lite.machinery.kind import Conversion
from minikube_lite.store import Object

PREFIX = "autoscaling.alpha.kubernetes.io/"
METRICS = PREFIX + "metrics"
CURRENT_METRICS = PREFIX + "current-metrics"
CONDITIONS = PREFIX + "conditions"
BEHAVIOR = PREFIX + "behavior"
DROPPED = (
    METRICS,
    CURRENT_METRICS,
    CONDITIONS,
    BEHAVIOR,
    *(PREFIX + f"scale-{way}-tolerance" for way in ("down", "up")),
)
"""Annotations of this version that the stored form never has."""

Fields = tuple[tuple[str, tuple[str, ...], Any], ...]
"""For a source of metrics: the field in v1, where it stands in v2, and what v1 shows where it is missing (None: nothing)."""

_RESOURCE_SPEC: Fields = (
    ("name", ("name",), ""),
    ("targetAverageUtilization", ("target", "averageUtilization"), None),
    ("targetAverageValue", ("target", "averageValue"), None),
)
_RESOURCE_STATUS: Fields = (
    ("name", ("name",), ""),
    ("currentAverageUtilization", ("current", "averageUtilization"), None),
    ("currentAverageValue", ("current", "averageValue"), "0"),
)
_CONTAINER: Fields = (("container", ("container",), ""),)
SPEC_FIELDS: Mapping[str, Fields] = {
    "object": (
        ("target", ("describedObject",), None),
        ("metricName", ("metric", "name"), ""),
        ("targetValue", ("target", "value"), "0"),
        ("selector", ("metric", "selector"), None),
        ("averageValue", ("target", "averageValue"), None),
    ),
    "pods": (
        ("metricName", ("metric", "name"), ""),
        ("targetAverageValue", ("target", "averageValue"), "0"),
        ("selector", ("metric", "selector"), None),
    ),
    "resource": _RESOURCE_SPEC,
    "containerResource": (*_RESOURCE_SPEC, *_CONTAINER),
    "external": (
        ("metricName", ("metric", "name"), ""),
        ("metricSelector", ("metric", "selector"), None),
        ("targetValue", ("target", "value"), None),
        ("targetAverageValue", ("target", "averageValue"), None),
    ),
}
STATUS_FIELDS: Mapping[str, Fields] = {
    "object": (
        ("target", ("describedObject",), None),
        ("metricName", ("metric", "name"), ""),
        ("currentValue", ("current", "value"), "0"),
        ("selector", ("metric", "selector"), None),
        ("averageValue", ("current", "averageValue"), None),
    ),
    "pods": (
        ("metricName", ("metric", "name"), ""),
        ("currentAverageValue", ("current", "averageValue"), "0"),
        ("selector", ("metric", "selector"), None),
    ),
    "resource": _RESOURCE_STATUS,
    "containerResource": (*_RESOURCE_STATUS, *_CONTAINER),
    "external": (
        ("metricName", ("metric", "name"), ""),
        ("metricSelector", ("metric", "selector"), None),
        ("currentValue", ("current", "value"), "0"),
        ("currentAverageValue", ("current", "averageValue"), None),
    ),
}
RULES = ("StabilizationWindowSeconds", "SelectPolicy", "Policies", "Tolerance")
POLICY = ("Type", "Value", "PeriodSeconds")
"""The annotation of the behavior has the names of Go's fields."""


def from_stored(stored: Object) -> Object:
    """As v1 shows it."""
    spec, status = stored.get("spec") or {}, stored.get("status") or {}
    metrics, current = spec.get("metrics") or [], status.get("currentMetrics") or []
    kept = {
        METRICS: [_to_v1(metric, SPEC_FIELDS) for metric in metrics if not is_cpu_utilization(metric)],
        CURRENT_METRICS: [_to_v1(metric, STATUS_FIELDS) for metric in current],
        BEHAVIOR: spec.get("behavior") and _go_behavior(spec["behavior"]),
        CONDITIONS: status.get("conditions"),
    }
    shown_spec = {name: value for name, value in spec.items() if name not in ("metrics", "behavior")}
    shown_status = {name: value for name, value in status.items() if name not in ("currentMetrics", "conditions")}
    for metric in filter(is_cpu_utilization, metrics):
        shown_spec.setdefault("targetCPUUtilizationPercentage", metric["resource"]["target"]["averageUtilization"])
    for metric in current:
        utilization = value_at(metric, ("resource", "current", "averageUtilization"))
        if metric.get("type") == "Resource" and metric["resource"]["name"] == "cpu" and utilization is not None:
            shown_status["currentCPUUtilizationPercentage"] = utilization
    annotations = {name: orjson.dumps(value).decode() for name, value in kept.items() if value}
    return _with_annotations({**stored, "spec": shown_spec, "status": shown_status}, annotations)


def to_stored(shown: Object) -> Object:
    """As it is stored; annotations that cannot be read are as good as none."""
    spec, status = dict(shown.get("spec") or {}), dict(shown.get("status") or {})
    annotations = value_at(shown, ("metadata", "annotations"), {})
    utilization = spec.pop("targetCPUUtilizationPercentage", None)
    used = status.pop("currentCPUUtilizationPercentage", None)
    metrics = _read(annotations, METRICS, lambda found: [_from_v1_spec(metric) for metric in found]) or []
    if utilization is not None:
        metrics.append(cpu_metric(utilization))
    if metrics:
        spec["metrics"] = metrics
    behavior = _read(annotations, BEHAVIOR, lambda found: dict(_behavior(found)))
    if behavior:
        spec["behavior"] = behavior
    current = _read(annotations, CURRENT_METRICS, lambda found: [_from_v1_status(metric) for metric in found])
    if current is None and used is not None:
        current = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": used}}}]
    if current is not None:
        status["currentMetrics"] = current
    conditions = _read(annotations, CONDITIONS, lambda found: [dict(condition) for condition in found])
    if conditions is not None:
        status["conditions"] = conditions
    return _with_annotations({**shown, "spec": spec, "status": status}, {})


def _with_annotations(obj: Object, added: Mapping[str, str]) -> Object:
    metadata = dict(obj["metadata"])
    annotations = {name: text for name, text in (metadata.get("annotations") or {}).items() if name not in DROPPED}
    annotations.update(added)
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    return {**obj, "metadata": metadata}


def _read(annotations: Mapping[str, str], name: str, convert: Callable[[Any], Any]) -> Any:
    try:
        return convert(orjson.loads(annotations[name]))
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def _to_v1(metric: Object, fields_by_source: Mapping[str, Fields]) -> Object:
    shown: Object = {"type": metric["type"]}
    for source, fields in fields_by_source.items():
        found = metric.get(source)
        if found is not None:
            values = ((name, value_at(found, place, missing)) for name, place, missing in fields)
            shown[source] = {name: value for name, value in values if value is not None}
    return shown


def _from_v1(metric: Object, fields_by_source: Mapping[str, Fields]) -> Object:
    stored: Object = {"type": metric.get("type", "")}
    for source, fields in fields_by_source.items():
        found = metric.get(source)
        if found is not None:
            stored[source] = {}
            for name, place, missing in fields:
                value = found.get(name, missing)
                if value is not None:
                    parent = stored[source]
                    for step in place[:-1]:
                        parent = parent.setdefault(step, {})
                    parent[place[-1]] = value
    return stored


def _from_v1_status(metric: Object) -> Object:
    return _from_v1(metric, STATUS_FIELDS)


def _from_v1_spec(metric: Object) -> Object:
    """v2 says of which type a target is, which v1 leaves to be told from what is given."""
    stored = _from_v1(metric, SPEC_FIELDS)
    for source in SOURCES.values():
        if source in stored:
            target = stored[source].setdefault("target", {})
            if source == "object" and "averageValue" in target and target.get("value") == "0":
                del target["value"]
            by_value = source == "object" and "averageValue" not in target or source == "external" and "value" in target
            by_utilization = "averageUtilization" in target
            target["type"] = "Utilization" if by_utilization else "Value" if by_value else "AverageValue"
    return stored


def _go_behavior(behavior: Object) -> Object:
    def rules(found: Mapping[str, Any] | None) -> Object | None:
        if found is None:
            return None
        shown = {name: found.get(_lower(name)) for name in RULES}
        policies: Sequence[Mapping[str, Any]] | None = shown["Policies"]
        if policies is not None:
            shown["Policies"] = [{name: policy.get(_lower(name)) for name in POLICY} for policy in policies]
        return shown

    return {"ScaleUp": rules(behavior.get("scaleUp")), "ScaleDown": rules(behavior.get("scaleDown"))}


def _behavior(found: Any) -> Any:
    """Go reads names of fields whatever their case."""
    if isinstance(found, dict):
        names = {name.lower(): name for name in ("scaleUp", "scaleDown", *map(_lower, (*RULES, *POLICY)))}
        return {names.get(name.lower(), name): _behavior(value) for name, value in found.items() if value is not None}
    return [_behavior(item) for item in found] if isinstance(found, list) else found


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


CONVERSION = Conversion(from_stored, to_stored)
