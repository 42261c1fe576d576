"""PodGCController: removes pods whose node is gone, and the oldest of too many that have ended.

Upstream: pkg/controller/podgc.
"""

from __future__ import annotations

from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.meta import copy_object, find_condition, is_deleting, is_pod_terminal
from minikube_lite.machinery.pod_indexes import NODE_INDEX, index_by_node
from minikube_lite.machinery.resources import NODES, PODS
from minikube_lite.store import Object

CHECK_PERIOD_SECONDS = 20.0
QUARANTINE_SECONDS = 40.0
"""How long a node may be missing before its pods go."""
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
"""The taint by which somebody says that a node is off: its pods that wait for a kubelet's word then go without it."""
ENDED, UNCONFIRMED = "/ended", "/unconfirmed"
"""Keys that stand for all pods that have ended, and for those whose deletion nobody will confirm; no node is called so."""


class PodGCController(Controller):
    """One loop over names of nodes that are missing. Deletes without grace, because no kubelet can confirm."""

    name = "pod-garbage-collector"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._threshold: int = context.options.terminated_pod_gc_threshold
        self._started = self.clock.now()
        self._ended: set[str] = set()
        self._nodes = self.informer(NODES, self._node_changed)
        self._pods = self.informer(PODS)
        index_by_node(self._pods)
        self._pods.add_handler(self._pod_changed)

    def _check_later(self, key: str) -> None:
        """Look with the next of upstream's periodic checks."""
        passed = (self.clock.now() - self._started) % CHECK_PERIOD_SECONDS
        self.queue.add_after(key, CHECK_PERIOD_SECONDS - passed)

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        if new is None and old is not None and self._pods.by_index(NODE_INDEX, old["metadata"]["name"]):
            self.queue.add_after(old["metadata"]["name"], QUARANTINE_SECONDS)
        elif new is not None and _is_out_of_service(new) and not _is_out_of_service(old):
            self._check_later(UNCONFIRMED)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        before, after = _node_name(old), _node_name(new)
        if after and after != before and self._nodes.get("", after) is None:
            self.queue.add_after(after, QUARANTINE_SECONDS)
        if new is not None and is_deleting(new) and not (old is not None and is_deleting(old)):
            if not after or _is_out_of_service(self._nodes.get("", after)):
                self._check_later(UNCONFIRMED)
        uid = (new or old or {})["metadata"]["uid"]
        if new is None or not is_pod_terminal(new):
            self._ended.discard(uid)
            return
        self._ended.add(uid)
        if self._threshold and len(self._ended) > self._threshold:
            self._check_later(ENDED)

    async def sync(self, key: str) -> None:
        if key == ENDED:
            ended = [pod for pod in self._pods if is_pod_terminal(pod)]
            for pod in sorted(ended, key=_age_order)[: max(0, len(ended) - self._threshold)]:
                await self._delete(pod)
        elif key == UNCONFIRMED:
            for pod in sorted(self._unconfirmed(), key=_age_order):
                await self._delete(pod)
        elif not await self._node_exists(key):
            for pod in self._pods.by_index(NODE_INDEX, key):
                await self._delete(pod, self._orphaned(pod))

    def _unconfirmed(self) -> list[Object]:
        """Pods that are being deleted and have no node, or one that is out of service."""
        found = [pod for pod in self._pods if is_deleting(pod) and not _node_name(pod)]
        for node in self._nodes:
            if _is_out_of_service(node):
                found += [pod for pod in self._pods.by_index(NODE_INDEX, node["metadata"]["name"]) if is_deleting(pod)]
        return found

    async def _node_exists(self, name: str) -> bool:
        try:
            await self.client.get(NODES, "", name)
        except ApiError as error:
            if not is_not_found(error):
                raise
            return False
        return True

    async def _delete(self, pod: Object, condition: Object | None = None) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        try:
            if not is_pod_terminal(pod):
                await self.client.update(PODS, namespace, _failed(pod, condition), subresource="status")
            options = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
            await self.client.delete(PODS, namespace, name, options)
        except ApiError as error:
            if not is_not_found(error):
                raise

    def _orphaned(self, pod: Object) -> Object:
        return {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": self.clock.timestamp(),
            "reason": "DeletionByPodGC",
            "message": "PodGC: node no longer exists",
            "observedGeneration": pod["metadata"].get("generation", 1),
        }


def _failed(pod: Object, condition: Object | None) -> Object:
    new: Object = copy_object(pod)
    status = new.setdefault("status", {})
    status["phase"] = "Failed"
    if condition is not None:
        others = [item for item in status.get("conditions") or () if item["type"] != condition["type"]]
        status["conditions"] = [*others, condition]
    return new


def _is_out_of_service(node: Object | None) -> bool:
    """Whether a node is not ready, and somebody says that it is off."""
    if node is None or not any(taint["key"] == OUT_OF_SERVICE for taint in node["spec"].get("taints") or ()):
        return False
    ready = find_condition(node, "Ready")
    return ready is None or ready["status"] != "True"


def _node_name(pod: Object | None) -> str:
    return str(pod["spec"].get("nodeName", "")) if pod is not None else ""


def _age_order(pod: Object) -> tuple[bool, str, str]:
    """Evicted pods first, then by age."""
    evicted = pod.get("status", {}).get("reason") == "Evicted"
    return not evicted, pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]
