"""What a node has given its pods, and what it gives them when they are resized; upstream: pkg/kubelet/allocation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson

from minikube_lite.kubelet.admission import Refusal, refuse, requested
from minikube_lite.kubelet.eviction import EvictionManager, refuse_under
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.phase import TERMINAL_PHASES
from minikube_lite.kubelet.state import Allocation, PendingResize, PodState, container_specs, needs_restart
from minikube_lite.store import Object

DEFERRED = "Deferred"


class Allocator:
    """Takes pods onto one node while there is room, and resizes them."""

    def __init__(self, host: Host, pods: Mapping[str, PodState], eviction: EvictionManager) -> None:
        self._host = host
        self._pods = pods
        self._eviction = eviction

    def admit(self, state: PodState) -> None:
        """Take a pod that was bound to the node; one that does not fit fails."""
        wanted = _wanted(state.pod)
        if state.pod.get("status", {}).get("phase") not in TERMINAL_PHASES:
            refusal = refuse_under(self._eviction.conditions, state.pod) or self._refuse(state, wanted)
            if refusal is not None:
                self._host.events.pod(state, "Warning", refusal.reason, refusal.message)
                state.failure = (refusal.reason, f"Pod was rejected: {refusal.message}")
        state.allocation = wanted

    def review(self, state: PodState) -> None:
        """Give the pod what its spec asks for now if there is room, and note what is under way."""
        wanted = _wanted(state.pod)
        if wanted.resources == state.allocation.resources:
            state.pending_resize = None
        elif (refusal := self._refuse(state, wanted)) is None:
            state.allocation, state.pending_resize = wanted, None
            state.resizing = _generation(state.pod)
            self._host.events.pod(state, "Normal", "ResizeStarted", _message(state.pod, "started"))
            _apply(state)
        else:
            self._defer(state, refusal)
        if state.resizing is not None and all(
            one.resources == state.allocation.resources.get(one.name, {}) for one in state.running
        ):
            self._host.events.pod(
                state, "Normal", "ResizeCompleted", _message(state.pod, "completed", generation=state.resizing)
            )
            state.resizing = None

    def look_again(self) -> None:
        """A pod has gone: those that wait for room are looked at."""
        for uid, state in self._pods.items():
            if state.pending_resize is not None:
                self._host.changed(uid)

    def _defer(self, state: PodState, refusal: Refusal) -> None:
        generation = _generation(state.pod)
        before = state.pending_resize
        state.pending_resize = PendingResize(DEFERRED, refusal.message, generation)
        if before is None or before.generation != generation:
            text = _message(state.pod, DEFERRED, error=refusal.message)
            self._host.events.pod(state, "Warning", "ResizeDeferred", text)

    def _refuse(self, state: PodState, wanted: Allocation) -> Refusal | None:
        node = self._host.caches.nodes.get("", self._host.name)
        if node is None:
            return None
        return refuse(wanted.amounts, self._others(state), node["status"].get("allocatable") or {})

    def _others(self, state: PodState) -> Iterator[Mapping[str, int]]:
        for other in self._pods.values():
            ended = other.failure is not None or other.pod.get("status", {}).get("phase") in TERMINAL_PHASES
            if other is not state and not ended:
                yield other.allocation.amounts


def _wanted(pod: Object) -> Allocation:
    resources = {spec["name"]: spec.get("resources") or {} for spec, _ in container_specs(pod)}
    return Allocation(resources, requested(pod["spec"]))


def _apply(state: PodState) -> None:
    """Containers that need not restart for it have what they are given at once."""
    for spec, _ in container_specs(state.pod):
        container = state.containers.get(spec["name"])
        given = state.allocation.resources[spec["name"]]
        if container is not None and container.exit is None and not needs_restart(spec, container.resources, given):
            container.resources = given


def _generation(pod: Object) -> int:
    return int(pod["metadata"].get("generation", 0))


def _message(pod: Object, what: str, *, error: str = "", generation: int | None = None) -> str:
    summary: Object = {}
    for field in ("initContainers", "containers"):
        if pod["spec"].get(field):
            summary[field] = [_summary(container) for container in pod["spec"][field]]
    summary["generation"] = _generation(pod) if generation is None else generation
    if error:
        summary["error"] = error
    return f"Pod resize {what}: {orjson.dumps(summary).decode()}"


def _summary(container: Object) -> Object:
    resources = container.get("resources") or {}
    return {
        "name": container["name"],
        "resources": {
            sort: dict(sorted(resources[sort].items())) for sort in ("limits", "requests") if resources.get(sort)
        },
    }
