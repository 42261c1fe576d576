"""The status that a kubelet reports for a pod, from what it holds; upstream: kubelet_pods.go, status/generate.go.

Everything here is pure. Others' conditions, and the times of those that did not change, come from the API's object.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minikube_lite.clock import format_time
from minikube_lite.kubelet.phase import TERMINAL_PHASES, Statuses, pod_phase
from minikube_lite.kubelet.state import Container, ContainerField, Exit, PodState, should_restart
from minikube_lite.machinery.pod_resources import is_sidecar
from minikube_lite.store import Object

OWN_CONDITIONS = (
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
    "PodResizePending",
    "PodResizeInProgress",
)
OWN_FIELDS = (
    "phase", "conditions", "hostIP", "hostIPs", "podIP", "podIPs", "startTime", "reason", "message",
    "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses", "observedGeneration",
)  # fmt: skip
UNKNOWN_STATE: Object = {
    "terminated": {
        "exitCode": 137,
        "reason": "ContainerStatusUnknown",
        "message": "The container could not be located when the pod was terminated",
        "startedAt": None,
        "finishedAt": None,
    }
}
"""A container of which nothing is known any more; it counts as failed."""


def pod_status(pod: Object, state: PodState, now: float, host_ip: str, *, ended: bool) -> Object:
    """The whole status. `ended` says that nothing runs any more and nothing will."""
    old: Object = pod.get("status", {})
    init_statuses = _container_statuses(pod, state, now, "initContainers")
    statuses = _container_statuses(pod, state, now, "containers")
    phase = pod_phase(pod, Statuses(init_statuses, statuses), ended)
    if old.get("phase") in TERMINAL_PHASES:
        phase = old["phase"]
    elif ended:
        phase = _final_phase(pod, state, phase, statuses)
    elif phase in TERMINAL_PHASES and state.running:
        phase = old.get("phase", "Pending")
    status = {name: value for name, value in old.items() if name not in OWN_FIELDS}
    status["phase"] = phase
    reason, message = state.failure if state.failure and phase == "Failed" else ("", "")
    if phase in TERMINAL_PHASES and not reason and old.get("phase") == phase:
        reason, message = old.get("reason", ""), old.get("message", "")
    for name, text in (("reason", reason), ("message", message)):
        if text:
            status[name] = text
    status["conditions"] = _conditions(pod, state, Statuses(init_statuses, statuses), phase, now)
    status["hostIP"], status["hostIPs"] = host_ip, [{"ip": host_ip}]
    if state.ip:
        status["podIP"], status["podIPs"] = state.ip, [{"ip": state.ip}]
    status["startTime"] = old.get("startTime") or format_time(state.start_time)
    if init_statuses:
        status["initContainerStatuses"] = init_statuses
    status["containerStatuses"] = statuses
    if ephemeral := _container_statuses(pod, state, now, "ephemeralContainers"):
        status["ephemeralContainerStatuses"] = ephemeral
    generation = max(pod["metadata"].get("generation", 0), old.get("observedGeneration", 0))
    if generation:
        status["observedGeneration"] = generation
    return status


def _final_phase(pod: Object, state: PodState, phase: str, statuses: list[Object]) -> str:
    """A pod that ended has a terminal phase; once it was initialized, containers that never came up count as failed."""
    if not pod["spec"].get("initContainers") or any("waiting" not in status["state"] for status in statuses):
        for status in statuses:
            if "waiting" in status["state"]:
                status["state"] = UNKNOWN_STATE
    return phase if phase in TERMINAL_PHASES and not state.failure else "Failed"


def _container_statuses(pod: Object, state: PodState, now: float, where: ContainerField) -> list[Object]:
    specs = pod["spec"].get(where) or ()
    waits_for_init = bool(pod["spec"].get("initContainers"))
    default = "PodInitializing" if waits_for_init else "ContainerCreating"
    found = [_container_status(pod, state, spec, now, where, default) for spec in specs]
    return found if where == "initContainers" else sorted(found, key=lambda status: str(status["name"]))


def _container_status(
    pod: Object, state: PodState, spec: Object, now: float, where: ContainerField, default: str
) -> Object:
    name = spec["name"]
    container, waiting = state.containers.get(name), state.waiting.get(name)
    status: Object = {
        "name": name,
        "image": container.image if container else spec.get("image", ""),
        "imageID": container.image_id if container else "",
        "ready": False,
        "restartCount": container.restart_count if container else 0,
        "started": False,
        "state": {"waiting": {"reason": default}},
        "lastState": {},
        "resources": container.resources if container else spec.get("resources", {}),
    }
    if spec.get("volumeMounts"):
        status["volumeMounts"] = [_volume_mount(mount) for mount in spec["volumeMounts"]]
    if container is not None:
        status["containerID"] = container.id
        if requests := state.allocation.resources.get(name, {}).get("requests"):
            status["allocatedResources"] = requests
        _fill(status, container, default)
        if where == "initContainers" and not is_sidecar(spec):
            status["ready"] = container.exit is not None and container.exit.code == 0
    restarts = container is None or container.exit is None or should_restart(pod, spec, where, container.exit.code)
    if waiting is not None and restarts:
        _wait(status, container, {"reason": waiting.reason, "message": waiting.message})
    elif container is not None and restarts and state.back_off_end(name, now) is not None and not _stops(pod, state):
        delay = _go_duration(state.back_offs[name].delay)
        text = f"back-off {delay} restarting failed container={name} pod={pod_text(pod)}"
        _wait(status, container, {"reason": "CrashLoopBackOff", "message": text})
    if where == "ephemeralContainers":
        status["ready"] = False
        del status["started"]
    return status


def _stops(pod: Object, state: PodState) -> bool:
    return state.gone or state.failure is not None or "deletionTimestamp" in pod["metadata"]


def _fill(status: Object, container: Container, default: str) -> None:
    if container.starting:
        status["state"] = {"waiting": {"reason": default}}
    elif container.exit is None:
        status["state"] = {"running": {"startedAt": format_time(container.started_at)}}
        status["started"], status["ready"] = container.started, container.started and container.ready
    else:
        status["state"] = {"terminated": _terminated(container.exit)}
    if container.previous is not None:
        status["lastState"] = {"terminated": _terminated(container.previous)}


def _wait(status: Object, container: Container | None, waiting: Object) -> None:
    status["state"] = {"waiting": waiting}
    status["ready"] = status["started"] = False
    if container is not None and container.exit is not None:
        status["lastState"] = {"terminated": _terminated(container.exit)}


def _terminated(exited: Exit) -> Object:
    terminated: Object = {
        "exitCode": exited.code,
        "reason": exited.reason,
        "startedAt": format_time(exited.started_at),
        "finishedAt": format_time(exited.finished_at),
        "containerID": exited.container_id,
    }
    if exited.message:
        terminated["message"] = exited.message
    return terminated


def _volume_mount(mount: Object) -> Object:
    shown: Object = {"name": mount["name"], "mountPath": mount["mountPath"]}
    if mount.get("readOnly"):
        shown["readOnly"], shown["recursiveReadOnly"] = True, "Disabled"
    return shown


# Conditions


def _conditions(pod: Object, state: PodState, statuses: Statuses, phase: str, now: float) -> list[Object]:
    old = {condition["type"]: condition for condition in pod.get("status", {}).get("conditions") or ()}
    own = (*OWN_CONDITIONS, "DisruptionTarget") if state.disruption else OWN_CONDITIONS
    conditions = [condition for condition in old.values() if condition["type"] not in own]
    containers_ready = _containers_ready(pod, statuses, phase)
    wanted: list[tuple[str, bool, str, str]] = [
        ("PodReadyToStartContainers", state.sandbox == "ready", "", ""),
        ("Initialized", *_initialized(pod, statuses, phase)),
        ("Ready", *_ready(pod, conditions, containers_ready)),
        ("ContainersReady", *containers_ready),
        ("PodScheduled", True, "", ""),
    ]
    generation = pod["metadata"].get("generation", 0)
    for condition_type, true, reason, message in wanted:
        previous, value = old.get(condition_type), "True" if true else "False"
        condition: Object = {"type": condition_type, "status": value, "lastProbeTime": None}
        unchanged = previous is not None and previous["status"] == value and previous.get("lastTransitionTime")
        condition["lastTransitionTime"] = previous["lastTransitionTime"] if unchanged and previous else format_time(now)
        if generation:
            condition["observedGeneration"] = generation
        if reason:
            condition["reason"] = reason
        if message:
            condition["message"] = message
        conditions.append(condition)
    return [*conditions, *_passing_conditions(state, old, now)]


def _passing_conditions(state: PodState, old: dict[str, Object], now: float) -> Iterator[Object]:
    """What stands only where it is so: a resize waits or is under way, the node ends the pod."""
    wanted: list[tuple[str, str, str, int]] = []
    if state.disruption:
        generation = state.pod["metadata"].get("generation", 0)
        wanted.append(("DisruptionTarget", "TerminationByKubelet", state.disruption, generation))
    if state.pending_resize is not None:
        pending = state.pending_resize
        wanted.append(("PodResizePending", pending.reason, pending.message, pending.generation))
    if state.resizing is not None:
        wanted.append(("PodResizeInProgress", "", "", state.resizing))
    for name, reason, message, generation in wanted:
        before = old.get(name)
        since = before["lastTransitionTime"] if before is not None else format_time(now)
        condition: Object = {"type": name, "status": "True", "lastProbeTime": since, "lastTransitionTime": since}
        if generation:
            condition["observedGeneration"] = generation
        yield condition | {key: text for key, text in (("reason", reason), ("message", message)) if text}


def _initialized(pod: Object, statuses: Statuses, phase: str) -> tuple[bool, str, str]:
    if phase == "Succeeded":
        return True, "PodCompleted", ""
    if any(
        "running" in status["state"] or status["lastState"] or "terminated" in status["state"]
        for status in statuses.main
    ):
        return True, "", ""
    by_name = {status["name"]: status for status in statuses.init}
    incomplete = [
        spec["name"]
        for spec in pod["spec"].get("initContainers") or ()
        if not by_name[spec["name"]]["started" if is_sidecar(spec) else "ready"]
    ]
    if incomplete:
        return False, "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(incomplete)}]"
    return True, "", ""


def _containers_ready(pod: Object, statuses: Statuses, phase: str) -> tuple[bool, str, str]:
    if phase in TERMINAL_PHASES:
        return False, "PodCompleted" if phase == "Succeeded" else "PodFailed", ""
    by_name = {status["name"]: status for status in (*statuses.init, *statuses.main)}
    specs: list[Any] = [spec for spec in pod["spec"].get("initContainers") or () if is_sidecar(spec)]
    unready = [spec["name"] for spec in (*specs, *pod["spec"]["containers"]) if not by_name[spec["name"]]["ready"]]
    if unready:
        return False, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    return True, "", ""


def _ready(pod: Object, others: list[Object], containers_ready: tuple[bool, str, str]) -> tuple[bool, str, str]:
    if not containers_ready[0]:
        return containers_ready
    values = {condition["type"]: condition["status"] for condition in others}
    faults = []
    for gate in pod["spec"].get("readinessGates") or ():
        name = gate["conditionType"]
        if name not in values:
            faults.append(f'corresponding condition of pod readiness gate "{name}" does not exist.')
        elif values[name] != "True":
            faults.append(f'the status of pod readiness gate "{name}" is not "True", but {values[name]}')
    return (False, "ReadinessGatesNotReady", ", ".join(faults)) if faults else (True, "", "")


def pod_text(pod: Object) -> str:
    """A pod as kubelet's messages name it: `kubia-0_default(uid)`."""
    metadata = pod["metadata"]
    return f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"


def _go_duration(seconds: float) -> str:
    """A duration as Go prints it: `10s`, `1m20s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
