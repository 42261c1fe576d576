"""Which nodes should run a set's pod, and the pod for one node: pure; upstream: NodeShouldRunDaemonPod, daemonset_util.go.

The scheduler binds the pods: each asks by its affinity for the one node that it is made for.
"""

from __future__ import annotations

from typing import NamedTuple

from minikube_lite.controllers.history.revisions import DAEMON_SET_HASH_LABEL, OwnerKind
from minikube_lite.controllers.pod_control import pod_from_template
from minikube_lite.controllers.scheduler.terms import NodeAffinity, untolerated_taint
from minikube_lite.machinery.resources import DAEMON_SETS
from minikube_lite.store import Object

KIND = "DaemonSet"
HASH_LABEL = DAEMON_SET_HASH_LABEL
REVISIONS = OwnerKind(DAEMON_SETS, KIND, HASH_LABEL, limit_counts_used=True)
GENERATION_LABEL = "pod-template-generation"
GENERATION_ANNOTATION = "deprecated.daemonset.template.generation"

NODE_NAME_FIELD = "metadata.name"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_TOLERATED = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
_TOLERATED_BY_HOST_NETWORK = ("node.kubernetes.io/network-unavailable", "NoSchedule")


class Placement(NamedTuple):
    """Whether a node should get a pod of the set, and whether one that runs there may stay."""

    should_run: bool
    may_stay: bool


NOWHERE = Placement(False, False)


class NodeFilter:
    """What a set's template says about nodes, read once for all of them."""

    def __init__(self, daemon_set: Object) -> None:
        spec: Object = daemon_set["spec"]["template"].get("spec") or {}
        self._node_name: str = spec.get("nodeName") or ""
        self._affinity = NodeAffinity.of(spec)
        self._tolerations = daemon_tolerations(spec)

    def placement(self, node: Object | None) -> Placement:
        """What the set wants of the node; nothing of one that is not there."""
        if node is None or self._node_name not in ("", node["metadata"]["name"]) or not self._affinity.matches(node):
            return NOWHERE
        taints = node["spec"].get("taints") or ()
        if untolerated_taint(taints, self._tolerations, ("NoExecute",)) is not None:
            return NOWHERE
        return Placement(untolerated_taint(taints, self._tolerations, ("NoSchedule",)) is None, True)


def daemon_tolerations(spec: Object) -> list[Object]:
    """The template's tolerations, and those that let a daemon stay where other pods do not."""
    needed = (*_TOLERATED, _TOLERATED_BY_HOST_NETWORK) if spec.get("hostNetwork") else _TOLERATED
    found: list[Object] = list(spec.get("tolerations") or ())
    places = {_identity(toleration): place for place, toleration in enumerate(found)}
    for key, effect in needed:
        toleration = {"key": key, "operator": "Exists", "effect": effect}
        place = places.get(_identity(toleration))
        if place is None:
            found.append(toleration)
        else:
            found[place] = toleration  # without an end to it
    return found


def _identity(toleration: Object) -> tuple[str, ...]:
    return tuple(toleration.get(part) or "" for part in ("key", "operator", "effect", "value"))


def template_generation(daemon_set: Object) -> str | None:
    """How often the template changed, as an annotation that only old pods need tells; None where it is no number."""
    text = (daemon_set["metadata"].get("annotations") or {}).get(GENERATION_ANNOTATION, "")
    return str(int(text)) if text.isascii() and text.removeprefix("-").isdigit() else None


def new_pod(daemon_set: Object, node_name: str, revision_hash: str) -> Object:
    """The set's pod for one node."""
    pod = pod_from_template(daemon_set, DAEMON_SETS, KIND, daemon_set["spec"]["template"])
    labels, spec = pod["metadata"]["labels"], pod["spec"]
    generation = template_generation(daemon_set)
    if generation is not None:
        labels[GENERATION_LABEL] = generation
    labels[HASH_LABEL] = revision_hash
    spec["tolerations"] = daemon_tolerations(spec)
    affinity = spec["affinity"] = spec.get("affinity") or {}
    node_affinity = affinity["nodeAffinity"] = affinity.get("nodeAffinity") or {}
    condition = {"key": NODE_NAME_FIELD, "operator": "In", "values": [node_name]}
    node_affinity[_REQUIRED] = {"nodeSelectorTerms": [{"matchFields": [condition]}]}
    return pod


def target_node(pod: Object) -> str:
    """The node that the pod is on, or is made for; "" where that cannot be said."""
    spec = pod["spec"]
    if spec.get("nodeName"):
        return str(spec["nodeName"])
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    for term in (affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ():
        for condition in term.get("matchFields") or ():
            if condition["key"] == NODE_NAME_FIELD and condition["operator"] == "In":
                values = condition.get("values") or []
                return values[0] if len(values) == 1 else ""
    return ""


def is_updated(daemon_set: Object, pod: Object, revision_hash: str) -> bool:
    """Whether the pod was made from the set's newest template."""
    labels = pod["metadata"].get("labels") or {}
    generation = template_generation(daemon_set)
    return bool(
        labels.get(HASH_LABEL) == revision_hash
        or (generation is not None and labels.get(GENERATION_LABEL) == generation)
    )
