"""endpoint-controller: keeps the Endpoints of each Service that selects pods; upstream: endpoints_controller.go."""

from __future__ import annotations

from minikube_lite.controllers.endpoints.subsets import desired_subsets, truncate
from minikube_lite.controllers.endpointslice.membership import (
    HEADLESS_LABEL,
    LAST_CHANGE_TRIGGER_TIME,
    Membership,
    gets_endpoints,
    has_cluster_ip,
)
from minikube_lite.controllers.endpointslice.trigger_time import TriggerTimes
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_conflict, is_namespace_terminating, is_not_found
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import ENDPOINTS, PODS, SERVICES
from minikube_lite.store import Object

CONTROLLER_NAME = "endpoint-controller"
MANAGED_BY_LABEL = "endpoints.kubernetes.io/managed-by"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"


class EndpointsController(Controller):
    """Keys are those of Services."""

    name = CONTROLLER_NAME
    turns = 64

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._pods = self.informer(PODS)
        self._services = self.informer(SERVICES)
        self._endpoints = self.informer(ENDPOINTS, self._endpoints_changed)
        self._membership = Membership(self._pods, self._services)
        self._services.add_handler(self.enqueue_changed)
        self._pods.add_handler(self._pod_changed)
        self._trigger_times = TriggerTimes()
        self._writes = OwnWrites(self.client, self._endpoints)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        for key in self._membership.services_to_update(old, new):
            self.queue.add(key)

    def _endpoints_changed(self, old: Object | None, new: Object | None) -> None:
        """Those that others make by hand, for Services of their own, are none of ours."""
        obj = new or old
        assert obj is not None
        labels = obj["metadata"].get("labels") or {}
        service = self._services.get(obj["metadata"]["namespace"], obj["metadata"]["name"])
        if labels.get(MANAGED_BY_LABEL) == CONTROLLER_NAME or (service is not None and gets_endpoints(service)):
            if new is None or self._writes.is_news(object_key(new), ENDPOINTS, new):
                self.enqueue_changed(old, new)

    async def sync(self, key: str) -> None:
        """Bring the Endpoints of one Service up to date."""
        namespace, name = split_key(key)
        service = self._services.get(namespace, name)
        if service is None:
            self._trigger_times.forget(key)
            self._writes.forget(key)
            await self._delete(namespace, name)
            return
        if not gets_endpoints(service) or not await self._writes.are_shown(key, namespace):
            return
        pods = self._membership.pods_of(service)
        trigger_time = self._trigger_times.compute(key, service, pods)
        current = self._endpoints.get(namespace, name)
        wanted = desired_endpoints(service, pods, current, trigger_time)
        if wanted is not None:
            await self._write(key, current, wanted)

    async def _write(self, key: str, current: Object | None, wanted: Object) -> None:
        namespace, name = split_key(key)
        try:
            if current is None:
                self._writes.note(key, ENDPOINTS, await self.client.create(ENDPOINTS, namespace, wanted))
            else:
                self._writes.note(key, ENDPOINTS, await self.client.update(ENDPOINTS, namespace, wanted))
        except ApiError as error:
            if is_namespace_terminating(error):
                return
            if not is_conflict(error):
                self._report_failure(current, wanted, f"{namespace}/{name}: {error}")
            raise

    def _report_failure(self, current: Object | None, wanted: Object, text: str) -> None:
        about = ObjectReference.of(wanted, ENDPOINTS, "Endpoints")
        if current is None:
            message = f"Failed to create endpoint for service {text}"
            self.events.event(about, "Warning", "FailedToCreateEndpoint", message)
        else:
            self.events.event(about, "Warning", "FailedToUpdateEndpoint", f"Failed to update endpoint {text}")

    async def _delete(self, namespace: str, name: str) -> None:
        if self._endpoints.get(namespace, name) is None:
            return
        try:
            await self.client.delete(ENDPOINTS, namespace, name)
        except ApiError as error:
            if not is_not_found(error):
                raise


def desired_endpoints(service: Object, pods: list[Object], current: Object | None, trigger_time: str) -> Object | None:
    """The Endpoints object to write for a Service; None where the current one is right."""
    subsets, truncated = truncate(desired_subsets(service, pods))
    labels = dict(service["metadata"].get("labels") or {})
    labels.pop(HEADLESS_LABEL, None)
    if not has_cluster_ip(service):
        labels[HEADLESS_LABEL] = ""
    labels[MANAGED_BY_LABEL] = CONTROLLER_NAME
    if current is not None and _is_right(current, subsets, labels, truncated):
        return None
    metadata = copy_object(current["metadata"]) if current is not None else {}
    annotations = dict(metadata.get("annotations") or {})
    for key, value in ((LAST_CHANGE_TRIGGER_TIME, trigger_time), (OVER_CAPACITY, "truncated" if truncated else "")):
        annotations.pop(key, None)
        if value:
            annotations[key] = value
    metadata.update(name=service["metadata"]["name"], namespace=service["metadata"]["namespace"], labels=labels)
    metadata["annotations"] = annotations
    return {"metadata": metadata, "subsets": copy_object(subsets)}


def _is_right(current: Object, subsets: list[Object], labels: dict[str, str], truncated: bool) -> bool:
    metadata = current["metadata"]
    marked = OVER_CAPACITY in (metadata.get("annotations") or {})
    has_labels = (metadata.get("labels") or {}) == labels
    return has_labels and marked == truncated and (current.get("subsets") or []) == subsets
