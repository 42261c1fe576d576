"""How the slices that are there become those that should be, with few writes: pure.

Upstream: k8s.io/endpointslice/reconciler.go.

- An endpoint stays in the slice where it stands.
- New endpoints fill slices that are written anyway, then one that has room for all of them, then new ones.
- A Service has a slice even without endpoints.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from minikube_lite.controllers.endpointslice.desired import EndpointGroup, Groups, PortKey, port_key
from minikube_lite.controllers.endpointslice.membership import (
    HEADLESS_LABEL,
    LAST_CHANGE_TRIGGER_TIME,
    address_types,
    has_cluster_ip,
)
from minikube_lite.machinery.meta import controller_reference, copy_object
from minikube_lite.machinery.names import name_is_dns_subdomain
from minikube_lite.machinery.resources import SERVICES
from minikube_lite.store import Object

CONTROLLER_NAME = "endpointslice-controller.k8s.io"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
SERVICE_NAME_LABEL = "kubernetes.io/service-name"
RESERVED_LABELS = (SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL)

ENDPOINTS_PER_SLICE_MAX = 100
"""Upstream's --max-endpoints-per-slice."""


@dataclass(slots=True)
class Changes:
    """The writes that are needed. Objects to create have no name, only a generateName."""

    create: list[Object] = field(default_factory=list)
    update: list[Object] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.create or self.update or self.delete)

    def extend(self, other: Changes) -> None:
        """Take over other writes."""
        self.create += other.create
        self.update += other.update
        self.delete += other.delete


def plan(service: Object, groups: Groups, existing: Sequence[Object], trigger_time: str) -> Changes:
    """The writes that make the existing slices of a Service show its endpoints."""
    changes = Changes()
    families = address_types(service)
    for family in families:
        own = [obj for obj in existing if obj["addressType"] == family]
        wanted = {ports: group for (address_type, ports), group in groups.items() if address_type == family}
        family_changes = _plan_family(service, family, wanted, own)
        _recycle(service, family_changes)
        changes.extend(family_changes)
    changes.delete += [obj for obj in existing if obj["addressType"] not in families]
    for obj in (*changes.create, *changes.update):
        _set_trigger_time(obj, trigger_time)
    return changes


def _plan_family(
    service: Object, family: str, wanted: dict[PortKey, EndpointGroup], existing: Sequence[Object]
) -> Changes:
    changes = Changes()
    by_ports: dict[PortKey, list[Object]] = {}
    for obj in existing:
        if is_owned_by(obj, service):
            by_ports.setdefault(port_key(obj.get("ports") or ()), []).append(obj)
        else:
            changes.delete.append(obj)
    for ports, group in wanted.items():
        changes.extend(_plan_group(service, group, by_ports.get(ports, ())))
    for ports, slices in by_ports.items():
        if ports not in wanted:
            changes.delete += slices
    if len(changes.delete) == len(existing) and not changes.create:
        placeholder = new_slice(service, EndpointGroup(family, []))
        if len(changes.delete) == 1 and _is_placeholder(changes.delete[0], placeholder, service):
            changes.delete.clear()
        else:
            changes.create.append(placeholder)
    return changes


def _is_placeholder(obj: Object, placeholder: Object, service: Object) -> bool:
    same_labels = obj["metadata"].get("labels") == placeholder["metadata"]["labels"]
    return same_labels and not obj.get("endpoints") and not obj.get("ports") and is_owned_by(obj, service)


def _plan_group(service: Object, group: EndpointGroup, existing: Iterable[Object]) -> Changes:
    missing = {_identity(endpoint): endpoint for endpoint in group.endpoints}
    labels = slice_labels(service)
    changes, unchanged = Changes(), []
    for obj in existing:
        old = obj.get("endpoints") or []
        kept = [missing.pop(identity) for identity in map(_identity, old) if identity in missing]
        if old and not kept:
            changes.delete.append(obj)
        elif kept != old or obj["metadata"].get("labels") != labels:
            changes.update.append(_changed(obj, kept, labels))
        else:
            unchanged.append(obj)
    left = list(missing.values())
    # A stable sort: of two that are equally full the first is filled.
    for obj in sorted(changes.update, key=lambda obj: -len(obj["endpoints"])):
        _fill(obj, left)
    while left:
        changes_to = _with_room(unchanged, len(left))
        if changes_to is None:
            obj = new_slice(service, group)
            changes.create.append(obj)
        else:
            unchanged.remove(changes_to)
            obj = _changed(changes_to, list(changes_to.get("endpoints") or ()), labels)
            changes.update.append(obj)
        _fill(obj, left)
    return changes


def _identity(endpoint: Object) -> Hashable:
    """What makes an endpoint the same though its conditions change."""
    target = endpoint.get("targetRef") or {}
    return (
        tuple(endpoint["addresses"]),
        endpoint.get("hostname", ""),
        target.get("namespace", ""),
        target.get("name", ""),
    )


def _changed(obj: Object, endpoints: list[Object], labels: dict[str, str]) -> Object:
    """A slice of ours to be written, with endpoints that were made anew."""
    metadata = copy_object(obj["metadata"])
    metadata["labels"] = dict(labels)
    return {**obj, "metadata": metadata, "endpoints": endpoints, "ports": copy_object(obj.get("ports") or [])}


def _fill(obj: Object, left: list[Object]) -> None:
    room = ENDPOINTS_PER_SLICE_MAX - len(obj["endpoints"])
    if room > 0:
        obj["endpoints"] += left[:room]
        del left[:room]


def _with_room(slices: Sequence[Object], count: int) -> Object | None:
    """The fullest slice that has room for so many more."""
    found: Object | None = None
    for obj in slices:
        size = len(obj.get("endpoints") or ())
        if size + count <= ENDPOINTS_PER_SLICE_MAX and (found is None or size > len(found.get("endpoints") or ())):
            found = obj
    return found if count < ENDPOINTS_PER_SLICE_MAX else None


def _recycle(service: Object, changes: Changes) -> None:
    """Turn a slice that would be deleted into one that would be made: one write in place of two."""
    for obj in list(changes.delete):
        if not changes.create:
            return
        if is_owned_by(obj, service):
            new = changes.create.pop()
            metadata = copy_object(obj["metadata"])
            metadata["labels"] = new["metadata"]["labels"]
            changes.update.append({**new, "metadata": metadata})
            changes.delete.remove(obj)


def _set_trigger_time(obj: Object, trigger_time: str) -> None:
    annotations = {**(obj["metadata"].get("annotations") or {})}
    annotations.pop(LAST_CHANGE_TRIGGER_TIME, None)
    if trigger_time:
        annotations[LAST_CHANGE_TRIGGER_TIME] = trigger_time
    if annotations:
        obj["metadata"]["annotations"] = annotations
    else:
        obj["metadata"].pop("annotations", None)


def is_owned_by(obj: Object, service: Object) -> bool:
    """Whether the slice belongs to this very Service, not to an earlier one of its name."""
    uid = service["metadata"]["uid"]
    return any(
        reference["uid"] == uid and reference["kind"] == "Service" and reference["apiVersion"] == "v1"
        for reference in obj["metadata"].get("ownerReferences") or ()
    )


def slice_labels(service: Object) -> dict[str, str]:
    """The Service's labels, and those that say whose slice it is."""
    own = service["metadata"].get("labels") or {}
    labels = {key: value for key, value in own.items() if key not in RESERVED_LABELS}
    if not has_cluster_ip(service):
        labels[HEADLESS_LABEL] = ""
    labels[SERVICE_NAME_LABEL] = service["metadata"]["name"]
    labels[MANAGED_BY_LABEL] = CONTROLLER_NAME
    return labels


def name_prefix(name: str) -> str:
    """What the names of a Service's slices begin with."""
    prefix = f"{name}-"
    return name if name_is_dns_subdomain(prefix.rstrip("-") + "a") else prefix


def new_slice(service: Object, group: EndpointGroup) -> Object:
    """A slice without endpoints yet."""
    metadata = service["metadata"]
    return {
        "metadata": {
            "generateName": name_prefix(metadata["name"]),
            "namespace": metadata["namespace"],
            "labels": slice_labels(service),
            "ownerReferences": [controller_reference(service, SERVICES, "Service")],
        },
        "addressType": group.address_type,
        "endpoints": [],
        "ports": copy_object(group.ports),
    }
