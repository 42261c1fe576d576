"""How pods are shown in a table; upstream: printPod in pkg/printers/internalversion/printers.go."""

from __future__ import annotations

from typing import Any

from minikube_lite.api.columns import AGE, NAME, NONE, or_none, value_at
from minikube_lite.machinery.ages import since
from minikube_lite.machinery.kind import Column, FieldText
from minikube_lite.machinery.meta import NODE_LOST, find_condition, is_deleting, is_pod_ready, is_pod_terminal
from minikube_lite.machinery.pod_resources import is_sidecar
from minikube_lite.store import Object

REASON_SCHEDULING_GATED = "SchedulingGated"

_ROW_CONDITIONS = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}


def row_conditions(pod: Object) -> list[dict[str, Any]]:
    """What a table says of a pod that has ended."""
    phase = (pod.get("status") or {}).get("phase") or ""
    if phase not in _ROW_CONDITIONS:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": _ROW_CONDITIONS[phase]}]


class _Summary:
    """What the columns Ready, Status and Restarts say of a pod."""

    def __init__(self, pod: Object) -> None:
        self._spec: Object = pod.get("spec") or {}
        self._status: Object = pod.get("status") or {}
        init_containers = self._spec.get("initContainers") or ()
        self._sidecars = frozenset(item["name"] for item in init_containers if is_sidecar(item))
        self.total = len(self._spec.get("containers") or ()) + len(self._sidecars)
        self.ready = self.restarts = self._sidecar_restarts = 0
        self.last_restart = self._last_sidecar_restart = ""
        self.reason: str = self._status.get("reason") or self._status.get("phase") or ""
        scheduled = find_condition(pod, "PodScheduled")
        if scheduled and scheduled.get("reason") == REASON_SCHEDULING_GATED:
            self.reason = REASON_SCHEDULING_GATED
        initialized = find_condition(pod, "Initialized")
        if not self._initializing() or (initialized and initialized["status"] == "True"):
            self._look_at_containers(pod)
        if self._status.get("reason") == NODE_LOST:
            self.reason = "Unknown"  # of old, and not only once the pod is deleted
        elif is_deleting(pod) and not is_pod_terminal(pod):
            self.reason = "Terminating"

    def _initializing(self) -> bool:
        """Whether an init container is not through yet; it then says what the pod is doing."""
        for position, container in enumerate(self._status.get("initContainerStatuses") or ()):
            sidecar = container.get("name") in self._sidecars
            self._count_restarts(container, sidecar=sidecar)
            state = container.get("state") or {}
            terminated, waiting = state.get("terminated"), state.get("waiting") or {}
            if terminated is not None and not terminated.get("exitCode"):
                continue
            if sidecar and container.get("started"):
                self.ready += bool(container.get("ready"))
                continue
            if terminated is not None:
                self.reason = f"Init:{_end_of(terminated)}"
            elif waiting.get("reason") and waiting["reason"] != "PodInitializing":
                self.reason = f"Init:{waiting['reason']}"
            else:
                self.reason = f"Init:{position}/{len(self._spec.get('initContainers') or ())}"
            return True
        return False

    def _look_at_containers(self, pod: Object) -> None:
        self.restarts, self.last_restart = self._sidecar_restarts, self._last_sidecar_restart
        running, failure = False, ""
        for container in reversed(self._status.get("containerStatuses") or ()):
            self._count_restarts(container, sidecar=False)
            state = container.get("state") or {}
            waiting_for = (state.get("waiting") or {}).get("reason")
            if waiting_for:
                self.reason = waiting_for
            elif state.get("terminated") is not None:
                self.reason = _end_of(state["terminated"])
                if state["terminated"].get("exitCode"):
                    failure = self.reason
            elif container.get("ready") and state.get("running") is not None:
                running = True
                self.ready += 1
        if self.reason == "Completed":
            if running and is_pod_ready(pod):
                self.reason = "Running"
            elif failure:
                self.reason = failure
            elif running:
                self.reason = "NotReady"

    def _count_restarts(self, container: Object, *, sidecar: bool) -> None:
        count = container.get("restartCount") or 0
        terminated = (container.get("lastState") or {}).get("terminated") or {}
        ended = terminated.get("finishedAt") or ""
        self.restarts += count
        self.last_restart = max(self.last_restart, ended)
        if sidecar:
            self._sidecar_restarts += count
            self._last_sidecar_restart = max(self._last_sidecar_restart, ended)


def _end_of(terminated: Object) -> str:
    """How a container ended, in a word."""
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode') or 0}"


def _ready(pod: Object, _now: float) -> str:
    summary = _Summary(pod)
    return f"{summary.ready}/{summary.total}"


def _status(pod: Object, _now: float) -> str:
    return _Summary(pod).reason


def _restarts(pod: Object, now: float) -> str:
    summary = _Summary(pod)
    if not summary.restarts or not summary.last_restart:
        return str(summary.restarts)
    return f"{summary.restarts} ({since(summary.last_restart, now)} ago)"


def _address(pod: Object, _now: float) -> str:
    addresses = value_at(pod, ("status", "podIPs"), ())
    return or_none(addresses[0].get("ip")) if addresses else NONE


def _node(pod: Object, _now: float) -> str:
    return or_none(value_at(pod, ("spec", "nodeName")))


def _nominated_node(pod: Object, _now: float) -> str:
    return or_none(value_at(pod, ("status", "nominatedNodeName")))


def _readiness_gates(pod: Object, _now: float) -> str:
    gates = value_at(pod, ("spec", "readinessGates"), ())
    if not gates:
        return NONE
    conditions = [find_condition(pod, gate.get("conditionType") or "") for gate in gates]
    fulfilled = sum(1 for condition in conditions if condition and condition["status"] == "True")
    return f"{fulfilled}/{len(gates)}"


COLUMNS = (
    NAME,
    Column("Ready", _ready, description="The aggregate readiness state of this pod for accepting traffic."),
    Column("Status", _status, description="The aggregate status of the containers in this pod."),
    Column(
        "Restarts",
        _restarts,
        description="The number of times the containers in this pod have been restarted"
        " and when the last container in this pod has restarted.",
    ),
    AGE,
    Column("IP", _address, priority=1, description=FieldText("io.k8s.api.core.v1.PodStatus", "podIP")),
    Column("Node", _node, priority=1, description=FieldText("io.k8s.api.core.v1.PodSpec", "nodeName")),
    Column(
        "Nominated Node",
        _nominated_node,
        priority=1,
        description=FieldText("io.k8s.api.core.v1.PodStatus", "nominatedNodeName"),
    ),
    Column(
        "Readiness Gates",
        _readiness_gates,
        priority=1,
        description=FieldText("io.k8s.api.core.v1.PodSpec", "readinessGates"),
    ),
)
