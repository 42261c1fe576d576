"""What the parts of one fake node share: its name, addresses, network, client and directories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any, Literal

from minikube_lite.clock import Clock
from minikube_lite.kubelet.images import ImageStore
from minikube_lite.kubelet.pace import Pace
from minikube_lite.kubelet.state import PodState, container_specs
from minikube_lite.machinery.decisions import Decisions
from minikube_lite.machinery.events import EventRecorder, ObjectReference
from minikube_lite.machinery.faults import Faults
from minikube_lite.machinery.informer import Informer
from minikube_lite.machinery.instances import Instances
from minikube_lite.machinery.resources import PODS
from minikube_lite.network.addresses import AddressPool
from minikube_lite.network.client import LinkedClient
from minikube_lite.network.fabric import Network
from minikube_lite.programs.registry import Programs
from minikube_lite.programs.volumes import VolumeDirectories

EVENTS_HELD_MAX = 1000
"""Events that a cut-off node keeps until they get through; the oldest go first."""

EventType = Literal["Normal", "Warning"]


@dataclass(frozen=True, slots=True)
class Caches:
    """What a kubelet watches beside its pods."""

    nodes: Informer
    claims: Informer
    volumes: Informer
    services: Informer


class HostEvents:
    """Events of one node, which wait while its link to the API is cut."""

    def __init__(self, recorder: EventRecorder, client: LinkedClient) -> None:
        self._recorder = recorder
        self._link = client.link
        self._held: list[tuple[ObjectReference, EventType, str, str]] = []
        self._link.watch(self._link_changed)

    def pod(self, state: PodState, event_type: EventType, reason: str, message: str, container: str = "") -> None:
        """Report something about a pod, or about one of its containers."""
        field_path = ""
        if container:
            fields = [where for spec, where in container_specs(state.pod) if spec["name"] == container]
            field_path = f"spec.{fields[0] if fields else 'containers'}{{{container}}}"
        self.report(ObjectReference.of(state.pod, PODS, "Pod", field_path), event_type, reason, message)

    def report(self, about: ObjectReference, event_type: EventType, reason: str, message: str) -> None:
        """Report something about any object."""
        if self._link.up:
            self._recorder.event(about, event_type, reason, message)
        else:
            self._held.append((about, event_type, reason, message))
            del self._held[:-EVENTS_HELD_MAX]

    def _link_changed(self, up: bool) -> None:
        if up:
            held, self._held = self._held, []
            for event in held:
                self._recorder.event(*event)


@dataclass(slots=True)
class Host:
    """One fake node."""

    name: str
    index: int
    ip: str
    pod_network: IPv4Network
    client: LinkedClient
    clock: Clock
    network: Network
    volumes: VolumeDirectories
    programs: Programs
    pace: Pace
    caches: Caches
    events: HostEvents
    instances: Instances
    faults: Faults
    decisions: Decisions
    options: Any
    changed: Callable[[str], None]
    """Called with a pod's uid when something about it changed on the node."""
    addresses: AddressPool = field(init=False)
    images: ImageStore = field(init=False)

    @property
    def component(self) -> str:
        """Who decides here."""
        return f"kubelet of {self.name}"

    def because(self, state: PodState, text: str) -> None:
        """Note why a pod is as it is."""
        self.decisions.note(self.component, PODS, state.namespace, state.name, "", text, self.clock.now())

    def __post_init__(self) -> None:
        self.addresses = AddressPool(self.pod_network)
        self.images = ImageStore()
