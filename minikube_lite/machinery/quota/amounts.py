"""Arithmetic of named amounts; upstream: apiserver/pkg/quota/v1/resources.go (corev1.ResourceList)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minikube_lite.schema.quantity import Quantity

Usage = Mapping[str, Quantity]
"""Amounts by the names that a quota has for them."""

ONE = Quantity.of(1)
ZERO = Quantity.of(0)


def parse(amounts: Mapping[str, str] | None) -> dict[str, Quantity]:
    """The amounts of an object."""
    return {name: Quantity.parse(text) for name, text in (amounts or {}).items()}


def written(usage: Usage) -> dict[str, str]:
    """The amounts as an object holds them."""
    return {name: str(usage[name]) for name in sorted(usage)}


def add(left: Usage, right: Usage) -> dict[str, Quantity]:
    """The sum, name by name."""
    total = dict(left)
    for name, quantity in right.items():
        total[name] = total[name] + quantity if name in total else quantity
    return total


def growth(after: Usage, before: Usage) -> dict[str, Quantity]:
    """By how much each amount has grown; nothing counts as less than none."""
    grown = {name: quantity - before.get(name, ZERO) for name, quantity in after.items()}
    return {name: quantity if quantity.sign > 0 else ZERO for name, quantity in grown.items()}


def mask(usage: Usage, names: Iterable[str]) -> dict[str, Quantity]:
    """Only the amounts of those names."""
    wanted = set(names)
    return {name: quantity for name, quantity in usage.items() if name in wanted}


def without_zeros(usage: Usage) -> dict[str, Quantity]:
    """Only the amounts that are not nothing."""
    return {name: quantity for name, quantity in usage.items() if not quantity.is_zero}


def exceeded(usage: Usage, limits: Usage) -> list[str]:
    """The names whose amount is above its limit."""
    return [name for name, limit in limits.items() if name in usage and usage[name] > limit]


def text(usage: Usage) -> str:
    """The amounts as messages list them."""
    return ",".join(f"{name}={usage[name]}" for name in sorted(usage))
