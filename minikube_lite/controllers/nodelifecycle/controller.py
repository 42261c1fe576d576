"""node-lifecycle-controller: watches heartbeats, taints nodes, marks pods of lost nodes; upstream: node_lifecycle_controller.go.

It does not evict: pods leave by their tolerations of the NoExecute taints, which is the business of taint-eviction-controller.
"""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.clock import Timer, format_time
from minikube_lite.controllers.nodelifecycle.health import Health, lost_pod_status, lost_status, observe
from minikube_lite.controllers.nodelifecycle.taints import (
    NOT_READY,
    UNREACHABLE,
    has_taint,
    label_changes,
    no_schedule_changes,
    with_taints,
)
from minikube_lite.controllers.nodelifecycle.zones import TaintQueue, Thresholds, ZoneState, disruption, zone_of
from minikube_lite.machinery.client import PatchType
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_conflict, is_not_found
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.pod_indexes import NODE_INDEX, index_by_node
from minikube_lite.machinery.resources import LEASES, NODES, PODS
from minikube_lite.store import Object

LEASE_NAMESPACE = "kube-node-lease"
EXCLUDE_DISRUPTION_LABEL = "node.kubernetes.io/exclude-disruption"
STRATEGIC_MERGE: PatchType = "application/strategic-merge-patch+json"

NODE_EVICTION_PERIOD_SECONDS = 0.1
"""How long a node waits for its NoExecute taint at least: the NoSchedule one comes first."""
UPDATE_TRIES_MAX = 5

MONITOR, TAINT = "monitor", "taint"
"""Keys that stand for a look at all nodes, and for the nodes that wait for a taint; others are `node/…` and `pod/…`."""


class NodeLifecycleController(Controller):
    """A look at all nodes every few seconds, and one at each node that changes."""

    name = "node-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = self.informer(NODES, self._node_changed)
        self._leases = self.informer(LEASES)
        self._pods = self.informer(PODS, self._pod_changed)
        index_by_node(self._pods)
        self._period: float = context.options.node_monitor_period
        self._grace: float = context.options.node_monitor_grace_period
        self._startup_grace: float = context.options.node_startup_grace_period
        self._thresholds = Thresholds.of(context.options)
        self._says_lost: bool = context.options.lost_pod_status == "Unknown"
        self._timer: Timer | None = None
        self._health: dict[str, Health] = {}
        self._known: dict[str, str] = {}
        """The uid of each node that was registered."""
        self._zones: dict[str, ZoneState] = {}
        self._taint_queues: dict[str, TaintQueue] = {}
        self._losing: dict[str, bool] = {}
        """Nodes that were ready and of which it is being written that nobody knows."""
        self._to_retry: dict[str, None] = {}
        """Nodes whose pods could not all be marked."""

    def start(self) -> None:
        """Begin to work, with a look at all nodes."""
        super().start()
        self._tick()

    async def stop(self) -> None:
        """Stop working."""
        if self._timer is not None:
            self._timer.cancel()
        await super().stop()

    def _tick(self) -> None:
        self._timer = self.clock.call_later(self._period, self._tick)
        self.queue.add(MONITOR)

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        node = new or old
        assert node is not None
        self.queue.add(f"node/{node['metadata']['name']}")

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        node = new["spec"].get("nodeName") if new is not None else None
        if new is None or not node or (old is not None and old["spec"].get("nodeName") == node):
            return
        health = self._health.get(node)
        if health is not None and not health.is_ready:
            self.queue.add(f"pod/{object_key(new)}")

    async def sync(self, key: str) -> None:
        """Look at one node, one pod, or all nodes."""
        kind, _, rest = key.partition("/")
        if kind == MONITOR:
            await self._monitor()
        elif kind == TAINT:
            await self._taint_waiting()
        elif kind == "node":
            await self._sync_node(rest)
        else:
            await self._sync_pod(*split_key(rest))

    # One node, as soon as it changes

    async def _sync_node(self, name: str) -> None:
        node = self._nodes.get("", name)
        if node is None:
            self._health.pop(name, None)
            self._losing.pop(name, None)
            self._to_retry.pop(name, None)
            return
        self._register(node)
        await self._swap_taints(name, *no_schedule_changes(node))
        labels = label_changes(node)
        if labels:
            await self._patch_node(name, {"metadata": {"labels": labels}})

    def _register(self, node: Object) -> None:
        name, uid = node["metadata"]["name"], node["metadata"]["uid"]
        if self._known.get(name) != uid:
            self._known[name] = uid
            self._taint_queue(node)
            self._report_node(name, uid, "RegisteredNode", f"Registered Node {name} in Controller")

    def _report_node(self, name: str, uid: str, reason: str, text: str) -> None:
        about = ObjectReference("v1", "Node", "", name, uid)
        self.events.event(about, "Normal", reason, f"Node {name} event: {text}")

    async def _sync_pod(self, namespace: str, name: str) -> None:
        """A pod came to a node that is not ready."""
        pod = self._pods.get(namespace, name)
        health = self._health.get(pod["spec"].get("nodeName", "")) if pod is not None else None
        if pod is not None and health is not None and health.ready is not None and not health.is_ready:
            await self._mark_pods_not_ready([pod], health.ready)

    # All nodes, every few seconds

    async def _monitor(self) -> None:
        nodes = self._nodes.list_objects()
        self._forget_deleted(nodes)
        ready: dict[str, list[bool]] = {}
        failures: list[Exception] = []
        for node in nodes:
            self._register(node)
            try:
                current = await self._monitor_node(node)
            except ApiError as error:
                if not is_not_found(error):
                    failures.append(error)
                continue
            if EXCLUDE_DISRUPTION_LABEL not in (node["metadata"].get("labels") or {}):
                ready.setdefault(zone_of(node), []).append(current is not None and current["status"] == "True")
        await self._handle_disruption(ready, nodes)
        if failures:
            raise failures[0]

    def _forget_deleted(self, nodes: Sequence[Object]) -> None:
        present = {node["metadata"]["name"] for node in nodes}
        for name in [name for name in self._known if name not in present]:
            self._report_node(name, self._known.pop(name), "RemovingNode", f"Removing Node {name} from Controller")
            self._health.pop(name, None)
            for queue in self._taint_queues.values():
                queue.remove(name)

    async def _monitor_node(self, node: Object) -> Object | None:
        """Returns the Ready condition as it is after the look."""
        name = node["metadata"]["name"]
        node = await self._update_health(node)
        current = find_condition(node, "Ready")
        if current is None:
            return None
        await self._taint_by_condition(node, current["status"])
        is_ready = current["status"] == "True"
        if self._losing.pop(name, False) and not is_ready:
            about = ObjectReference("v1", "Node", "", name, node["metadata"]["uid"])
            self.events.event(about, "Normal", "NodeNotReady", f"Node {name} status is now: NodeNotReady")
            self._to_retry[name] = None
        if name in self._to_retry:
            if not is_ready:
                await self._mark_pods_not_ready(self._pods.by_index(NODE_INDEX, name), current)
            del self._to_retry[name]
        return current

    async def _update_health(self, node: Object) -> Object:
        """Take in what is new of a node; where it was silent for too long, write that nobody knows how it is."""
        name = node["metadata"]["name"]
        for attempt in range(UPDATE_TRIES_MAX):
            now, ready = self.clock.now(), find_condition(node, "Ready")
            health = observe(self._health.get(name), node, self._leases.get(LEASE_NAMESPACE, name), now)
            self._health[name] = health
            grace = self._startup_grace if ready is None else self._grace
            lost = lost_status(node, format_time(now)) if now > health.probed + grace else None
            if lost is None:
                return node
            if ready is not None and ready["status"] == "True":
                self._losing[name] = True
            try:
                node = await self.client.update(NODES, "", lost, subresource="status")
            except ApiError as error:
                if not is_conflict(error) or attempt == UPDATE_TRIES_MAX - 1:
                    raise
                node = await self.client.get(NODES, "", name)
                continue
            condition = find_condition(node, "Ready")
            self._health[name] = Health(condition, health.probed, now, health.renewed)
            break
        return node

    async def _mark_pods_not_ready(self, pods: Sequence[Object], node_ready: Object) -> None:
        says_lost = self._says_lost and node_ready["status"] == "Unknown"
        for pod in pods:
            status = lost_pod_status(pod, self.clock.timestamp(), says_lost=says_lost)
            if not status:
                continue
            metadata = pod["metadata"]
            patch = {"metadata": {"uid": metadata["uid"]}, "status": status}
            try:
                await self.client.patch(
                    PODS,
                    metadata["namespace"],
                    metadata["name"],
                    patch,
                    patch_type=STRATEGIC_MERGE,
                    subresource="status",
                )
            except ApiError as error:
                # Gone, or another one by now.
                if is_not_found(error) or is_conflict(error):
                    continue
                raise
            if "conditions" in status:
                about = ObjectReference.of(pod, PODS, "Pod")
                self.events.event(about, "Warning", "NodeNotReady", "Node is not ready")

    # Taints that make pods leave

    def _taint_queue(self, node: Object) -> TaintQueue:
        zone = zone_of(node)
        if zone not in self._taint_queues:
            self._taint_queues[zone] = TaintQueue(self.clock.now(), self._thresholds.eviction_rate)
        return self._taint_queues[zone]

    async def _taint_by_condition(self, node: Object, status: str) -> None:
        if status == "True":
            await self._mark_reachable(node)
            return
        wanted, opposite = no_execute_taints(status)
        if has_taint(node, opposite["key"], "NoExecute"):
            await self._swap_taints(node["metadata"]["name"], [wanted], [opposite])
            return
        queue, name = self._taint_queue(node), node["metadata"]["name"]
        if not has_taint(node, wanted["key"], "NoExecute"):
            queue.remove(name)
        if queue.add(name):
            self.queue.add_after(TAINT, NODE_EVICTION_PERIOD_SECONDS)

    async def _mark_reachable(self, node: Object) -> None:
        name = node["metadata"]["name"]
        if any(has_taint(node, key, "NoExecute") for key in (UNREACHABLE, NOT_READY)):
            remove = [{"key": key, "effect": "NoExecute"} for key in (UNREACHABLE, NOT_READY)]
            await self._swap_taints(name, [], remove)
        self._taint_queue(node).remove(name)

    async def _taint_waiting(self) -> None:
        """Taint as many of the nodes that wait as their zones' rates allow now."""
        for queue in self._taint_queues.values():
            while queue.waiting and queue.limiter.try_accept(self.clock.now()):
                name = next(iter(queue.waiting))
                await self._taint_node(name)
                queue.waiting.pop(name, None)
            delay = queue.limiter.seconds_to_next() if queue.waiting else None
            if delay is not None:
                self.queue.add_after(TAINT, delay)

    async def _taint_node(self, name: str) -> None:
        node = self._nodes.get("", name)
        ready = find_condition(node, "Ready") if node is not None else None
        if ready is not None and ready["status"] != "True":
            wanted, opposite = no_execute_taints(ready["status"])
            await self._swap_taints(name, [wanted], [opposite])

    async def _handle_disruption(self, ready: dict[str, list[bool]], nodes: Sequence[Object]) -> None:
        change = disruption(self._zones, ready, self._thresholds)
        self._zones = change.states
        now = self.clock.now()
        for zone, rate in change.rates.items():
            queue = self._taint_queues.get(zone)
            if queue is not None:
                queue.swap_limiter(rate, now)
                self.queue.add_after(TAINT, NODE_EVICTION_PERIOD_SECONDS)
        if change.mode == "enter":
            for node in nodes:
                await self._mark_reachable(node)
        elif change.mode == "leave":
            for name, health in list(self._health.items()):
                self._health[name] = Health(health.ready, now, now, health.renewed)

    # Writing nodes

    async def _swap_taints(self, name: str, add: Sequence[Object], remove: Sequence[Object]) -> None:
        """Add taints, then remove others, as upstream does it in two writes."""
        added = [{**taint, "timeAdded": self.clock.timestamp()} for taint in add]
        for more, less in ((added, ()), ((), remove)):
            if more or less:
                await self._write_taints(name, more, less)

    async def _write_taints(self, name: str, add: Sequence[Object], remove: Sequence[Object]) -> None:
        for attempt in range(UPDATE_TRIES_MAX):
            try:
                node = await self.client.get(NODES, "", name)
                taints: Sequence[Object] = node["spec"].get("taints") or []
                wanted = with_taints(taints, add, remove)
                if wanted != taints:
                    patch = {
                        "metadata": {"resourceVersion": node["metadata"]["resourceVersion"]},
                        "spec": {"taints": wanted or None},
                    }
                    await self.client.patch(NODES, "", name, patch)
                return
            except ApiError as error:
                if is_not_found(error):
                    return
                if not is_conflict(error) or attempt == UPDATE_TRIES_MAX - 1:
                    raise

    async def _patch_node(self, name: str, patch: Object) -> None:
        try:
            await self.client.patch(NODES, "", name, patch)
        except ApiError as error:
            if not is_not_found(error):
                raise


def no_execute_taints(status: str) -> tuple[Object, Object]:
    """The taint that goes with a Ready condition that is not True, and the one that does not."""
    unreachable, not_ready = ({"key": key, "effect": "NoExecute"} for key in (UNREACHABLE, NOT_READY))
    return (unreachable, not_ready) if status == "Unknown" else (not_ready, unreachable)
