"""On which nodes a pod can run, and why not on the others: pure; upstream: the default profile's Filter plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from minikube_lite.controllers.scheduler.affinity import AffinityState, NamespaceLabels, affinity_state
from minikube_lite.controllers.scheduler.cache import NodeInfo, PodInfo
from minikube_lite.controllers.scheduler.requests import fit_faults
from minikube_lite.controllers.scheduler.spreading import SpreadState, spread_state
from minikube_lite.controllers.scheduler.terms import tolerates, untolerated_taint
from minikube_lite.controllers.scheduler.volumes import PodVolumes, Storage, volume_faults
from minikube_lite.store import Object

UNSCHEDULABLE_TAINT: Object = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}

UNSCHEDULABLE_FAULT = "node(s) were unschedulable"
NAME_FAULT = "node(s) didn't match the requested node name"
TAINT_FAULT = "node(s) had untolerated taint(s)"
NODE_AFFINITY_FAULT = "node(s) didn't match Pod's node affinity/selector"
PORTS_FAULT = "node(s) didn't have free ports for the requested pod ports"


Blocker = Literal["claims", "volumes", "room", "neighbours", "node"]
"""What would have to change: the pod's claims, volumes, how much other pods take, which pods are where, a node."""


class Rejection(NamedTuple):
    """Why a node does not do, and whether it would not even without the pods that are there."""

    reasons: tuple[str, ...]
    unresolvable: bool = True
    blocker: Blocker = "node"


class PodState(NamedTuple):
    """A pod and what its filters need to know of the whole cluster."""

    pod: PodInfo
    volumes: PodVolumes
    spread: SpreadState | None
    affinity: AffinityState | None
    storage: Storage


def pod_state(
    pod: PodInfo, volumes: PodVolumes, nodes: Sequence[NodeInfo], namespace_labels: NamespaceLabels, storage: Storage
) -> PodState:
    """Look once over all nodes for what each node's filter asks."""
    return PodState(pod, volumes, spread_state(pod, nodes), affinity_state(pod, nodes, namespace_labels), storage)


def reject(state: PodState, info: NodeInfo) -> Rejection | None:
    """The first filter's reasons against a node; None where the pod can run."""
    pod, node = state.pod, info.node
    assert node is not None
    rejection = _reject_by_node(pod, node)
    if rejection is not None:
        return rejection
    if pod.host_ports and info.has_port_conflict(pod.host_ports):
        return Rejection((PORTS_FAULT,), unresolvable=False, blocker="room")
    faults = fit_faults(pod.request, info.requested, len(info.pods), info.allocatable)
    if faults:
        return Rejection(tuple(text for text, _ in faults), any(hopeless for _, hopeless in faults), "room")
    reasons = volume_faults(state.volumes, node, state.storage)
    if reasons:
        return Rejection(tuple(reasons), not state.volumes.in_use, "volumes")
    for part in (state.spread, state.affinity):
        fault = part.fault(info) if part is not None else None
        if fault is not None:
            return Rejection((fault[0],), fault[1], "neighbours")
    return None


def _reject_by_node(pod: PodInfo, node: Object) -> Rejection | None:
    """What the node says of itself."""
    spec, tolerations = node["spec"], pod.tolerations
    if spec.get("unschedulable") and not tolerates(tolerations, UNSCHEDULABLE_TAINT):
        return Rejection((UNSCHEDULABLE_FAULT,))
    wanted = pod.pod["spec"].get("nodeName")
    if wanted and wanted != node["metadata"]["name"]:
        return Rejection((NAME_FAULT,))
    if untolerated_taint(spec.get("taints") or (), tolerations, ("NoSchedule", "NoExecute")) is not None:
        return Rejection((TAINT_FAULT,))
    if not pod.node_affinity.matches(node):
        return Rejection((NODE_AFFINITY_FAULT,))
    return None
