"""What to do for a set: pods to make and to delete, and its status; pure. Upstream: manage, rollingUpdate, updateDaemonSetStatus.

- First every node gets the pods that it should have, and loses those that it should not; only when nothing of that is
  left to do is the set updated.
- Without surge an old pod is deleted, and the node then lacks one. With surge the new pod comes first, and the old one
  goes when the new one is available.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from minikube_lite.controllers.daemonset.nodes import (
    HASH_LABEL,
    NOWHERE,
    NodeFilter,
    Placement,
    is_updated,
    target_node,
)
from minikube_lite.controllers.daemonset.rolling import Rolling, amount_of
from minikube_lite.controllers.pod_availability import is_available
from minikube_lite.machinery.events import Report
from minikube_lite.machinery.meta import is_deleting, is_pod_ready, is_pod_terminal
from minikube_lite.store import Object

BACK_OFF_SECONDS_MIN = 1.0
BACK_OFF_SECONDS_MAX = 900.0
PODS_A_SYNC_MAX = 250
"""So many pods are made, and so many deleted, before the set is looked at again; upstream: BurstReplicas."""


class BackOff(NamedTuple):
    """After which time since then the next failed pod on a node may be replaced."""

    delay: float
    since: float

    def next(self, now: float) -> BackOff:
        """The back-off after a replacement now; a long quiet begins anew."""
        if now - self.since > 2 * BACK_OFF_SECONDS_MAX:
            return BackOff(BACK_OFF_SECONDS_MIN, now)
        return BackOff(min(2 * self.delay, BACK_OFF_SECONDS_MAX), now)


@dataclass(frozen=True, slots=True)
class Observed:
    """All that a decision rests on. `back_offs` are by node."""

    daemon_set: Object
    nodes: Sequence[Object]
    pods: Sequence[Object]
    revision_hash: str
    back_offs: Mapping[str, BackOff]
    now: float


@dataclass(slots=True)
class Decision:
    """What one sync does. `back_offs` are those of nodes whose failed pod is deleted now."""

    status: Object
    create: list[str] = field(default_factory=list)
    """Names of nodes."""
    delete: list[Object] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    back_offs: dict[str, BackOff] = field(default_factory=dict)
    look_again_in: float | None = None


def decide(observed: Observed) -> Decision:
    """What this sync does."""
    return _Planner(observed).decide()


class _Planner:
    """One decision in the making."""

    def __init__(self, observed: Observed) -> None:
        self.observed = observed
        self.daemon_set = observed.daemon_set
        self.now = observed.now
        self.min_ready_seconds: int = self.daemon_set["spec"].get("minReadySeconds", 0)
        wanted = NodeFilter(self.daemon_set)
        self.placements = {node["metadata"]["name"]: wanted.placement(node) for node in observed.nodes}
        self.pods: dict[str, list[Object]] = {}
        for pod in sorted(observed.pods, key=_age_order):
            name = target_node(pod)
            if name and not (is_deleting(pod) and is_pod_terminal(pod)):
                self.pods.setdefault(name, []).append(pod)
        self.decision = Decision(self._status())

    def decide(self) -> Decision:
        decision = self.decision
        surges = amount_of(self.daemon_set, "maxSurge", 1) > 0
        for name, placement in self.placements.items():
            self._manage(name, placement, surges)
        for name, pods in self.pods.items():
            if name not in self.placements:
                decision.delete += [pod for pod in pods if not pod["spec"].get("nodeName")]
        strategy = self.daemon_set["spec"].get("updateStrategy") or {}
        if not decision.create and not decision.delete and strategy.get("type", "RollingUpdate") == "RollingUpdate":
            self._update()
        decision.create = decision.create[:PODS_A_SYNC_MAX]
        decision.delete = decision.delete[:PODS_A_SYNC_MAX]
        return decision

    # Every node its pods

    def _manage(self, name: str, placement: Placement, surges: bool) -> None:
        pods = self.pods.get(name, [])
        if placement.should_run and not pods:
            self.decision.create.append(name)
        elif placement.may_stay:
            running = self._without_ended(name, [pod for pod in pods if not is_deleting(pod)])
            if not surges:
                self.decision.delete += running[1:]
            elif not running and placement.should_run:
                self.decision.create.append(name)
            elif len(running) > 1:
                self.decision.delete += self._surplus(running)
        else:
            self.decision.delete += [pod for pod in pods if not is_deleting(pod)]

    def _without_ended(self, name: str, pods: Iterable[Object]) -> list[Object]:
        """The pods that have not ended; those that have are deleted, failed ones not too often."""
        running: list[Object] = []
        for pod in pods:
            phase, text = (
                pod.get("status", {}).get("phase"),
                f"{pod['metadata']['namespace']}/{pod['metadata']['name']}",
            )
            if phase == "Failed":
                self._replace_failed(name, pod, text)
            elif phase == "Succeeded":
                message = f"Found succeeded daemon pod {text} on node {name}, will try to delete it"
                self.decision.reports.append(Report("Normal", "SucceededDaemonPod", message))
                self.decision.delete.append(pod)
            else:
                running.append(pod)
        return running

    def _replace_failed(self, name: str, pod: Object, text: str) -> None:
        back_off = self.decision.back_offs.get(name) or self.observed.back_offs.get(name)
        if back_off is not None and self.now - back_off.since < back_off.delay:
            self._look_again(back_off.since + back_off.delay - self.now)
            return
        new = back_off.next(self.now) if back_off is not None else BackOff(BACK_OFF_SECONDS_MIN, self.now)
        self.decision.back_offs[name] = new
        message = f"Found failed daemon pod {text} on node {name}, will try to kill it"
        self.decision.reports.append(Report("Warning", "FailedDaemonPod", message))
        self.decision.delete.append(pod)

    def _surplus(self, running: list[Object]) -> list[Object]:
        """All but the oldest pod of the newest template and the oldest other one; of these two the latter when it may go."""
        label = self.observed.revision_hash
        new = [pod for pod in running if (pod["metadata"].get("labels") or {}).get(HASH_LABEL) == label]
        old = [pod for pod in running if pod not in new]
        surplus = [pod for pod in running if pod not in (*new[:1], *old[:1])]
        if new and old and (not is_pod_ready(old[0]) or self._is_available(new[0])):
            surplus.append(old[0])
        return surplus

    # The update

    def _update(self) -> None:
        wanted = [name for name, placement in self.placements.items() if placement.should_run]
        on_node = {name: self._old_and_new(self.pods.get(name, [])) for name in (*wanted, *self.pods)}
        rolling = Rolling(
            on_node,
            {name: self.placements.get(name, NOWHERE).should_run for name in on_node},
            amount_of(self.daemon_set, "maxUnavailable", len(wanted)),
            amount_of(self.daemon_set, "maxSurge", len(wanted)),
            len(wanted),
            self._is_available,
        )
        self.decision.create, self.decision.delete = rolling.plan()

    def _old_and_new(self, pods: Iterable[Object]) -> tuple[Object | None, Object | None] | None:
        """A node's pod of an earlier template and that of the newest; None where it has more of one of them."""
        found: tuple[list[Object], list[Object]] = ([], [])
        for pod in pods:
            if not is_deleting(pod):
                found[is_updated(self.daemon_set, pod, self.observed.revision_hash)].append(pod)
        old, new = found
        if len(old) > 1 or len(new) > 1:
            return None
        return old[0] if old else None, new[0] if new else None

    # The status

    def _status(self) -> Object:
        names = ("desiredNumberScheduled", "currentNumberScheduled", "numberMisscheduled", "numberReady")
        counts = dict.fromkeys((*names, "updatedNumberScheduled", "numberAvailable"), 0)
        for name, placement in self.placements.items():
            pods = self.pods.get(name)
            counts["desiredNumberScheduled"] += placement.should_run
            if pods and placement.should_run:
                counts["currentNumberScheduled"] += 1
                counts["numberReady"] += is_pod_ready(pods[0])
                counts["numberAvailable"] += self._is_available(pods[0])
                counts["updatedNumberScheduled"] += is_updated(self.daemon_set, pods[0], self.observed.revision_hash)
            elif pods:
                counts["numberMisscheduled"] += 1
        counts["numberUnavailable"] = counts["desiredNumberScheduled"] - counts["numberAvailable"]
        return {**counts, "observedGeneration": self.daemon_set["metadata"].get("generation", 0)}

    def _is_available(self, pod: Object) -> bool:
        return is_available(pod, self.min_ready_seconds, self.now)

    def _look_again(self, delay: float) -> None:
        known = self.decision.look_again_in
        self.decision.look_again_in = delay if known is None else min(known, delay)


def _age_order(pod: Object) -> tuple[bool, str, str]:
    """Pods that are on their node first, then the oldest."""
    metadata = pod["metadata"]
    return not pod["spec"].get("nodeName"), metadata["creationTimestamp"], metadata["name"]
