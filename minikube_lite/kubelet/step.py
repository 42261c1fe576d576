"""What a kubelet does next for a pod: a pure decision from what it sees and holds; upstream: computePodActions.

A pod's life on a node: volumes mounted → sandbox with an address → init containers one by one → the others, started
again with back-off as the restart policy says → all ended, or told to end → containers stopped → sandbox removed →
a terminal phase reported → its deletion confirmed, if it was deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from minikube_lite.kubelet.phase import TERMINAL_PHASES
from minikube_lite.kubelet.state import (
    BackOff,
    Container,
    ContainerField,
    PodState,
    container_specs,
    needs_restart,
    should_restart,
)
from minikube_lite.kubelet.status import pod_status
from minikube_lite.machinery.pod_resources import is_sidecar
from minikube_lite.store import Object

GRACE_PERIOD_SECONDS_MIN = 1.0
"""What a container is given at least; upstream gives two."""
DEADLINE_EXCEEDED = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


@dataclass(frozen=True, slots=True)
class MountVolumes:
    """Make the pod's volumes ready."""


@dataclass(frozen=True, slots=True)
class CreateSandbox:
    """Give the pod its address."""


@dataclass(frozen=True, slots=True)
class StartContainer:
    """Start a container. `back_off` is noted for its next restart."""

    name: str
    back_off: BackOff | None = None


@dataclass(frozen=True, slots=True)
class StopContainer:
    """Stop a container within the grace period."""

    name: str
    grace_seconds: float
    message: str = ""


@dataclass(frozen=True, slots=True)
class FailPod:
    """Decide that the pod failed."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class RemoveSandbox:
    """Give back the pod's address, with all that is still under way."""


@dataclass(frozen=True, slots=True)
class ConfirmDeletion:
    """Tell the API that nothing of the deleted pod is left; needs the reported status to be terminal."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Nothing is left of the pod, in the API or here."""


Action = (
    MountVolumes | CreateSandbox | StartContainer | StopContainer | FailPod | RemoveSandbox | ConfirmDeletion | Forget
)


@dataclass(frozen=True, slots=True)
class Step:
    """What to report, what to do, when to look again at the latest, and why."""

    status: Object
    actions: Sequence[Action]
    reason: str
    requeue_at: float | None = None


def step(pod: Object, state: PodState, now: float, host_ip: str) -> Step:
    """The next step of a pod. `pod` is the object by which to decide, as the API last showed it."""
    deciding = _decide(pod, state, now)
    ended = deciding.ended and not state.running and not state.starting and state.sandbox in ("", "removed")
    status: Object = pod.get("status", {})
    if state.containers or status.get("phase") not in TERMINAL_PHASES:
        status = pod_status(pod, state, now, host_ip, ended=ended)
    return Step(status, deciding.actions, deciding.reason, deciding.requeue_at)


@dataclass(slots=True)
class _Decision:
    actions: list[Action]
    reason: str
    requeue_at: float | None = None
    ended: bool = False


def _decide(pod: Object, state: PodState, now: float) -> _Decision:
    why = _why_it_ends(pod, state)
    if why:
        return _end(pod, state, now, why)
    deadline = _deadline(pod, state)
    if deadline is not None and now >= deadline:
        return _Decision([FailPod(*DEADLINE_EXCEEDED)], "it ran longer than its activeDeadlineSeconds")
    if not state.mounted:
        return _Decision([MountVolumes()], "its volumes are not mounted", deadline)
    if not state.sandbox:
        return _Decision([CreateSandbox()], "it has no sandbox", deadline)
    if state.sandbox == "creating":
        return _Decision([], "its sandbox is being created", deadline)
    decision = _run(pod, state, now)
    decision.requeue_at = _earlier(decision.requeue_at, deadline)
    return decision


def _why_it_ends(pod: Object, state: PodState) -> str:
    """Why nothing of the pod may run any more; empty when it may."""
    if state.gone:
        return "the API no longer has it"
    if "deletionTimestamp" in pod["metadata"]:
        return "it is deleted"
    if pod.get("status", {}).get("phase") in TERMINAL_PHASES:
        return "it ended"
    if state.failure:
        return "it failed"
    if all(_is_final(pod, state, spec, "containers") for spec in pod["spec"]["containers"]):
        return "its containers ended"
    for spec in pod["spec"].get("initContainers") or ():
        container = state.containers.get(spec["name"])
        if (
            _is_final(pod, state, spec, "initContainers")
            and container is not None
            and container.exit is not None
            and container.exit.code
            and container.sandbox == state.sandboxes
        ):
            return f"its init container {spec['name']} failed"
    return ""


def _main(pod: Object, state: PodState) -> list[Container]:
    """The main containers that were started in the sandbox of now."""
    found = [state.containers.get(spec["name"]) for spec in pod["spec"]["containers"]]
    return [one for one in found if one is not None and one.sandbox == state.sandboxes]


def _is_final(pod: Object, state: PodState, spec: Object, where: ContainerField) -> bool:
    container = state.containers.get(spec["name"])
    return (
        container is not None
        and container.exit is not None
        and not should_restart(pod, spec, where, container.exit.code)
    )


def _end(pod: Object, state: PodState, now: float, why: str) -> _Decision:
    """Stop what runs, clean up, tell the API: each when the one before is done."""
    grace = pod_grace_seconds(pod) if state.kill_grace is None else state.kill_grace
    if state.running:
        inits = [spec["name"] for spec in pod["spec"].get("initContainers") or ()]
        late = [one.name for one in state.running if one.stop_by is None or one.stop_by > now + grace]
        late.sort(key=lambda name: inits.index(name) if name in inits else len(inits), reverse=True)
        return _Decision(
            [StopContainer(name, grace) for name in late], f"{why}: its containers are being stopped", ended=True
        )
    if state.starting or state.sandbox in ("creating", "ready"):
        return _Decision([RemoveSandbox()], f"{why}: its sandbox is removed", ended=True)
    if state.gone:
        return _Decision([Forget()], why, ended=True)
    metadata = pod["metadata"]
    if "deletionTimestamp" in metadata and metadata.get("deletionGracePeriodSeconds"):
        return _Decision([ConfirmDeletion()], "it is deleted and nothing of it runs", ended=True)
    return _Decision([], why, ended=True)


def pod_grace_seconds(pod: Object) -> float:
    """What the containers of a pod are given to end."""
    metadata = pod["metadata"]
    grace = metadata.get("deletionGracePeriodSeconds") if "deletionTimestamp" in metadata else None
    if grace is None:
        grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
    return max(float(grace), GRACE_PERIOD_SECONDS_MIN)


def _deadline(pod: Object, state: PodState) -> float | None:
    seconds = pod["spec"].get("activeDeadlineSeconds")
    return state.start_time + seconds if seconds is not None else None


def _run(pod: Object, state: PodState, now: float) -> _Decision:
    """Start what is due, and restart what ended or is unhealthy."""
    initialized = bool(_main(pod, state)) or any(spec["name"] in state.starting for spec in pod["spec"]["containers"])
    actions: list[Action] = []
    requeue_at: float | None = None
    for spec, where in container_specs(pod):
        is_init = where == "initContainers"
        if is_init and initialized and not is_sidecar(spec):
            continue
        action, again_at = _container(pod, state, spec, where, now)
        requeue_at = _earlier(requeue_at, again_at)
        if action is not None:
            actions.append(action)
        if _is_before_its_hook(state, spec, action):
            return _Decision(actions, f"the postStart hook of {spec['name']} is not done", requeue_at)
        if is_init and not initialized and not _is_initialized(state, spec):
            return _Decision(actions, f"init container {spec['name']} is not done", requeue_at)
    return _Decision(actions, "its containers run" if not actions else "containers are started or stopped", requeue_at)


def _is_before_its_hook(state: PodState, spec: Object, action: Action | None) -> bool:
    """Whether a container has a postStart hook that is still to come, for which the containers after it wait."""
    if "postStart" not in spec.get("lifecycle", {}):
        return False
    container = state.containers.get(spec["name"])
    is_starting = spec["name"] in state.starting or (container is not None and container.starting)
    return is_starting or isinstance(action, StartContainer)


def _is_initialized(state: PodState, spec: Object) -> bool:
    """Whether the containers after an init container may start."""
    container = state.containers.get(spec["name"])
    if container is None or spec["name"] in state.starting or container.sandbox != state.sandboxes:
        return False
    if is_sidecar(spec):
        return container.exit is None and container.started
    return container.exit is not None and container.exit.code == 0


def _container(
    pod: Object, state: PodState, spec: Object, where: ContainerField, now: float
) -> tuple[Action | None, float | None]:
    """What to do about one container, and when to look again."""
    name = spec["name"]
    container, waiting = state.containers.get(name), state.waiting.get(name)
    if name in state.starting:
        return None, None
    if waiting is not None and now < waiting.retry_at:
        return None, waiting.retry_at
    if container is None or (where == "initContainers" and container.sandbox != state.sandboxes):
        return StartContainer(name), None
    if container.exit is None:
        if container.unhealthy and container.stop_by is None:
            text = f"Container {name} failed {container.unhealthy} probe"
            if should_restart(pod, spec, where, 137):
                text += ", will be restarted"
            own = spec.get(f"{container.unhealthy}Probe", {}).get("terminationGracePeriodSeconds")
            grace = pod_grace_seconds(pod) if own is None else max(float(own), GRACE_PERIOD_SECONDS_MIN)
            return StopContainer(name, grace, text), None
        if container.stop_by is None and needs_restart(
            spec, container.resources, state.allocation.resources.get(name, {})
        ):
            return StopContainer(name, pod_grace_seconds(pod), f"Container {name} resize requires restart"), None
        return None, None
    if not should_restart(pod, spec, where, container.exit.code):
        return None, None
    end = state.back_off_end(name, now)
    if end is not None:
        return None, end
    return StartContainer(name, state.next_back_off(name, now)), None


def _earlier(one: float | None, other: float | None) -> float | None:
    return min((when for when in (one, other) if when is not None), default=None)
