"""How fast a number of replicas may change: pure; upstream: normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

DOWNSCALE_STABILIZATION_SECONDS = 300.0
"""Upstream: --horizontal-pod-autoscaler-downscale-stabilization."""
SCALE_UP_FACTOR, SCALE_UP_MIN = 2, 4
"""How far one step may go up where no behaviour is given."""

Rules = Mapping[str, Any]
Verdict = tuple[str, str]
"""A condition's reason and message."""

READY: Verdict = ("ReadyForNewScale", "recommended size matches current size")
WITHIN: Verdict = ("DesiredWithinRange", "the desired count is within the acceptable range")
TOO_FEW: Verdict = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
TOO_MANY: Verdict = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
UP_LIMIT: Verdict = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
DOWN_LIMIT: Verdict = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
HIGHEST: Verdict = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
)
LOWEST: Verdict = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)


class Moment(NamedTuple):
    """A number of replicas at a moment of emulated time: one that was recommended, or by how many they changed."""

    at: float
    replicas: int


@dataclass(slots=True)
class Memory:
    """What is remembered of one autoscaler."""

    recommended: list[Moment] = field(default_factory=list)
    grown: list[Moment] = field(default_factory=list)
    shrunk: list[Moment] = field(default_factory=list)

    def forget(self, now: float, seconds: float) -> None:
        """Drop what is too old to count."""
        for moments in (self.recommended, self.grown, self.shrunk):
            moments[:] = [moment for moment in moments if moment.at > now - seconds]


@dataclass(frozen=True, slots=True)
class Normalized:
    """How many there will be, whether something limits that, and why."""

    replicas: int
    limited: bool
    limit: Verdict
    able: Verdict


def normalize(spec: Mapping[str, Any], memory: Memory, current: int, desired: int, now: float) -> Normalized:
    """What may be done now of what is desired, by the spec of an autoscaler. Notes the recommendation."""
    low, high, behavior = spec.get("minReplicas", 1), spec["maxReplicas"], spec.get("behavior")
    memory.recommended.append(Moment(now, desired))
    if behavior is None:
        return _by_default(memory, current, desired, low, high, now)
    return _by_behavior(behavior, memory, current, low, high, now)


def _by_default(memory: Memory, current: int, desired: int, low: int, high: int, now: float) -> Normalized:
    stable = max(_since(memory.recommended, now, DOWNSCALE_STABILIZATION_SECONDS), default=desired)
    fastest = max(SCALE_UP_FACTOR * current, SCALE_UP_MIN)
    ceiling, reason = (fastest, UP_LIMIT) if high > fastest else (high, TOO_MANY)
    replicas, limit = stable, WITHIN
    if stable < low:
        replicas, limit = low, TOO_FEW
    elif stable > ceiling:
        replicas, limit = ceiling, reason
    return Normalized(replicas, replicas != stable, limit, HIGHEST if stable != desired else READY)


def _by_behavior(
    behavior: Mapping[str, Rules], memory: Memory, current: int, low: int, high: int, now: float
) -> Normalized:
    up, down = behavior["scaleUp"], behavior["scaleDown"]
    desired = memory.recommended[-1].replicas
    down_window = down.get("stabilizationWindowSeconds")
    least = min(_since(memory.recommended, now, up.get("stabilizationWindowSeconds") or 0), default=desired)
    most = max(
        _since(memory.recommended, now, DOWNSCALE_STABILIZATION_SECONDS if down_window is None else down_window),
        default=desired,
    )
    least, most = min(least, desired), max(most, desired)
    stable = least if current < least else most if current > most else current
    able = READY if stable == desired else HIGHEST if stable > desired else LOWEST
    replicas, limit = stable, WITHIN
    if stable > current:
        fastest = max(_up_limit(up, memory, current, now), current)
        ceiling, reason = (fastest, UP_LIMIT) if high > fastest else (high, TOO_MANY)
        if stable > ceiling:
            replicas, limit = ceiling, reason
    elif stable < current:
        slowest = min(_down_limit(down, memory, current, now), current)
        floor, reason = (slowest, DOWN_LIMIT) if low < slowest else (low, TOO_FEW)
        if stable < floor:
            replicas, limit = floor, reason
    return Normalized(replicas, replicas != stable, limit, able)


def _up_limit(rules: Rules, memory: Memory, current: int, now: float) -> int:
    def limit(policy: Rules) -> int:
        began = current - sum(_since(memory.grown, now, policy["periodSeconds"]))
        began += sum(_since(memory.shrunk, now, policy["periodSeconds"]))
        if policy["type"] == "Pods":
            return began + int(policy["value"])
        return math.ceil(began * (1 + int(policy["value"]) / 100))

    return _chosen(rules, limit, current, max, min)


def _down_limit(rules: Rules, memory: Memory, current: int, now: float) -> int:
    def limit(policy: Rules) -> int:
        began = current + sum(_since(memory.shrunk, now, policy["periodSeconds"]))
        began -= sum(_since(memory.grown, now, policy["periodSeconds"]))
        if policy["type"] == "Pods":
            return began - int(policy["value"])
        return int(began * (1 - policy["value"] / 100))

    return _chosen(rules, limit, current, min, max)


def _chosen(
    rules: Rules,
    limit: Callable[[Rules], int],
    current: int,
    widest: Callable[[Iterable[int]], int],
    tightest: Callable[[Iterable[int]], int],
) -> int:
    select = rules.get("selectPolicy", "Max")
    if select == "Disabled":
        return current
    limits: Sequence[int] = [limit(policy) for policy in rules["policies"]]
    return tightest(limits) if select == "Min" else widest(limits)


def _since(moments: Sequence[Moment], now: float, seconds: float) -> list[int]:
    return [moment.replicas for moment in moments if moment.at > now - seconds]
