"""The metrics of HorizontalPodAutoscalers: checks, and how tables show them; upstream: pkg/apis/autoscaling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.api.columns import NONE, value_at
from minikube_lite.api.kinds.core.pod_resources import validate_container_resource_name
from minikube_lite.machinery.ages import UNKNOWN
from minikube_lite.machinery.names import is_dns1123_label, path_segment_name
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required
from minikube_lite.schema.quantity import Quantity

METRICS_SHOWN_MAX = 2
SOURCES: Mapping[str, str] = {
    "Object": "object",
    "External": "external",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}
"""The fields that go with the types, in the order in which upstream looks at them."""
TARGET_TYPES = ("Utilization", "Value", "AverageValue")

Metric = Mapping[str, Any]


def cpu_metric(percent: int) -> dict[str, Any]:
    """The metric that wants the CPUs of pods used so far."""
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def is_cpu_utilization(metric: Metric) -> bool:
    """Whether it is such a metric."""
    utilization = value_at(metric, ("resource", "target", "averageUtilization"))
    return metric.get("type") == "Resource" and utilization is not None and metric["resource"].get("name") == "cpu"


def metrics_errors(metrics: Sequence[Metric], min_replicas: int | None, path: Path) -> Iterator[FieldError]:
    """The faults of all metrics."""
    for position, metric in enumerate(metrics):
        yield from _metric_errors(metric, path.index(position))
    if min_replicas == 0 and not any(metric.get("type") in ("Object", "External") for metric in metrics):
        yield forbidden(path, "must specify at least one Object or External metric to support scaling to zero replicas")


def _metric_errors(metric: Metric, path: Path) -> Iterator[FieldError]:
    metric_type = metric.get("type", "")
    unknown = not_supported(path.child("type"), metric_type, sorted(SOURCES))
    if not metric_type:
        yield required(path.child("type"), "must specify a metric source type")
    if metric_type not in SOURCES:
        yield unknown
    present = [name for name in SOURCES.values() if metric.get(name) is not None]
    if present:
        yield from _source_errors(present[0], metric[present[0]], path.child(present[0]))
    expected = SOURCES.get(metric_type)
    if expected is None:
        yield unknown
    elif expected not in present:
        yield required(path.child(expected), "must populate information for the given metric source")
    if len(present) != 1:
        for name in present:
            if name != expected:
                yield forbidden(path.child(name), "must populate the given metric source only")


def _source_errors(name: str, source: Metric, path: Path) -> Iterator[FieldError]:
    target, place = source.get("target") or {}, path.child("target")
    value, average = target.get("value"), target.get("averageValue")
    if name == "object":
        yield from scale_target_errors(
            source.get("describedObject") or {}, path.child("describedObject"), any_group=True
        )
    if name in ("object", "external", "pods"):
        yield from _identifier_errors(source.get("metric") or {}, path.child("metric"))
        yield from _target_errors(target, place)
        if name == "pods" and average is None:
            yield required(place.child("averageValue"), "must specify a positive target averageValue")
        elif name != "pods" and value is None and average is None:
            what = "value or averageValue" if name == "object" else "value for metric or a per-pod target"
            yield required(place.child("averageValue"), f"must set either a target {what}")
        if name == "external" and value is not None and average is not None:
            yield forbidden(place.child("value"), "may not set both a target value for metric and a per-pod target")
        return
    yield from _resource_errors(source, path, with_container=name == "containerResource")
    yield from _target_errors(target, place)
    utilization = target.get("averageUtilization")
    if utilization is None and average is None:
        yield required(place.child("averageUtilization"), "must set either a target raw value or a target utilization")
    elif utilization is not None and average is not None:
        yield forbidden(place.child("averageValue"), "may not set both a target raw value and a target utilization")


def _resource_errors(source: Metric, path: Path, *, with_container: bool) -> Iterator[FieldError]:
    name, container = source.get("name", ""), source.get("container", "")
    if not name:
        yield required(path.child("name"), "must specify a resource name")
    elif with_container:
        yield from validate_container_resource_name(name, path.child("name"))
    if with_container:
        if not container:
            yield required(path.child("container"), "must specify a container")
        else:
            yield from (invalid(path.child("container"), container, text) for text in is_dns1123_label(container))


def scale_target_errors(reference: Metric, path: Path, *, any_group: bool = False) -> Iterator[FieldError]:
    """A reference to an object of any version."""
    for name in ("kind", "name"):
        value = reference.get(name, "")
        if not value:
            yield required(path.child(name))
        else:
            yield from (invalid(path.child(name), value, message) for message in path_segment_name(value))
    version = reference.get("apiVersion", "")
    if version.count("/") > 1:
        yield invalid(path.child("apiVersion"), version, f"unexpected GroupVersion string: {version}")
    elif not any_group and "/" not in version.strip("/"):
        yield invalid(path.child("apiVersion"), version, "apiVersion must specify API group")


def _identifier_errors(identifier: Metric, path: Path) -> Iterator[FieldError]:
    name = identifier.get("name", "")
    if not name:
        yield required(path.child("name"), "must specify a metric name")
    else:
        yield from (invalid(path.child("name"), name, message) for message in path_segment_name(name))


def _target_errors(target: Metric, path: Path) -> Iterator[FieldError]:
    target_type = target.get("type", "")
    if not target_type:
        yield required(path.child("type"), "must specify a metric target type")
    if target_type not in TARGET_TYPES:
        yield invalid(path.child("type"), target_type, "must be either Utilization, Value, or AverageValue")
    for name in ("value", "averageValue"):
        amount = target.get(name)
        if amount is not None and Quantity.parse(amount).sign != 1:
            yield invalid(path.child(name), amount, "must be positive")
    utilization = target.get("averageUtilization")
    if utilization is not None and utilization < 1:
        yield invalid(path.child("averageUtilization"), utilization, "must be greater than 0")


def metrics_text(metrics: Sequence[Metric], statuses: Sequence[Metric]) -> str:
    """The Targets cell: current and wanted values."""
    texts = [
        _metric_text(metric, statuses[position] if position < len(statuses) else {})
        for position, metric in enumerate(metrics)
    ]
    shown = [text for text in texts if text]
    more = f" + {len(shown) - METRICS_SHOWN_MAX} more..." if len(shown) > METRICS_SHOWN_MAX else ""
    return ", ".join(shown[:METRICS_SHOWN_MAX]) + more if metrics else NONE


def _metric_text(metric: Metric, status: Metric) -> str:
    name = SOURCES.get(metric.get("type", ""))
    if name is None:
        return ""
    source = metric.get(name) or {}
    target, current = source.get("target") or {}, value_at(status, (name, "current"), {})
    average = target.get("averageValue")
    if name in ("resource", "containerResource"):
        title = f"{source.get('name', '')}: "
        if average is not None:
            return f"{title}{current.get('averageValue', UNKNOWN)}/{average}"
        now, wanted = current.get("averageUtilization"), target.get("averageUtilization")
        return f"{title}{UNKNOWN if now is None else f'{now}%'}/{'<auto>' if wanted is None else f'{wanted}%'}"
    if name == "pods":
        return f"{current.get('averageValue', UNKNOWN)}/{average or '0'}"
    if average is not None:
        return f"{current.get('averageValue', UNKNOWN)}/{average} (avg)"
    return f"{current.get('value', UNKNOWN)}/{target.get('value', '0')}"
