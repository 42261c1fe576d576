"""Whether a node has room for a pod, when it comes and when it is resized; upstream: pkg/kubelet/lifecycle/predicate.go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from minikube_lite.machinery.pod_resources import pod_amounts
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

Amounts = Mapping[str, int]
"""By resource: milli-cpus of cpu, whole units of all others."""

REASONS = {
    "cpu": "OutOfcpu",
    "memory": "OutOfmemory",
    "ephemeral-storage": "OutOfephemeral-storage",
    "pods": "OutOfpods",
}
CHECKED_FIRST = ("cpu", "memory", "ephemeral-storage")


class Refusal(NamedTuple):
    """Why a node does not take a pod."""

    reason: str
    message: str


def amount(name: str, quantity: Quantity) -> int:
    """A quantity in the unit in which a node counts that resource."""
    return quantity.milli if name == "cpu" else quantity.value


def requested(spec: Object) -> dict[str, int]:
    """What a pod takes of its node."""
    return {name: amount(name, quantity) for name, quantity in pod_amounts(spec, "requests").items()}


def refuse(wanted: Amounts, others: Iterable[Amounts], allocatable: Mapping[str, str]) -> Refusal | None:
    """Why the pod does not fit beside the others; None when it does. Resources that the node does not know are let be."""
    room = {name: amount(name, Quantity.parse(text)) for name, text in allocatable.items()}
    used: dict[str, int] = {}
    count = 0
    for other in others:
        count += 1
        for name, value in other.items():
            used[name] = used.get(name, 0) + value
    if count + 1 > room.get("pods", 0):
        return _insufficient("pods", 1, count, room.get("pods", 0))
    names = [*CHECKED_FIRST, *sorted(name for name in wanted if name not in CHECKED_FIRST)]
    for name in names:
        asked = wanted.get(name, 0)
        if asked and name in room and asked > room[name] - used.get(name, 0):
            return _insufficient(name, asked, used.get(name, 0), room[name])
    return None


def _insufficient(name: str, asked: int, used: int, capacity: int) -> Refusal:
    text = f"Node didn't have enough resource: {name}, requested: {asked}, used: {used}, capacity: {capacity}"
    return Refusal(REASONS.get(name, f"OutOf{name}"), text)
