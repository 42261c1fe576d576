"""How much a pod asks for and a node has, in whole numbers; upstream: component-helpers/resource."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

Amounts = dict[str, int]
"""Thousandths of CPUs under `cpu`, whole units of everything else."""

CPU, MEMORY, EPHEMERAL_STORAGE, PODS = "cpu", "memory", "ephemeral-storage", "pods"

DEFAULT_MILLI_CPU_REQUEST = 100
DEFAULT_MEMORY_REQUEST_BYTES = 200 * 1024 * 1024
"""What scores count for a container that asks for nothing."""

QUANTITIES_REMEMBERED_MAX = 4096


@functools.lru_cache(maxsize=QUANTITIES_REMEMBERED_MAX)
def parse_amount(name: str, text: str) -> int:
    """A quantity as a whole number."""
    quantity = Quantity.parse(text)
    return quantity.milli if name == CPU else quantity.value


def parse_amounts(texts: Mapping[str, str] | None) -> Amounts:
    """A list of resources as whole numbers."""
    return {name: parse_amount(name, text) for name, text in (texts or {}).items()}


def add_amounts(total: Amounts, other: Mapping[str, int], sign: int = 1) -> None:
    """Add to a total, or take away."""
    for name, amount in other.items():
        total[name] = total.get(name, 0) + sign * amount


@dataclass(frozen=True, slots=True)
class PodRequest:
    """What a pod asks for, and what scores count for it."""

    amounts: Amounts
    scored_cpu: int
    scored_memory: int

    @classmethod
    def of(cls, spec: Object) -> PodRequest:
        """From a pod's spec."""
        plain = _pod_amounts(spec, {})
        scored = _pod_amounts(spec, {CPU: DEFAULT_MILLI_CPU_REQUEST, MEMORY: DEFAULT_MEMORY_REQUEST_BYTES})
        amounts = {name: plain[name] for name in sorted(plain) if plain[name]}
        return cls(amounts, scored.get(CPU, 0), scored.get(MEMORY, 0))


def _pod_amounts(spec: Object, defaults: Mapping[str, int]) -> Amounts:
    """Containers and sidecars together, but at least what each init container needs while it runs."""
    total: Amounts = {}
    for container in spec["containers"]:
        add_amounts(total, _container_amounts(container, defaults))
    sidecars: Amounts = {}
    highest: Amounts = {}
    for container in spec.get("initContainers") or ():
        amounts = _container_amounts(container, defaults)
        needed = dict(sidecars)
        add_amounts(needed, amounts)
        if container.get("restartPolicy") == "Always":
            add_amounts(total, amounts)
            add_amounts(sidecars, amounts)
        _raise_to(highest, needed)
    _raise_to(total, highest)
    total.update(parse_amounts((spec.get("resources") or {}).get("requests")))
    add_amounts(total, parse_amounts(spec.get("overhead")))
    return total


def _container_amounts(container: Object, defaults: Mapping[str, int]) -> Amounts:
    return {**defaults, **parse_amounts((container.get("resources") or {}).get("requests"))}


def _raise_to(total: Amounts, other: Mapping[str, int]) -> None:
    for name, amount in other.items():
        total[name] = max(total.get(name, 0), amount)


def fit_faults(
    request: PodRequest, requested: Mapping[str, int], pods: int, allocatable: Mapping[str, int]
) -> list[tuple[str, bool]]:
    """What a node lacks for the pod, as upstream says it, and whether it lacked it even if it were empty."""
    faults: list[tuple[str, bool]] = []
    if pods + 1 > allocatable.get(PODS, 0):
        faults.append(("Too many pods", False))
    for name in _in_order(request.amounts):
        amount, room = request.amounts[name], allocatable.get(name, 0)
        if amount > room - requested.get(name, 0):
            faults.append((f"Insufficient {name}", amount > room))
    return faults


def _in_order(amounts: Mapping[str, int]) -> Iterable[str]:
    first = [name for name in (CPU, MEMORY, EPHEMERAL_STORAGE) if name in amounts]
    return [*first, *(name for name in amounts if name not in first)]
