"""How fast nodes of a zone may be tainted so that their pods leave, and when not at all.

Upstream: ComputeZoneState, handleDisruption, scheduler/rate_limited_queue.go. So many nodes that fail at once are more
likely the control plane's own trouble than theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from minikube_lite.store import Object

ZoneState = Literal["Initial", "Normal", "FullDisruption", "PartialDisruption"]

EVICTION_BURST = 1

REGION_LABEL = "topology.kubernetes.io/region"
ZONE_LABEL = "topology.kubernetes.io/zone"


def zone_of(node: Object) -> str:
    """The zone of a node, "" for none."""
    labels = node["metadata"].get("labels") or {}
    region, zone = labels.get(REGION_LABEL, ""), labels.get(ZONE_LABEL, "")
    return f"{region}:{zone}" if region or zone else ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Upstream's --node-eviction-rate, --secondary-node-eviction-rate (nodes a second), --unhealthy-zone-threshold (a share) and
    --large-cluster-size-threshold (nodes).
    """

    eviction_rate: float = 0.1
    secondary_eviction_rate: float = 0.01
    unhealthy_share: float = 0.55
    large_zone: int = 50

    @classmethod
    def of(cls, options: Any) -> Thresholds:
        """Those that the cluster's options set."""
        return cls(
            options.node_eviction_rate,
            options.secondary_node_eviction_rate,
            options.unhealthy_zone_threshold,
            options.large_cluster_size_threshold,
        )


DEFAULT_THRESHOLDS = Thresholds()


def zone_state(ready: Sequence[bool], thresholds: Thresholds = DEFAULT_THRESHOLDS) -> ZoneState:
    """How it stands with a zone of which these nodes are, or are not, ready."""
    lost = len(ready) - sum(ready)
    if lost and lost == len(ready):
        return "FullDisruption"
    if lost > 2 and lost / len(ready) >= thresholds.unhealthy_share:
        return "PartialDisruption"
    return "Normal"


def eviction_rate(state: ZoneState, nodes: int, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> float:
    """How many nodes a second are tainted; none in a small zone where most are lost."""
    if state != "PartialDisruption":
        return thresholds.eviction_rate
    return thresholds.secondary_eviction_rate if nodes > thresholds.large_zone else 0.0


class TokenBucket:
    """Accepts so many a second, the first at once."""

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._tokens = float(EVICTION_BURST) if rate else 0.0
        self._last = now

    def try_accept(self, now: float) -> bool:
        """Whether one more may pass."""
        self._tokens = min(self._tokens + (now - self._last) * self.rate, EVICTION_BURST)
        self._last = now
        # Sums of tenths are not exact.
        if self._tokens < 1 - 1e-9:
            return False
        self._tokens -= 1
        return True

    def seconds_to_next(self) -> float | None:
        """When the next may pass; None for never."""
        return max(1 - self._tokens, 0.0) / self.rate if self.rate else None


class TaintQueue:
    """The nodes of a zone that wait for their NoExecute taint. One that had its turn is remembered until it is removed."""

    def __init__(self, now: float, rate: float) -> None:
        self._known: dict[str, None] = {}
        self.waiting: dict[str, None] = {}
        self.limiter = TokenBucket(rate, now)

    def add(self, node: str) -> bool:
        """Let a node wait, unless it is known."""
        if node in self._known:
            return False
        self._known[node] = self.waiting[node] = None
        return True

    def remove(self, node: str) -> None:
        """Forget a node."""
        self._known.pop(node, None)
        self.waiting.pop(node, None)

    def swap_limiter(self, rate: float, now: float) -> None:
        """Go on at another rate; a full bucket is no gift to those who had to wait."""
        if rate != self.limiter.rate:
            saturated = not self.limiter.try_accept(now)
            self.limiter = TokenBucket(rate, now)
            if saturated:
                self.limiter.try_accept(now)


@dataclass(frozen=True, slots=True)
class DisruptionChange:
    """What follows from how the zones stand now."""

    states: dict[str, ZoneState]
    rates: dict[str, float] = field(default_factory=dict)
    mode: Literal["", "enter", "leave"] = ""
    """Whether all nodes are lost as of now, or no longer."""


def disruption(
    states: Mapping[str, ZoneState],
    ready: Mapping[str, Sequence[bool]],
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> DisruptionChange:
    """From the zones' states before and their nodes now."""
    new: dict[str, ZoneState] = {zone: zone_state(nodes, thresholds) for zone, nodes in ready.items()}
    old: dict[str, ZoneState] = {zone: states.get(zone, "Initial") for zone in new}
    all_lost = all(state == "FullDisruption" for state in new.values())
    all_were_lost = all(state == "FullDisruption" for state in old.values())
    if not new or (all_lost and all_were_lost):
        return DisruptionChange(old)
    if all_lost:
        return DisruptionChange(new, dict.fromkeys(new, 0.0), "enter")
    changed = [zone for zone in new if all_were_lost or new[zone] != old[zone]]
    rates = {zone: eviction_rate(new[zone], len(ready[zone]), thresholds) for zone in changed}
    return DisruptionChange(new, rates, "leave" if all_were_lost else "")
