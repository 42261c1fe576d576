"""PodGCController: removes pods whose node is gone, and the oldest of too many that have ended.

Upstream: pkg/controller/podgc.
"""

from __future__ import annotations

from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.meta import copy_object, is_pod_terminal
from minikube_lite.machinery.pod_indexes import NODE_INDEX, index_by_node
from minikube_lite.machinery.resources import NODES, PODS
from minikube_lite.store import Object

CHECK_PERIOD_SECONDS = 20.0
QUARANTINE_SECONDS = 40.0
"""How long a node may be missing before its pods go."""
TERMINATED_PODS_MAX = 12_500
"""Upstream's --terminated-pod-gc-threshold."""
TERMINATED = "/terminated"
"""The key that stands for all pods that have ended; no node is called so."""


class PodGCController(Controller):
    """One loop over names of nodes that are missing. Deletes without grace, because no kubelet can confirm."""

    name = "pod-garbage-collector"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._terminated: set[str] = set()
        self._nodes = self.informer(NODES, self._node_changed)
        self._pods = self.informer(PODS)
        index_by_node(self._pods)
        self._pods.add_handler(self._pod_changed)

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        if new is None and old is not None and self._pods.by_index(NODE_INDEX, old["metadata"]["name"]):
            self.queue.add_after(old["metadata"]["name"], QUARANTINE_SECONDS)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        before, after = _node_name(old), _node_name(new)
        if after and after != before and self._nodes.get("", after) is None:
            self.queue.add_after(after, QUARANTINE_SECONDS)
        uid = (new or old or {})["metadata"]["uid"]
        if new is None or not is_pod_terminal(new):
            self._terminated.discard(uid)
            return
        self._terminated.add(uid)
        if len(self._terminated) > TERMINATED_PODS_MAX:
            self.queue.add_after(TERMINATED, CHECK_PERIOD_SECONDS)

    async def sync(self, key: str) -> None:
        if key == TERMINATED:
            ended = [pod for pod in self._pods if is_pod_terminal(pod)]
            for pod in sorted(ended, key=_age_order)[: max(0, len(ended) - TERMINATED_PODS_MAX)]:
                await self._delete(pod)
        elif not await self._node_exists(key):
            for pod in self._pods.by_index(NODE_INDEX, key):
                await self._delete(pod)

    async def _node_exists(self, name: str) -> bool:
        try:
            await self.client.get(NODES, "", name)
        except ApiError as error:
            if not is_not_found(error):
                raise
            return False
        return True

    async def _delete(self, pod: Object) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        try:
            if not is_pod_terminal(pod):
                await self.client.update(PODS, namespace, self._failed(pod), subresource="status")
            options = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
            await self.client.delete(PODS, namespace, name, options)
        except ApiError as error:
            if not is_not_found(error):
                raise

    def _failed(self, pod: Object) -> Object:
        new: Object = copy_object(pod)
        status = new.setdefault("status", {})
        status["phase"] = "Failed"
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": self.clock.timestamp(),
            "reason": "DeletionByPodGC",
            "message": "PodGC: node no longer exists",
            "observedGeneration": pod["metadata"].get("generation", 1),
        }
        others = [item for item in status.get("conditions") or () if item["type"] != "DisruptionTarget"]
        status["conditions"] = [*others, condition]
        return new


def _node_name(pod: Object | None) -> str:
    return str(pod["spec"].get("nodeName", "")) if pod is not None else ""


def _age_order(pod: Object) -> tuple[bool, str, str]:
    """Evicted pods first, then by age."""
    evicted = pod.get("status", {}).get("reason") == "Evicted"
    return not evicted, pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]
