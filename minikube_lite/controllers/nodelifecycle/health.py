"""When a node was last heard of, and what its status says when that is too long ago: pure; upstream: tryUpdateNodeHealth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from minikube_lite.clock import parse_time
from minikube_lite.machinery.meta import NODE_LOST, copy_object, find_condition, is_pod_terminal
from minikube_lite.store import Object

WATCHED_CONDITIONS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
"""Those that a kubelet reports. NetworkUnavailable is the control plane's own."""

NEVER_POSTED: Mapping[str, str] = {
    "status": "Unknown",
    "reason": "NodeStatusNeverUpdated",
    "message": "Kubelet never posted node status.",
}
STOPPED: Mapping[str, str] = {
    "status": "Unknown",
    "reason": "NodeStatusUnknown",
    "message": "Kubelet stopped posting node status.",
}


@dataclass(frozen=True, slots=True)
class Health:
    """What was last seen of a node, and when there was last news of it."""

    ready: Object | None
    """The Ready condition as it was."""
    probed: float
    ready_since: float
    renewed: str = ""
    """The lease's renewTime as it was."""

    @property
    def is_ready(self) -> bool:
        """Whether the node was ready."""
        return self.ready is not None and self.ready["status"] == "True"


def observe(health: Health | None, node: Object, lease: Object | None, now: float) -> Health:
    """Take in the node and its lease as they are. News are dated by when they are seen: clocks of nodes may be wrong."""
    ready = find_condition(node, "Ready")
    saved = health.ready if health is not None else None
    if health is None and ready is None:
        created = parse_time(node["metadata"]["creationTimestamp"])
        health = Health(None, created, created)
    elif health is None or (saved is None) != (ready is None):
        health = Health(ready, now, now)
    elif ready is not None and saved is not None and _moment(saved) != _moment(ready):
        same = saved.get("lastTransitionTime") == ready.get("lastTransitionTime")
        health = Health(ready, now, health.ready_since if same else now)
    renewed = ((lease or {}).get("spec") or {}).get("renewTime") or ""
    if renewed and (not health.renewed or parse_time(health.renewed) < parse_time(renewed)):
        health = replace(health, renewed=renewed, probed=now)
    return health


def _moment(condition: Object) -> str | None:
    return condition.get("lastHeartbeatTime")


def lost_status(node: Object, now: str) -> Object | None:
    """The node with conditions that say that nobody knows; None where they say so already."""
    new: Object = copy_object(node)
    status = new.setdefault("status", {})
    conditions = status["conditions"] = status.get("conditions") or []
    for condition_type in WATCHED_CONDITIONS:
        condition = find_condition(new, condition_type)
        if condition is None:
            created = node["metadata"]["creationTimestamp"]
            conditions.append(
                {"type": condition_type, **NEVER_POSTED, "lastHeartbeatTime": created, "lastTransitionTime": now}
            )
        elif condition["status"] != "Unknown":
            condition.update(STOPPED, lastTransitionTime=now)
    return new if find_condition(new, "Ready") != find_condition(node, "Ready") else None


def lost_pod_status(pod: Object, now: str, *, says_lost: bool) -> Object:
    """What changes in the status of a pod whose node is not ready; empty for nothing.

    `says_lost` adds the reason that Kubernetes gave until 1.10, which kubectl shows as Unknown.
    """
    changes: Object = {}
    ready = find_condition(pod, "Ready")
    if ready is not None and ready["status"] != "False":
        changes["conditions"] = [{"type": "Ready", "status": "False", "lastTransitionTime": now}]
    if says_lost and not is_pod_terminal(pod) and pod.get("status", {}).get("reason") != NODE_LOST:
        name, node = pod["metadata"]["name"], pod["spec"].get("nodeName", "")
        changes |= {"reason": NODE_LOST, "message": f"Node {node} which was running pod {name} is unresponsive"}
    return changes
