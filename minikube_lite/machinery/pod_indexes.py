"""The indexes of pods that several parts ask for, kept once; upstream: the indexers of the shared pod informer."""

from __future__ import annotations

from minikube_lite.machinery.informer import Informer
from minikube_lite.machinery.volumes import claims_of_pod
from minikube_lite.store import Object

NODE_INDEX = "node"
"""By the name of the node that a pod is assigned to."""
CLAIM_INDEX = "claim"
"""By the keys of the claims that a pod uses."""


def index_by_node(pods: Informer) -> None:
    """Keep the index of nodes."""
    pods.add_index(NODE_INDEX, node_names)


def index_by_claim(pods: Informer) -> None:
    """Keep the index of claims."""
    pods.add_index(CLAIM_INDEX, claim_keys)


def node_names(pod: Object) -> tuple[str, ...]:
    """The node that the pod is assigned to, if any."""
    name = pod["spec"].get("nodeName")
    return (name,) if name else ()


def claim_keys(pod: Object) -> list[str]:
    """The keys of the claims that the pod uses."""
    namespace = pod["metadata"]["namespace"]
    return [f"{namespace}/{name}" for name in claims_of_pod(pod)]
