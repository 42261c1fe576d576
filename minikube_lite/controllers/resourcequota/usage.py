"""What a quota counts, added up: pure; upstream: CalculateUsage and CalculateUsageStats."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.machinery.quota.amounts import ZERO, Usage, add, mask
from minikube_lite.machinery.quota.evaluator import Evaluator
from minikube_lite.machinery.quota.scopes import Scope
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object


def usage_of(
    evaluator: Evaluator, names: Iterable[str], scopes: Iterable[Scope], objects: Iterable[Object], now: float
) -> dict[str, Quantity]:
    """What those of the objects use that are in all the scopes, by `names`; `now` in unix seconds."""
    names, scopes = tuple(names), tuple(scopes)
    total: Usage = dict.fromkeys(names, ZERO)
    for obj in objects:
        if all(evaluator.in_scope(obj, scope) for scope in scopes):
            total = add(total, mask(evaluator.usage(obj, now), names))
    return dict(total)
