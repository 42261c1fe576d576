"""What an autoscaler's metrics ask for, by what metrics.k8s.io says; upstream: computeReplicasForMetrics.

Metrics of pods, objects and from outside come from APIs that somebody else would serve; here nobody does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minikube_lite.controllers.horizontalpodautoscaler.usage import (
    TOLERANCE,
    Proposal,
    Target,
    UsageUnknown,
    propose,
)
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.informer import Informer
from minikube_lite.machinery.resources import POD_METRICS
from minikube_lite.machinery.selectors import parse_label_selector
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

Usage = dict[str, dict[str, dict[str, str]]]
"""What each pod uses: by its name, container and resource."""
FOREIGN_APIS = {
    "Pods": ("FailedGetPodsMetric", "custom"),
    "Object": ("FailedGetObjectMetric", "custom"),
    "External": ("FailedGetExternalMetric", "external"),
}


class MetricsUnknown(Exception):
    """How many replicas are needed cannot be told; `failures` are reasons and texts, of each metric that failed."""

    def __init__(self, failures: list[tuple[str, str]], count: int) -> None:
        super().__init__(f"invalid metrics ({len(failures)} invalid out of {count}), first error is: {failures[0][1]}")
        self.failures = failures


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many replicas the most demanding metric asks for, which one that is, and what all of them show."""

    replicas: int
    metric: str
    statuses: list[Object]


async def replicas_wanted(client: Client, pods: Informer, autoscaler: Object, scale: Object, now: float) -> Wanted:
    """What the metrics ask for. Raises MetricsUnknown."""
    spec, namespace = autoscaler["spec"], autoscaler["metadata"]["namespace"]
    text, current = scale.get("status", {}).get("selector", ""), scale["spec"].get("replicas", 0)
    if not text:
        raise MetricsUnknown([("InvalidSelector", "the HPA target's scale is missing a selector")], 1)
    selector = parse_label_selector(text)
    selected = [pod for pod in pods.list_objects(namespace) if selector.matches(pod["metadata"].get("labels"))]
    best, statuses, failures = Wanted(-1, "", []), [], []
    usage: Usage | str = await _usage(client, namespace, text)
    for metric in spec.get("metrics") or ():
        try:
            proposal = _propose(metric, spec.get("behavior") or {}, current, selected, usage, now)
        except UsageUnknown as error:
            failures.append((_failure(metric), str(error)))
            continue
        statuses.append(_status(metric, proposal))
        if proposal.replicas > best.replicas:
            best = Wanted(proposal.replicas, _name(metric), statuses)
    if failures and (len(failures) == len(spec.get("metrics") or ()) or best.replicas < current):
        raise MetricsUnknown(failures, len(spec["metrics"]))
    return best


async def _usage(client: Client, namespace: str, selector: str) -> Usage | str:
    """What pods use; the error's text where nobody says so."""
    try:
        found = await client.list_objects(POD_METRICS, namespace, label_selector=selector)
    except ApiError:
        missing = "the server could not find the requested resource (get pods.metrics.k8s.io)"
        return f"unable to fetch metrics from resource metrics API: {missing}"
    return {one["metadata"]["name"]: {each["name"]: each["usage"] for each in one["containers"]} for one in found.items}


def _propose(
    metric: Object, behavior: Mapping[str, Any], current: int, pods: list[Object], usage: Usage | str, now: float
) -> Proposal:
    kind = metric["type"]
    if kind in FOREIGN_APIS:
        group = f"{FOREIGN_APIS[kind][1]}.metrics.k8s.io"
        name = metric[kind.lower()]["metric"]["name"]
        text = f"unable to get metric {name}: unable to fetch metrics from {FOREIGN_APIS[kind][1]} metrics API: "
        raise UsageUnknown(f"{text}no {FOREIGN_APIS[kind][1]} metrics API ({group}) registered")
    target = _target(metric, behavior)
    prefix = f"unable to get metrics for resource {target.resource}: "
    what = "utilization" if target.utilization is not None else "usage"
    try:
        if isinstance(usage, str):
            raise UsageUnknown(prefix + usage)
        amounts = {
            pod: {name: Quantity.parse(used[target.resource]).milli for name, used in containers.items()}
            for pod, containers in usage.items()
        }
        if not amounts:
            raise UsageUnknown(f"{prefix}no metrics returned from resource metrics API")
        return propose(target, current, pods, amounts, now)
    except UsageUnknown as error:
        raise UsageUnknown(f"failed to get {target.resource} {what}: {error}") from None


def _source(metric: Object) -> Object:
    source: Object = metric["containerResource"] if metric["type"] == "ContainerResource" else metric["resource"]
    return source


def _target(metric: Object, behavior: Mapping[str, Any]) -> Target:
    source = _source(metric)
    wanted = source["target"]
    average = wanted.get("averageValue")
    return Target(
        source["name"],
        source.get("container", ""),
        wanted.get("averageUtilization"),
        Quantity.parse(average).milli if average is not None else 0,
        _tolerance(behavior.get("scaleUp")),
        _tolerance(behavior.get("scaleDown")),
    )


def _tolerance(rules: Mapping[str, Any] | None) -> float:
    text = (rules or {}).get("tolerance")
    return Quantity.parse(text).milli / 1000 if text is not None else TOLERANCE


def _name(metric: Object) -> str:
    source = _source(metric)
    of_container = " container" if metric["type"] == "ContainerResource" else ""
    of_request = (
        " utilization (percentage of request)" if source["target"].get("averageUtilization") is not None else ""
    )
    return f"{source['name']}{of_container} resource{of_request}"


def _failure(metric: Object) -> str:
    if metric["type"] in FOREIGN_APIS:
        return FOREIGN_APIS[metric["type"]][0]
    return "FailedGetContainerResourceMetric" if metric["type"] == "ContainerResource" else "FailedGetResourceMetric"


def _status(metric: Object, proposal: Proposal) -> Object:
    source, current = _source(metric), {"averageValue": str(Quantity.of_milli(proposal.average_milli))}
    if proposal.utilization is not None:
        current = {"averageUtilization": proposal.utilization, **current}  # type: ignore[dict-item]
    key = "containerResource" if metric["type"] == "ContainerResource" else "resource"
    shown = {"name": source["name"], "current": current}
    if "container" in source:
        shown["container"] = source["container"]
    return {"type": metric["type"], key: shown}
