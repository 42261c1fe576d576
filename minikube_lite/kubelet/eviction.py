"""What a node under pressure does: its conditions, whom it refuses, whom it evicts; upstream: pkg/kubelet/eviction.

Pods here use nothing that could be measured, so those of one quality of service and priority go in the order in which they came last.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from minikube_lite.clock import Timer
from minikube_lite.kubelet.admission import Refusal
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.phase import TERMINAL_PHASES
from minikube_lite.kubelet.state import PodState
from minikube_lite.machinery.pod_resources import pod_qos
from minikube_lite.store import Object

Pressure = Literal["MemoryPressure", "DiskPressure", "PIDPressure"]
MONITORING_SECONDS = 10.0
"""How often a node under pressure evicts a pod (upstream's monitoringInterval)."""
TRANSITION_SECONDS = 300.0
"""How long a condition stays after its pressure is over (--eviction-pressure-transition-period)."""
CRITICAL_PRIORITY = 2_000_000_000
"""Pods of that priority are neither refused nor evicted."""
EVICTED = "Evicted"


class Signal(NamedTuple):
    """What a pressure is about: the resource, how its threshold is told, and the reasons of its condition when true and false."""

    resource: str
    threshold: str
    true_reason: str
    true_message: str
    false_reason: str
    false_message: str
    true_event: str
    false_event: str


SIGNALS: dict[Pressure, Signal] = {
    "MemoryPressure": Signal(
        "memory",
        " Threshold quantity: 100Mi, available: 0. ",
        "KubeletHasInsufficientMemory",
        "kubelet has insufficient memory available",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
        "NodeHasInsufficientMemory",
        "NodeHasSufficientMemory",
    ),
    "DiskPressure": Signal(
        "ephemeral-storage",
        " Threshold quantity: 26317421Ki, available: 0. ",
        "KubeletHasDiskPressure",
        "kubelet has disk pressure",
        "KubeletHasNoDiskPressure",
        "kubelet has no disk pressure",
        "NodeHasDiskPressure",
        "NodeHasNoDiskPressure",
    ),
    "PIDPressure": Signal(
        "pids",
        "",
        "KubeletHasInsufficientPID",
        "kubelet has insufficient PID available",
        "KubeletHasSufficientPID",
        "kubelet has sufficient PID available",
        "NodeHasInsufficientPID",
        "NodeHasSufficientPID",
    ),
}


def rank(states: Iterable[PodState], pressure: Pressure) -> list[PodState]:
    """Those that may be evicted, who goes first first."""
    candidates = [state for state in states if _may_be_evicted(state)]

    def place(state: PodState) -> tuple[bool, int, float, str]:
        spared = pressure != "PIDPressure" and pod_qos(state.pod) != "BestEffort"
        return spared, state.pod["spec"].get("priority", 0), -state.start_time, state.key

    return sorted(candidates, key=place)


def _may_be_evicted(state: PodState) -> bool:
    ends = state.gone or state.failure is not None or "deletionTimestamp" in state.pod["metadata"]
    return not ends and not _ended(state.pod) and not _is_critical(state.pod)


def _ended(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in TERMINAL_PHASES


def _is_critical(pod: Object) -> bool:
    return bool(pod["spec"].get("priority", 0) >= CRITICAL_PRIORITY)


def refuse_under(pressures: Iterable[Pressure], pod: Object) -> Refusal | None:
    """Why a node under these pressures does not take a pod; None when it does. Upstream: managerImpl.Admit."""
    conditions = sorted(pressures)
    if not conditions or _is_critical(pod):
        return None
    if conditions == ["MemoryPressure"] and (pod_qos(pod) != "BestEffort" or _tolerates_memory_pressure(pod)):
        return None
    return Refusal(EVICTED, f"The node had condition: [{' '.join(conditions)}]. ")


def _tolerates_memory_pressure(pod: Object) -> bool:
    return any(
        one.get("key", "") in ("", "node.kubernetes.io/memory-pressure")
        and one.get("effect", "") in ("", "NoSchedule")
        and (one.get("operator") == "Exists" or not one.get("value"))
        for one in pod["spec"].get("tolerations") or ()
    )


class EvictionManager:
    """The pressures of one node. While there is none it costs nothing."""

    def __init__(self, host: Host, pods: dict[str, PodState]) -> None:
        self._host = host
        self._pods = pods
        self._causes: dict[Pressure, dict[str, None]] = {}
        self._fading: dict[Pressure, Timer] = {}
        self._timer: Timer | None = None

    def stop(self) -> None:
        """Watch no more."""
        for timer in (*self._fading.values(), self._timer):
            if timer is not None:
                timer.cancel()

    @property
    def conditions(self) -> list[Pressure]:
        """The conditions of the node that are true."""
        return [pressure for pressure in SIGNALS if pressure in self._causes or pressure in self._fading]

    def begin(self, pressure: Pressure, cause: str) -> None:
        """The node runs out of something."""
        self._causes.setdefault(pressure, {})[cause] = None
        fading = self._fading.pop(pressure, None)
        if fading is not None:
            fading.cancel()
        self._host.changed("")
        if self._timer is None:
            self._synchronize()

    def end(self, pressure: Pressure, cause: str) -> None:
        """That is over, as far as this cause goes; the condition stays for a while."""
        causes = self._causes.get(pressure, {})
        causes.pop(cause, None)
        if pressure in self._causes and not causes:
            del self._causes[pressure]
            self._fading[pressure] = self._host.clock.call_later(TRANSITION_SECONDS, self._faded, pressure)

    def _faded(self, pressure: Pressure) -> None:
        del self._fading[pressure]
        self._host.changed("")

    def _synchronize(self) -> None:
        """Evict one pod, the first in rank of the first pressure that has one."""
        self._timer = None
        for pressure in self._causes:
            ranked = rank(self._pods.values(), pressure)
            if ranked:
                self._evict(ranked[0], SIGNALS[pressure])
                break
        if self._causes:
            self._timer = self._host.clock.call_later(MONITORING_SECONDS, self._synchronize)

    def _evict(self, state: PodState, signal: Signal) -> None:
        message = f"The node was low on resource: {signal.resource}.{signal.threshold or ' '}"
        state.failure = (EVICTED, message)
        state.disruption = message
        state.kill_grace = 0.0
        self._host.events.pod(state, "Warning", EVICTED, message)
        self._host.changed(state.uid)
