"""How many replicas a metric asks for: pure; upstream: replica_calculator.go, metrics/utilization.go."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from minikube_lite.clock import parse_time
from minikube_lite.machinery.meta import find_condition, is_deleting
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

TOLERANCE = 0.1
"""How far usage may be from its target before anything changes; upstream: --horizontal-pod-autoscaler-tolerance."""
CPU_INITIALIZATION_SECONDS = 300.0
"""How long after its start a pod's CPU counts only while it is ready; upstream: --horizontal-pod-autoscaler-cpu-initialization-period."""
INITIAL_READINESS_SECONDS = 30.0
"""How long a pod may take to be ready for the first time; upstream: --horizontal-pod-autoscaler-initial-readiness-delay."""


class UsageUnknown(Exception):
    """How many replicas are needed cannot be told; the text is upstream's."""


@dataclass(frozen=True, slots=True)
class Target:
    """What one metric aims at: a part of what is requested, in percent, or an average, in thousandths."""

    resource: str
    container: str = ""
    """The only container that counts; all where it is empty."""
    utilization: int | None = None
    average_milli: int = 0
    tolerance_up: float = TOLERANCE
    tolerance_down: float = TOLERANCE


@dataclass(frozen=True, slots=True)
class Proposal:
    """How many replicas are needed, and what is used now: in percent of what is requested, and on average in thousandths."""

    replicas: int
    utilization: int | None
    average_milli: int


@dataclass(slots=True)
class _Groups:
    """Pods by what their usage is worth."""

    ready: list[str]
    unready: list[str]
    missing: list[str]


def propose(
    target: Target, current: int, pods: Sequence[Object], usage: Mapping[str, Mapping[str, int]], now: float
) -> Proposal:
    """What the metric asks for. `usage` is each pod's, by container, in thousandths. Raises UsageUnknown."""
    used = {name: _sum(containers, target.container) for name, containers in usage.items()}
    if not pods:
        raise UsageUnknown("no pods returned by selector while calculating replica count")
    groups = _group(pods, used, target.resource, now)
    requests = _requests(pods, target) if target.utilization is not None else {}
    counted = {name: used[name] for name in groups.ready}
    if not counted:
        raise UsageUnknown("did not receive metrics for targeted pods (pods might be unready)")
    ratio, utilization, average = _ratio(target, counted, requests)
    proposal = _replicas(target, current, groups, counted, requests, ratio)
    return Proposal(proposal, utilization, average)


def _replicas(
    target: Target,
    current: int,
    groups: _Groups,
    counted: dict[str, int],
    requests: Mapping[str, int],
    ratio: float,
) -> int:
    unready_counts = bool(groups.unready) and ratio > 1
    if not unready_counts and not groups.missing:
        return current if _within(target, ratio) else math.ceil(ratio * len(groups.ready))
    # What is not known counts as what speaks least for a change.
    full = target.average_milli
    for name in groups.missing:
        if ratio < 1:
            counted[name] = requests[name] if target.utilization is not None else full
        elif ratio > 1:
            counted[name] = 0
    if unready_counts:
        counted.update(dict.fromkeys(groups.unready, 0))
    new_ratio, _, _ = _ratio(target, counted, requests)
    if _within(target, new_ratio) or (ratio < 1 < new_ratio) or (ratio > 1 > new_ratio):
        return current
    replicas = math.ceil(new_ratio * len(counted))
    if (new_ratio < 1 and replicas > current) or (new_ratio > 1 and replicas < current):
        return current
    return replicas


def _within(target: Target, ratio: float) -> bool:
    return 1 - target.tolerance_down <= ratio <= 1 + target.tolerance_up


def _ratio(target: Target, used: Mapping[str, int], requests: Mapping[str, int]) -> tuple[float, int | None, int]:
    total = sum(used.values())
    average = total // len(used)
    if target.utilization is None:
        return average / target.average_milli, None, average
    requested = sum(requests[name] for name in used if name in requests)
    if not requested:
        raise UsageUnknown("no metrics returned matched known pods")
    utilization = total * 100 // requested
    return utilization / target.utilization, utilization, average


def _group(pods: Sequence[Object], used: Mapping[str, int], resource: str, now: float) -> _Groups:
    groups = _Groups([], [], [])
    for pod in pods:
        name = pod["metadata"]["name"]
        phase = pod.get("status", {}).get("phase", "Pending")
        if is_deleting(pod) or phase == "Failed":
            continue
        if phase == "Pending":
            groups.unready.append(name)
        elif name not in used:
            groups.missing.append(name)
        elif resource == "cpu" and _is_unready(pod, now):
            groups.unready.append(name)
        else:
            groups.ready.append(name)
    return groups


def _is_unready(pod: Object, now: float) -> bool:
    """Whether the CPU that a pod uses says nothing yet."""
    ready, started = find_condition(pod, "Ready"), pod["status"].get("startTime")
    if ready is None or started is None:
        return True
    begun = parse_time(started)
    if begun + CPU_INITIALIZATION_SECONDS > now:
        return bool(ready["status"] == "False")
    changed = parse_time(ready["lastTransitionTime"])
    return bool(ready["status"] == "False" and begun + INITIAL_READINESS_SECONDS > changed)


def _requests(pods: Sequence[Object], target: Target) -> dict[str, int]:
    """What each pod requests, in thousandths. Raises UsageUnknown where one requests nothing."""
    found = {}
    for pod in pods:
        total = 0
        for container in _containers(pod, target.container):
            amount = (container.get("resources", {}).get("requests") or {}).get(target.resource)
            if amount is None:
                where = f"container {container['name']} of Pod {pod['metadata']['name']}"
                raise UsageUnknown(f"missing request for {target.resource} in {where}")
            total += Quantity.parse(amount).milli
        found[pod["metadata"]["name"]] = total
    return found


def _containers(pod: Object, name: str) -> list[Object]:
    return [one for one in pod["spec"]["containers"] if not name or one["name"] == name]


def _sum(containers: Mapping[str, int], name: str) -> int:
    return sum(amount for container, amount in containers.items() if not name or container == name)
