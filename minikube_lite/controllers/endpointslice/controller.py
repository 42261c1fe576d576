"""endpointslice-controller: keeps the slices of Services that select pods; upstream: pkg/controller/endpointslice."""

from __future__ import annotations

from minikube_lite.controllers.endpointslice.desired import EndpointMemo, desired_groups
from minikube_lite.controllers.endpointslice.effects import (
    SERVICE_NAME_INDEX,
    news_of,
    service_name_values,
    write_slices,
)
from minikube_lite.controllers.endpointslice.membership import Membership, gets_endpoints
from minikube_lite.controllers.endpointslice.reconcile import CONTROLLER_NAME, MANAGED_BY_LABEL, plan
from minikube_lite.controllers.endpointslice.trigger_time import TriggerTimes
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.machinery.controller import Controller, ControllerContext, split_key
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.resources import ENDPOINT_SLICES, NODES, PODS, SERVICES
from minikube_lite.store import Object

ZONE_LABEL = "topology.kubernetes.io/zone"


class EndpointSliceController(Controller):
    """Keys are those of Services."""

    name = "endpointslice-controller"
    turns = 64

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._nodes = self.informer(NODES, self._node_changed)
        self._pods = self.informer(PODS)
        self._services = self.informer(SERVICES)
        self._slices = self.informer(ENDPOINT_SLICES, self._slice_changed)
        self._slices.add_index(SERVICE_NAME_INDEX, service_name_values)
        self._membership = Membership(self._pods, self._services)
        self._services.add_handler(self.enqueue_changed)
        self._pods.add_handler(self._pod_changed)
        self._trigger_times = TriggerTimes()
        self._memos: dict[str, EndpointMemo] = {}
        self._writes = OwnWrites(self.client, self._slices)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        for key in self._membership.services_to_update(old, new):
            self.queue.add(key)

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        if old is not None and new is not None and _zone(old) == _zone(new):
            return
        node = new or old
        assert node is not None
        for pod in self._membership.pods_on(node["metadata"]["name"]):
            for key in self._membership.services_of(pod):
                self.queue.add(key)

    def _slice_changed(self, old: Object | None, new: Object | None) -> None:
        for key in news_of(old, new, self._writes, _is_ours):
            self.queue.add(key)

    async def sync(self, key: str) -> None:
        """Bring the slices of one Service up to date."""
        namespace, name = split_key(key)
        service = self._services.get(namespace, name)
        if service is None:
            # Its slices are the garbage collector's.
            self._trigger_times.forget(key)
            self._memos.pop(key, None)
            self._writes.forget(key)
            return
        if not gets_endpoints(service) or not await self._writes.are_shown(key, namespace):
            return
        pods = self._membership.pods_of(service)
        zones = {node["metadata"]["name"]: _zone(node) for node in self._nodes_of(pods)}
        slices = self._slices.by_index(SERVICE_NAME_INDEX, key)
        existing = [obj for obj in slices if _is_ours(obj) and not is_deleting(obj)]
        trigger_time = self._trigger_times.compute(key, service, pods)
        memo = self._memos.setdefault(key, EndpointMemo())
        changes = plan(service, desired_groups(service, pods, zones, memo), existing, trigger_time)
        if changes:
            await write_slices(self.client, self._writes, key, changes, may_create=not is_deleting(service))

    def _nodes_of(self, pods: list[Object]) -> list[Object]:
        names = dict.fromkeys(pod["spec"].get("nodeName", "") for pod in pods)
        found = [self._nodes.get("", name) for name in names]
        return [node for node in found if node is not None]


def _is_ours(obj: Object) -> bool:
    return (obj["metadata"].get("labels") or {}).get(MANAGED_BY_LABEL) == CONTROLLER_NAME


def _zone(node: Object) -> str:
    return (node["metadata"].get("labels") or {}).get(ZONE_LABEL) or ""
