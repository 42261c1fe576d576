"""kube-scheduler's loop: takes pods without a node one by one, decides, binds.

Upstream: pkg/scheduler/{scheduler,schedule_one,eventhandlers}.go.

- A pod that got a node is assumed there at once, so that the next one does not get the same room.
- A pod that got none is looked at again when something changes that could help it.
- Pods are taken in the order in which they come; there is no preemption.
"""

from __future__ import annotations

from minikube_lite.controllers.endpointslice.membership import Membership
from minikube_lite.controllers.scheduler.cache import PodInfo, SchedulerCache
from minikube_lite.controllers.scheduler.decide import Chosen, Failed, Surroundings, decide
from minikube_lite.controllers.scheduler.filters import Blocker
from minikube_lite.controllers.scheduler.storage import KnownStorage
from minikube_lite.controllers.scheduler.volumes import is_bound
from minikube_lite.machinery.client import PatchType
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import controller_of, find_condition, is_deleting, is_pod_terminal
from minikube_lite.machinery.resources import (
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    SERVICES,
    STATEFUL_SETS,
    STORAGE_CLASSES,
)
from minikube_lite.machinery.selectors import (
    EVERYTHING,
    Labels,
    Selector,
    label_selector_as_selector,
    selector_from_set,
)
from minikube_lite.store import Object

SCHEDULER_NAME = "default-scheduler"
USER = "system:kube-scheduler"
STRATEGIC_MERGE: PatchType = "application/strategic-merge-patch+json"
NOTE_LENGTH_MAX = 1024
"""So long the text of an event may be."""
UNSCHEDULABLE_SECONDS_MAX = 300.0
"""After that long a pod is tried again though nothing happened that could help it."""
BIND_TIMEOUT_SECONDS = 600.0
"""So long the claims of a pod may take to be bound for its node."""


class Scheduler(Controller):
    """Keys are those of pods."""

    name = SCHEDULER_NAME
    manager = "kube-scheduler"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        if context.client_for is not None:
            self.client = context.client_for(USER, self.manager)
        self._cache = SchedulerCache()
        self._unschedulable: dict[str, Failed] = {}
        self._waiting: dict[str, tuple[str, float]] = {}
        """The node and the deadline of each pod whose claims are being bound for it."""
        self._pods = self.informer(PODS, self._pod_changed)
        self._nodes = self.informer(NODES, self._node_changed)
        self._namespaces = self.informer(NAMESPACES)
        self._services = self.informer(SERVICES)
        self._membership = Membership(self._pods, self._services)
        self._owners = {
            "ReplicationController": self.informer(REPLICATION_CONTROLLERS),
            "ReplicaSet": self.informer(REPLICA_SETS),
            "StatefulSet": self.informer(STATEFUL_SETS),
        }
        self._storage = KnownStorage(self.informer, self._pods)
        self.informer(PERSISTENT_VOLUME_CLAIMS, self._claim_changed)
        self.informer(PERSISTENT_VOLUMES, lambda old, new: self._wake("volumes"))
        self.informer(STORAGE_CLASSES, lambda old, new: self._wake("volumes", "claims"))
        self._around = Surroundings((), self._namespace_labels, self._storage, self.clock.random_stream("scheduler"))

    # What changes

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        for pod in (old, new):
            if pod is not None and _is_placed(pod):
                self._placed_pod_changed(old, new)
                break
        if old is not None and (new is None or new["metadata"]["uid"] != old["metadata"]["uid"]):
            self._cache.remove_pod(old["metadata"]["uid"])
            self._waiting.pop(old["metadata"]["uid"], None)
            if new is None:
                self._unschedulable.pop(object_key(old), None)
        if new is not None and is_to_be_scheduled(new) and (old is None or _wishes(old) != _wishes(new)):
            self.queue.add(object_key(new))

    def _placed_pod_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and _is_placed(new):
            if old is None or not _is_placed(old) or _placement(old) != _placement(new):
                self._cache.set_pod(PodInfo.of(new), new["spec"]["nodeName"])
                self._wake("neighbours")
        elif old is not None:
            self._cache.remove_pod(old["metadata"]["uid"])
            self._wake("room", "neighbours", "volumes")

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        if old is not None and new is not None and _offer(old) == _offer(new):
            return
        node = new or old
        assert node is not None
        self._cache.set_node(node["metadata"]["name"], new)
        if new is not None:
            self._wake("node")

    def _claim_changed(self, old: Object | None, new: Object | None) -> None:
        claim = new or old
        assert claim is not None
        for pod in self._storage.pods_of_claim(claim):
            if is_to_be_scheduled(pod):
                self.queue.add(object_key(pod))

    def _wake(self, *blockers: Blocker) -> None:
        """Look again at the pods that got no node for one of these reasons."""
        for key, failed in list(self._unschedulable.items()):
            if any(blocker in failed.blockers for blocker in blockers):
                del self._unschedulable[key]
                self.queue.add(key)

    def _namespace_labels(self, name: str) -> Labels:
        namespace = self._namespaces.get("", name)
        return namespace["metadata"].get("labels") or {} if namespace is not None else {}

    # One pod

    async def sync(self, key: str) -> None:
        """Give one pod a node, if there is one."""
        pod = self._pods.get(*split_key(key))
        self._unschedulable.pop(key, None)
        if pod is None or not is_to_be_scheduled(pod):
            return
        uid = pod["metadata"]["uid"]
        if uid in self._waiting:
            await self._continue(key, pod)
            return
        if uid in self._cache.assumed:
            if await self._is_bound_after_all(pod):
                return
            self._cache.remove_pod(uid)
        info = PodInfo.of(pod)
        self._around.nodes = self._cache.nodes
        decision = decide(info, self._default_selector(pod), self._around)
        if isinstance(decision, Failed):
            self.because(PODS, key, "Unschedulable", decision.message)
            await self._report_failure(key, pod, decision)
            return
        self._cache.assume(info, decision.node)
        self.because(PODS, key, "Scheduled", f"{decision.node} is the best node for it")
        if decision.volumes.bind or decision.volumes.provision:
            await self._bind_volumes(key, pod, decision)
        else:
            await self._bind(pod, decision.node)

    def _default_selector(self, pod: Object) -> Selector:
        """The pods that a pod lies apart from: those of its Services and its owner; upstream: DefaultSelector."""
        namespace = pod["metadata"]["namespace"]
        merged: dict[str, str] = {}
        for key in self._membership.services_of(pod):
            service = self._services.get(*split_key(key))
            merged.update(service["spec"]["selector"] if service is not None else {})
        owner = controller_of(pod)
        informer = self._owners.get(owner["kind"]) if owner is not None else None
        found = informer.get(namespace, owner["name"]) if informer is not None and owner is not None else None
        if found is None or owner is None:
            return selector_from_set(merged)
        if owner["kind"] == "ReplicationController":
            return selector_from_set({**merged, **(found["spec"].get("selector") or {})})
        more = label_selector_as_selector(found["spec"].get("selector"))
        own = selector_from_set(merged) if merged else EVERYTHING
        return Selector([*own.requirements, *more.requirements])

    async def _bind(self, pod: Object, node: str) -> None:
        metadata = pod["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        binding = {
            "metadata": {"name": name, "namespace": namespace, "uid": metadata["uid"]},
            "target": {"kind": "Node", "name": node},
        }
        try:
            await self.client.create(PODS, namespace, binding, name=name, subresource="binding")
        except ApiError as error:
            if not await self._is_bound_after_all(pod):
                self._cache.remove_pod(metadata["uid"])
                self._wake("room", "neighbours")
                if is_not_found(error):
                    return
                raise
        text = f"Successfully assigned {namespace}/{name} to {node}"
        self.events.event(ObjectReference.of(pod, PODS, "Pod"), "Normal", "Scheduled", text)

    async def _is_bound_after_all(self, pod: Object) -> bool:
        """Whether a binding took effect whose answer was lost. While that is not known the pod stays assumed."""
        metadata = pod["metadata"]
        try:
            live = await self.client.get(PODS, metadata["namespace"], metadata["name"])
        except ApiError as error:
            if is_not_found(error):
                return False
            raise
        return live["metadata"]["uid"] == metadata["uid"] and bool(live["spec"].get("nodeName"))

    # Claims that are bound for the node

    async def _bind_volumes(self, key: str, pod: Object, decision: Chosen) -> None:
        deadline = self.clock.now() + BIND_TIMEOUT_SECONDS
        self._waiting[pod["metadata"]["uid"]] = (decision.node, deadline)
        self.queue.add_after(key, BIND_TIMEOUT_SECONDS)
        try:
            await self._storage.bind(self.client, decision.volumes, decision.node)
        except ApiError:
            self._give_up(pod)
            raise

    async def _continue(self, key: str, pod: Object) -> None:
        """Bind the pod once all its claims are bound; give its node up when they cannot be, or take too long."""
        node, deadline = self._waiting[pod["metadata"]["uid"]]
        claims = self._storage.claims_of(pod)
        if all(claim is not None and is_bound(claim) for claim in claims):
            del self._waiting[pod["metadata"]["uid"]]
            await self._bind(pod, node)
        elif self.clock.now() >= deadline or self._storage.is_refused(claims, node):
            self._give_up(pod)
            self.queue.add(key)

    def _give_up(self, pod: Object) -> None:
        self._waiting.pop(pod["metadata"]["uid"], None)
        self._cache.remove_pod(pod["metadata"]["uid"])

    # A pod that got no node

    async def _report_failure(self, key: str, pod: Object, failed: Failed) -> None:
        self._unschedulable[key] = failed
        self.queue.add_after(key, UNSCHEDULABLE_SECONDS_MAX)
        text = failed.message
        if len(text) > NOTE_LENGTH_MAX:
            text = f"{text[: NOTE_LENGTH_MAX - 4]} ..."
        self.events.event(ObjectReference.of(pod, PODS, "Pod"), "Warning", "FailedScheduling", text)
        condition = unschedulable_condition(pod, failed.message, self.clock.timestamp())
        if condition is None:
            return
        metadata = pod["metadata"]
        # The uid keeps a pod that has taken the name of this one from getting the condition.
        patch = {"metadata": {"uid": metadata["uid"]}, "status": {"conditions": [condition]}}
        try:
            await self.client.patch(
                PODS, metadata["namespace"], metadata["name"], patch, patch_type=STRATEGIC_MERGE, subresource="status"
            )
        except ApiError as error:
            if not is_not_found(error):
                raise


def is_to_be_scheduled(pod: Object) -> bool:
    """Whether the pod is ours and needs a node."""
    spec = pod["spec"]
    if spec.get("nodeName") or spec.get("schedulingGates"):
        return False
    if spec.get("schedulerName", SCHEDULER_NAME) != SCHEDULER_NAME:
        return False
    return not is_deleting(pod) and not is_pod_terminal(pod)


def unschedulable_condition(pod: Object, message: str, now: str) -> Object | None:
    """The condition that says why the pod has no node; None where it says so already."""
    old = find_condition(pod, "PodScheduled")
    condition: Object = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
        "observedGeneration": pod["metadata"].get("generation", 1),
        "lastProbeTime": None,
        "lastTransitionTime": old["lastTransitionTime"] if old is not None and old["status"] == "False" else now,
    }
    return None if old is not None and {**old, "lastProbeTime": None} == condition else condition


def _is_placed(pod: Object) -> bool:
    """Whether the pod takes room on a node."""
    return bool(pod["spec"].get("nodeName")) and not is_pod_terminal(pod)


def _placement(pod: Object) -> object:
    """What of a pod that has a node matters to others."""
    metadata = pod["metadata"]
    return metadata["uid"], metadata.get("labels"), is_deleting(pod), pod["spec"]


def _wishes(pod: Object) -> object:
    """What of a pod without a node matters to where it can run."""
    return pod["metadata"]["uid"], pod["metadata"].get("labels"), pod["spec"]


def _offer(node: Object) -> object:
    """What of a node matters to pods that look for one."""
    spec, status = node["spec"], node.get("status") or {}
    return (
        node["metadata"]["uid"],
        node["metadata"].get("labels"),
        spec.get("unschedulable"),
        spec.get("taints"),
        status.get("allocatable"),
        status.get("capacity"),
    )
