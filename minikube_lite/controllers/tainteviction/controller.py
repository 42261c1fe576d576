"""Plans evictions when taints or pods change, and carries them out when they are due; upstream: taint_eviction.go."""

from __future__ import annotations

from dataclasses import dataclass

from minikube_lite.clock import format_time
from minikube_lite.controllers.tainteviction.decide import Eviction, decide, no_execute_taints
from minikube_lite.machinery.client import PatchType
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.pod_indexes import NODE_INDEX, index_by_node
from minikube_lite.machinery.resources import NODES, PODS
from minikube_lite.store import Object

STRATEGIC_MERGE: PatchType = "application/strategic-merge-patch+json"


@dataclass(slots=True)
class Plan:
    """What is planned for one pod. A plan that was carried out stays until its pod is gone or may stay after all."""

    uid: str
    eviction: Eviction
    told: bool = False
    done: bool = False


class TaintEvictionController(Controller):
    """Keys are pods. What a cut-off node runs is only marked deleted: no kubelet confirms that it ended."""

    name = "taint-eviction-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = self.informer(NODES, self._node_changed)
        self._pods = self.informer(PODS, self._pod_changed)
        index_by_node(self._pods)
        self._plans: dict[str, Plan] = {}

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        """Of a node that is deleted nothing is planned anew, and nothing that is planned changes."""
        if new is None or no_execute_taints(old) == no_execute_taints(new):
            return
        for pod in self._pods.by_index(NODE_INDEX, new["metadata"]["name"]):
            self.queue.add(object_key(pod))

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        pod = new if new is not None else old
        assert pod is not None
        key = object_key(pod)
        node = self._nodes.get("", new["spec"].get("nodeName", "")) if new is not None else None
        if key in self._plans or no_execute_taints(node):
            self.queue.add(key)

    async def sync(self, key: str) -> None:
        """Plan what is to be planned for a pod; evict it if it is time."""
        pod = self._pods.get(*split_key(key))
        plan = self._plans.get(key)
        if plan is not None and (pod is None or pod["metadata"]["uid"] != plan.uid):
            self._cancel(key, plan)
            plan = None
        if pod is None or self._nodes.get("", pod["spec"].get("nodeName", "")) is None:
            return
        plan = self._plan(key, pod, plan)
        if plan is None or plan.done:
            return
        delay = plan.eviction.due - self.clock.now()
        if delay > 0:
            self.queue.add_after(key, delay)
        else:
            await self._evict(pod, plan)

    def _plan(self, key: str, pod: Object, plan: Plan | None) -> Plan | None:
        taints = no_execute_taints(self._nodes.get("", pod["spec"]["nodeName"]))
        planned = plan.eviction if plan is not None else None
        wanted = decide(taints, pod, planned, self.clock.now())
        if wanted == planned:
            return plan
        if plan is not None:
            self._cancel(key, plan)
        if wanted is None:
            return None
        self._plans[key] = Plan(pod["metadata"]["uid"], wanted)
        names = ", ".join(taint["key"] for taint in taints)
        when = f"it tolerates that until {format_time(wanted.due)}" if wanted.due > wanted.since else "it must leave"
        self.because(PODS, key, "Taint", f"its node has {names}, and {when}")
        return self._plans[key]

    def _cancel(self, key: str, plan: Plan) -> None:
        self.context.decisions.forget(self.name, PODS, *split_key(key))
        del self._plans[key]
        if not plan.done:
            self._tell(key, f"Cancelling deletion of Pod {key}")

    def _tell(self, key: str, text: str) -> None:
        namespace, name = split_key(key)
        self.events.event(ObjectReference("v1", "Pod", namespace, name, ""), "Normal", "TaintManagerEviction", text)

    async def _evict(self, pod: Object, plan: Plan) -> None:
        metadata = pod["metadata"]
        if not plan.told:
            plan.told = True
            self.because(PODS, object_key(pod), "Evicted", "it tolerates the taints of its node no longer")
            self._tell(object_key(pod), f"Marking for deletion Pod {object_key(pod)}")
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
            "lastTransitionTime": self.clock.timestamp(),
        }
        patch = {"metadata": {"uid": metadata["uid"]}, "status": {"conditions": [condition]}}
        namespace, name = metadata["namespace"], metadata["name"]
        try:
            await self.client.patch(PODS, namespace, name, patch, patch_type=STRATEGIC_MERGE, subresource="status")
            await self.client.delete(PODS, namespace, name, {"preconditions": {"uid": metadata["uid"]}})
        except ApiError as error:
            if not is_not_found(error):
                raise
        plan.done = True
