"""What a node knows of its pods: plain data that steps read and effects change; upstream: kubecontainer.PodStatus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from minikube_lite.machinery.meta import controller_of
from minikube_lite.machinery.pod_resources import is_sidecar
from minikube_lite.store import Object

ContainerField = Literal["ephemeralContainers", "initContainers", "containers"]
CONTAINER_FIELDS: tuple[ContainerField, ...] = ("ephemeralContainers", "initContainers", "containers")
"""Ephemeral containers wait for nobody; the containers proper wait for all init containers."""

BACK_OFF_SECONDS_MIN = 10.0
BACK_OFF_SECONDS_MAX = 300.0
BACK_OFF_RESET_SECONDS = 2 * BACK_OFF_SECONDS_MAX
"""A container that ran longer than this since its last restart begins anew with the shortest back-off."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a run of a container ended."""

    code: int
    reason: str
    started_at: float
    finished_at: float
    container_id: str
    message: str = ""


@dataclass(slots=True)
class Container:
    """The newest run of a container. `exit` is None while it runs."""

    name: str
    id: str
    image: str
    image_id: str
    started_at: float
    restart_count: int = 0
    sandbox: int = 0
    """In which of the pod's sandboxes it runs."""
    resources: Object = field(default_factory=dict)
    """What it runs with."""
    exit: Exit | None = None
    previous: Exit | None = None
    started: bool = False
    """Whether its startup probe, if it has one, succeeded."""
    ready: bool = False
    starting: bool = False
    """Whether its postStart hook is still running, so that it counts as being created."""
    unhealthy: str = ""
    """The probe (`liveness`, `startup`) that says that it has to be restarted."""
    stop_by: float | None = None
    """When it is killed at the latest; None while it may run."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a container cannot be started yet, and when to try again."""

    reason: str
    message: str
    retry_at: float


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a pod was given of its node: the resources of its containers by name, and what that comes to."""

    resources: Mapping[str, Object] = field(default_factory=dict)
    amounts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PendingResize:
    """Why a pod has not been given what its spec asks for since that generation."""

    reason: str
    message: str
    generation: int


@dataclass(frozen=True, slots=True)
class BackOff:
    """The delay that a container's next restart has, and when the last one was."""

    delay: float
    since: float


@dataclass(slots=True)
class PodState:
    """One pod on one node. `pod` is the object as this node last saw it; it is shared."""

    uid: str
    pod: Object
    start_time: float
    gone: bool = False
    """Whether the API no longer has the pod."""
    mounted: bool = False
    renew_tokens_at: float | None = None
    """When the first of the tokens in its volumes is to be renewed."""
    refresh_at: float | None = None
    """When volumes that are made from objects are to be written anew."""
    sandbox: Literal["", "creating", "ready", "removed"] = ""
    ip: str = ""
    containers: dict[str, Container] = field(default_factory=dict)
    starting: dict[str, None] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    back_offs: dict[str, BackOff] = field(default_factory=dict)
    allocation: Allocation = field(default_factory=Allocation)
    pending_resize: PendingResize | None = None
    resizing: int | None = None
    """The generation to which the pod is being resized."""
    failure: tuple[str, str] | None = None
    """Reason and message, where the node itself has decided that the pod failed."""
    disruption: str = ""
    """Why the node ends a pod that could have gone on, as the condition DisruptionTarget says it."""
    kill_grace: float | None = None
    """What its containers are given to end where the node decides that, in seconds."""
    sandboxes: int = 0
    """How many sandboxes it has had: what an earlier one ran is started again, init containers too."""
    owner: Object = field(default_factory=dict)
    """The reference to its controller, of now or the last one that it had."""

    def __post_init__(self) -> None:
        self.see(self.pod)

    def see(self, pod: Object) -> None:
        """The object, as the API shows it now."""
        self.pod = pod
        self.owner = controller_of(pod) or self.owner

    @property
    def owner_text(self) -> str:
        """The kind and name of its controller, as `StatefulSet/web`; empty where it never had one."""
        return f"{self.owner['kind']}/{self.owner['name']}" if self.owner else ""

    @property
    def namespace(self) -> str:
        """The pod's namespace."""
        return str(self.pod["metadata"]["namespace"])

    @property
    def name(self) -> str:
        """The pod's name."""
        return str(self.pod["metadata"]["name"])

    @property
    def key(self) -> str:
        """As messages name it."""
        return f"{self.namespace}/{self.name}"

    @property
    def running(self) -> list[Container]:
        """The containers that run."""
        return [container for container in self.containers.values() if container.exit is None]

    def back_off_end(self, name: str, now: float) -> float | None:
        """Until when an ended container must wait; None when it need not."""
        container, back_off = self.containers.get(name), self.back_offs.get(name)
        if container is None or container.exit is None or back_off is None:
            return None
        finished_at = container.exit.finished_at
        if finished_at - back_off.since > BACK_OFF_RESET_SECONDS or now >= finished_at + back_off.delay:
            return None
        return finished_at + back_off.delay

    def next_back_off(self, name: str, now: float) -> BackOff:
        """The back-off after the restart that happens now."""
        container, back_off = self.containers.get(name), self.back_offs.get(name)
        ended = container.exit.finished_at if container is not None and container.exit is not None else now
        if back_off is None or ended - back_off.since > BACK_OFF_RESET_SECONDS:
            return BackOff(BACK_OFF_SECONDS_MIN, now)
        return BackOff(min(back_off.delay * 2, BACK_OFF_SECONDS_MAX), now)


def container_specs(pod: Object) -> list[tuple[Object, ContainerField]]:
    """The containers in the order in which they start, and the field of the pod's spec that each stands in."""
    return [(container, field) for field in CONTAINER_FIELDS for container in pod["spec"].get(field) or ()]


def needs_restart(spec: Object, before: Object, after: Object) -> bool:
    """Whether a container's policy asks for a restart when these resources change."""
    restarting = [
        one["resourceName"] for one in spec.get("resizePolicy") or () if one["restartPolicy"] == "RestartContainer"
    ]
    return any(
        (before.get(sort) or {}).get(name) != (after.get(sort) or {}).get(name)
        for name in restarting
        for sort in ("requests", "limits")
    )


def should_restart(pod: Object, spec: Object, where: ContainerField, code: int) -> bool:
    """Whether a container that ended with that exit code is started again; upstream: podutil.ContainerShouldRestart."""
    if where == "ephemeralContainers":
        return False
    for rule in spec.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        if (code in (codes.get("values") or ())) == (codes.get("operator") == "In"):
            return bool(rule.get("action") == "Restart")
    policy = spec.get("restartPolicy") or pod["spec"].get("restartPolicy", "Always")
    if where == "initContainers" and policy == "Always" and not is_sidecar(spec):
        policy = "OnFailure"
    return policy == "Always" or (policy == "OnFailure" and code != 0)
