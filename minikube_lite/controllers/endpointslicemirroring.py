"""endpointslicemirroring-controller: mirrors Endpoints that were made by hand to slices.

Upstream: pkg/controller/endpointslicemirroring.
"""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.controllers.endpoints.subsets import repack
from minikube_lite.controllers.endpointslice.desired import EndpointGroup, Groups, port_key
from minikube_lite.controllers.endpointslice.effects import (
    SERVICE_NAME_INDEX,
    news_of,
    service_name_values,
    write_slices,
)
from minikube_lite.controllers.endpointslice.membership import LAST_CHANGE_TRIGGER_TIME, canonical_ip
from minikube_lite.controllers.endpointslice.reconcile import (
    MANAGED_BY_LABEL,
    SERVICE_NAME_LABEL,
    Changes,
    name_prefix,
)
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.machinery.controller import Controller, ControllerContext, split_key
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import controller_reference, copy_object, is_deleting
from minikube_lite.machinery.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICES
from minikube_lite.store import Object

CONTROLLER_NAME = "endpointslicemirroring-controller.k8s.io"
SKIP_MIRROR_LABEL = "endpointslice.kubernetes.io/skip-mirror"
LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader"
LAST_APPLIED_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
ENDPOINTS_PER_SUBSET_MAX = 1000
"""Upstream's --mirroring-max-endpoints-per-subset."""


class EndpointSliceMirroringController(Controller):
    """Keys are those of Endpoints, which are those of their Services."""

    name = "endpointslicemirroring-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._endpoints = self.informer(ENDPOINTS, self.enqueue_changed)
        self._services = self.informer(SERVICES, self._service_changed)
        self._slices = self.informer(ENDPOINT_SLICES, self._slice_changed)
        self._slices.add_index(SERVICE_NAME_INDEX, service_name_values)
        self._writes = OwnWrites(self.client, self._slices)

    def _service_changed(self, old: Object | None, new: Object | None) -> None:
        if old is None or new is None or _has_selector(old) != _has_selector(new):
            self.enqueue_changed(old, new)

    def _slice_changed(self, old: Object | None, new: Object | None) -> None:
        for key in news_of(old, new, self._writes, _is_ours):
            self.queue.add(key)

    async def sync(self, key: str) -> None:
        """Bring the mirrored slices of one Endpoints object up to date."""
        namespace, name = split_key(key)
        if not await self._writes.are_shown(key, namespace):
            return
        endpoints, service = self._endpoints.get(namespace, name), self._services.get(namespace, name)
        slices = self._slices.by_index(SERVICE_NAME_INDEX, key)
        existing = [obj for obj in slices if _is_ours(obj) and not is_deleting(obj)]
        if endpoints is None or service is None or _has_selector(service) or not _may_be_mirrored(endpoints):
            await write_slices(self.client, self._writes, key, Changes(delete=existing), may_create=False)
            return
        changes, faults = plan_mirror(endpoints, existing)
        about = ObjectReference.of(endpoints, ENDPOINTS, "Endpoints")
        for reason, message in faults:
            self.events.event(about, "Warning", reason, message)
        await write_slices(self.client, self._writes, key, changes, may_create=not is_deleting(endpoints))


def plan_mirror(endpoints: Object, existing: Sequence[Object]) -> tuple[Changes, list[tuple[str, str]]]:
    """The writes that mirror Endpoints, one slice for each subset and family; and reasons and texts of what was left out."""
    groups, faults = _groups(endpoints)
    by_key: dict[tuple[str, object], list[Object]] = {}
    changes = Changes()
    for obj in existing:
        key = (obj["addressType"], port_key(obj.get("ports") or ()))
        if key in groups and key not in by_key:
            by_key[key] = [obj]
        else:
            changes.delete.append(obj)
    for key, group in groups.items():
        wanted = _slice(endpoints, group)
        for obj in by_key.get(key, ()):
            if not _shows(obj, wanted):
                changes.update.append(_renamed(wanted, obj))
        if key not in by_key:
            changes.create.append(wanted)
    _recycle(changes)
    return changes, faults


def _groups(endpoints: Object) -> tuple[Groups, list[tuple[str, str]]]:
    groups: Groups = {}
    invalid = skipped = 0
    for subset in repack(endpoints.get("subsets") or ()):
        ports = [{"name": "", **copy_object(port)} for port in subset.get("ports") or ()]
        mirrored = 0
        for part, ready in (("addresses", True), ("notReadyAddresses", False)):
            for address in subset.get(part) or ():
                endpoint = _endpoint(address, ready)
                if mirrored >= ENDPOINTS_PER_SUBSET_MAX:
                    skipped += 1
                elif endpoint is None:
                    invalid += 1
                else:
                    mirrored += 1
                    family = "IPv6" if ":" in endpoint["addresses"][0] else "IPv4"
                    group = groups.setdefault((family, port_key(ports)), EndpointGroup(family, ports))
                    group.endpoints.append(endpoint)
    faults = []
    if invalid:
        faults.append(("InvalidIPAddress", f"Skipped {invalid} invalid IP addresses when mirroring to EndpointSlices"))
    if skipped:
        text = f"A max of {ENDPOINTS_PER_SUBSET_MAX} addresses can be mirrored to EndpointSlices per Endpoints subset."
        faults.append(("TooManyAddressesToMirror", f"{text} {skipped + invalid} addresses were skipped"))
    return groups, faults


def _endpoint(address: Object, ready: bool) -> Object | None:
    ip = canonical_ip(address.get("ip", ""))
    if not ip:
        return None
    endpoint: Object = {"addresses": [ip], "conditions": {"ready": ready}}
    for name in ("hostname", "nodeName", "targetRef"):
        if address.get(name):
            endpoint[name] = copy_object(address[name])
    return endpoint


def _slice(endpoints: Object, group: EndpointGroup) -> Object:
    metadata = endpoints["metadata"]
    labels = {**(metadata.get("labels") or {}), SERVICE_NAME_LABEL: metadata["name"], MANAGED_BY_LABEL: CONTROLLER_NAME}
    annotations = dict(metadata.get("annotations") or {})
    annotations.pop(LAST_CHANGE_TRIGGER_TIME, None)
    annotations.pop(LAST_APPLIED_ANNOTATION, None)
    own: Object = {
        "generateName": name_prefix(metadata["name"]),
        "namespace": metadata["namespace"],
        "labels": labels,
        "ownerReferences": [controller_reference(endpoints, ENDPOINTS, "Endpoints")],
    }
    if annotations:
        own["annotations"] = annotations
    ports = copy_object(group.ports)
    return {"metadata": own, "addressType": group.address_type, "endpoints": group.endpoints, "ports": ports}


def _shows(obj: Object, wanted: Object) -> bool:
    metadata, own = obj["metadata"], wanted["metadata"]
    return (
        all((metadata.get(part) or {}) == (own.get(part) or {}) for part in ("labels", "annotations"))
        and metadata.get("ownerReferences") == own["ownerReferences"]
        and (obj.get("endpoints") or []) == wanted["endpoints"]
    )


def _renamed(wanted: Object, existing: Object) -> Object:
    """The wanted slice in the place of an existing one."""
    metadata = {**wanted["metadata"], "name": existing["metadata"]["name"]}
    metadata["resourceVersion"] = existing["metadata"]["resourceVersion"]
    return {**wanted, "metadata": metadata}


def _recycle(changes: Changes) -> None:
    """Turn slices that would be deleted into ones that would be made, of the same family."""
    for obj in list(changes.delete):
        for wanted in list(changes.create):
            if wanted["addressType"] == obj["addressType"]:
                changes.create.remove(wanted)
                changes.delete.remove(obj)
                changes.update.append(_renamed(wanted, obj))
                break


def _is_ours(obj: Object) -> bool:
    return (obj["metadata"].get("labels") or {}).get(MANAGED_BY_LABEL) == CONTROLLER_NAME


def _has_selector(service: Object) -> bool:
    return bool(service["spec"].get("selector"))


def _may_be_mirrored(endpoints: Object) -> bool:
    metadata = endpoints["metadata"]
    skipped = (metadata.get("labels") or {}).get(SKIP_MIRROR_LABEL) == "true"
    return not skipped and LEADER_ANNOTATION not in (metadata.get("annotations") or {})
