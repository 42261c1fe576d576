"""How a set is updated, by how many pods at a time: pure; upstream: rollingUpdate of daemon/update.go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from minikube_lite.machinery.int_or_string import scaled_value
from minikube_lite.store import Object

Pods = tuple[Object | None, Object | None]
"""A node's pod of an earlier template, and that of the newest one."""


def amount_of(daemon_set: Object, part: str, nodes: int) -> int:
    """`maxUnavailable` or `maxSurge` for so many nodes; percentages are rounded up."""
    strategy = daemon_set["spec"].get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate") or {} if strategy.get("type") == "RollingUpdate" else {}
    return scaled_value(rolling.get(part), nodes, round_up=True)


@dataclass(frozen=True, slots=True)
class Rolling:
    """An update. `pods` has None for a node that has more pods of one template than it may have."""

    pods: Mapping[str, Pods | None]
    should_run: Mapping[str, bool]
    max_unavailable: int
    max_surge: int
    desired: int
    is_available: Callable[[Object], bool]

    def plan(self) -> tuple[list[str], list[Object]]:
        """The nodes that get a new pod, and the pods that are deleted."""
        return self._with_surge() if self.max_surge else ([], self._without_surge())

    def _without_surge(self) -> list[Object]:
        """Old pods that are not available go at once; others as far as it leaves enough available."""
        limit = self.max_unavailable if self.max_unavailable or not self.desired else 1
        unavailable = 0
        allowed: list[Object] = []
        candidates: list[Object] = []
        for pods in self.pods.values():
            old, new = pods or (None, None)
            if new is None and old is not None:
                if self.is_available(old):
                    candidates.append(old)
                    continue
                allowed.append(old)
                unavailable += 1
            elif new is None or old is not None or not self.is_available(new):
                unavailable += 1
        return allowed + candidates[: max(0, limit - unavailable)]

    def _with_surge(self) -> tuple[list[str], list[Object]]:
        """New pods beside old ones, as many at a time as may surge; a node that lost its old pod anyway does not count."""
        delete: list[Object] = []
        leaving: list[Object] = []
        allowed: list[str] = []
        candidates: list[str] = []
        surge = available = 0
        for name, pods in self.pods.items():
            if pods is None:
                surge += 1
                continue
            old, new = pods
            shown = old or new
            available += shown is not None and self.is_available(shown)
            if old is None:
                continue
            if new is not None:
                if self.is_available(new):
                    delete.append(old)
                else:
                    surge += 1
            elif not self.should_run[name]:
                (leaving if self.is_available(old) else delete).append(old)
            elif self.is_available(old):
                candidates.append(name)
            else:
                allowed.append(name)
        delete += leaving[: max(0, available - self.desired)]
        return allowed + candidates[: max(0, self.max_surge - surge)], delete
