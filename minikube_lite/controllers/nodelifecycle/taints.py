"""Which taints and labels a node should have by what it says of itself: pure; upstream: doNoScheduleTaintingPass, reconcileNodeLabels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minikube_lite.store import Object

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"

CONDITION_TAINTS: Mapping[tuple[str, str], str] = {
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
}
"""The taint that goes with a condition's type and status."""

LABEL_COPIES: Mapping[str, str] = {
    "kubernetes.io/os": "beta.kubernetes.io/os",
    "kubernetes.io/arch": "beta.kubernetes.io/arch",
}
"""Labels that also stand under a name of old."""


def no_schedule_changes(node: Object) -> tuple[list[Object], list[Object]]:
    """The NoSchedule taints to add and to remove, so that they say what the node's conditions say."""
    wanted: dict[str, None] = {}
    for condition in (node.get("status") or {}).get("conditions") or ():
        key = CONDITION_TAINTS.get((condition["type"], condition["status"]))
        if key is not None:
            wanted[key] = None
    if node["spec"].get("unschedulable"):
        wanted[UNSCHEDULABLE] = None
    ours = (*CONDITION_TAINTS.values(), UNSCHEDULABLE)
    taints: Sequence[Object] = node["spec"].get("taints") or ()
    present = [taint["key"] for taint in taints if taint["effect"] == "NoSchedule" and taint["key"] in ours]
    return (
        [{"key": key, "effect": "NoSchedule"} for key in wanted if key not in present],
        [{"key": key, "effect": "NoSchedule"} for key in present if key not in wanted],
    )


def label_changes(node: Object) -> dict[str, str]:
    """The labels of old that are missing or wrong."""
    labels = node["metadata"].get("labels") or {}
    return {
        copy: labels[label]
        for label, copy in LABEL_COPIES.items()
        if label in labels and labels.get(copy) != labels[label]
    }


def has_taint(node: Object, key: str, effect: str) -> bool:
    """Whether the node has a taint of that key and effect."""
    return any(taint["key"] == key and taint["effect"] == effect for taint in node["spec"].get("taints") or ())


def with_taints(taints: Sequence[Object], add: Sequence[Object], remove: Sequence[Object]) -> list[Object]:
    """The taints after a change; one of the same key, value and effect stays as it is."""
    removed = [(taint["key"], taint["effect"]) for taint in remove]
    result = [taint for taint in taints if (taint["key"], taint["effect"]) not in removed]
    present = [(taint["key"], taint["effect"]) for taint in result]
    return [*result, *(taint for taint in add if (taint["key"], taint["effect"]) not in present)]
