"""Claims, volumes and classes as the scheduler knows them, and its writes to bind them for a node.

Upstream: framework/plugins/volumebinding/binder.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minikube_lite.controllers.scheduler.volumes import VolumePlan
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.informer import Handler, Informer
from minikube_lite.machinery.meta import copy_object, is_pod_terminal
from minikube_lite.machinery.pod_indexes import CLAIM_INDEX, index_by_claim
from minikube_lite.machinery.resources import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    STORAGE_CLASSES,
    GroupVersionResource,
)
from minikube_lite.machinery.volumes import BOUND_BY_CONTROLLER, SELECTED_NODE, annotations_of, claims_of_pod
from minikube_lite.store import Object

InformerFactory = Callable[[GroupVersionResource, Handler | None], Informer]


class KnownStorage:
    """An implementation of Storage on informers."""

    def __init__(self, informer: InformerFactory, pods: Informer) -> None:
        self._pods = pods
        index_by_claim(pods)
        self._promised: dict[str, str] = {}
        """The uid of the claim to which each volume is promised and not seen bound yet."""
        self._claims = informer(PERSISTENT_VOLUME_CLAIMS, None)
        self._volumes = informer(PERSISTENT_VOLUMES, self._volume_changed)
        self._classes = informer(STORAGE_CLASSES, None)

    def _volume_changed(self, old: Object | None, new: Object | None) -> None:
        volume = new or old
        assert volume is not None
        if new is None or new["spec"].get("claimRef"):
            self._promised.pop(volume["metadata"]["name"], None)

    # Reading

    def claim(self, namespace: str, name: str) -> Object | None:
        """A claim."""
        return self._claims.get(namespace, name)

    def volume(self, name: str) -> Object | None:
        """A volume."""
        return self._volumes.get("", name)

    def storage_class(self, name: str) -> Object | None:
        """A class."""
        return self._classes.get("", name)

    def free_volumes(self) -> Sequence[Object]:
        """All volumes but those that are promised."""
        return [volume for volume in self._volumes if volume["metadata"]["name"] not in self._promised]

    def is_claim_used(self, namespace: str, name: str, pod_uid: str) -> bool:
        """Whether another pod that has a node uses the claim."""
        return any(
            pod["metadata"]["uid"] != pod_uid and pod["spec"].get("nodeName") and not is_pod_terminal(pod)
            for pod in self._pods.by_index(CLAIM_INDEX, f"{namespace}/{name}")
        )

    def pods_of_claim(self, claim: Object) -> list[Object]:
        """The pods that use a claim."""
        metadata = claim["metadata"]
        return self._pods.by_index(CLAIM_INDEX, f"{metadata['namespace']}/{metadata['name']}")

    def claims_of(self, pod: Object) -> list[Object | None]:
        """The claims of a pod, None for each that is not there."""
        return [self.claim(pod["metadata"]["namespace"], name) for name in claims_of_pod(pod)]

    def is_refused(self, claims: Sequence[Object | None], node: str) -> bool:
        """Whether a claim is gone, or its provisioner took back that its volume is made for the node."""
        for claim in claims:
            if claim is None:
                return True
            chosen = annotations_of(claim).get(SELECTED_NODE)
            if not claim["spec"].get("volumeName") and chosen != node and not self._is_promised(claim):
                return True
        return False

    def _is_promised(self, claim: Object) -> bool:
        uid = claim["metadata"]["uid"]
        reserved = [(volume["spec"].get("claimRef") or {}).get("uid") for volume in self._volumes]
        return uid in self._promised.values() or uid in reserved

    # Writing

    async def bind(self, client: Client, plan: VolumePlan, node: str) -> None:
        """Reserve the volumes that were found, and have the others made."""
        for claim, volume in plan.bind:
            self._promised[volume["metadata"]["name"]] = claim["metadata"]["uid"]
        try:
            for claim, volume in plan.bind:
                await client.update(PERSISTENT_VOLUMES, "", _reserved(volume, claim))
            for claim in plan.provision:
                new = copy_object(claim)
                new["metadata"].setdefault("annotations", {})[SELECTED_NODE] = node
                await client.update(PERSISTENT_VOLUME_CLAIMS, claim["metadata"]["namespace"], new)
        except BaseException:
            for _, volume in plan.bind:
                self._promised.pop(volume["metadata"]["name"], None)
            raise


def _reserved(volume: Object, claim: Object) -> Object:
    new: Object = copy_object(volume)
    metadata = claim["metadata"]
    if not new["spec"].get("claimRef"):
        new["metadata"].setdefault("annotations", {})[BOUND_BY_CONTROLLER] = "yes"
    new["spec"]["claimRef"] = {
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "v1",
        "resourceVersion": metadata["resourceVersion"],
    }
    return new
