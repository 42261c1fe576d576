"""Which endpoints a Service should have: a pure function of the Service, its pods and their nodes' zones.

Upstream: podToEndpoint, getEndpointPorts (k8s.io/endpointslice/utils.go) and ReconcileHints (trafficdist).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from minikube_lite.controllers.endpointslice.membership import (
    address_types,
    find_port,
    has_cluster_ip,
    is_in_endpoints,
    pod_ips,
    sets_hostname,
)
from minikube_lite.machinery.meta import is_deleting, is_pod_ready
from minikube_lite.store import Object

PortKey = tuple[tuple[str, str, int, str], ...]
Zones = Mapping[str, str]
"""The zone of each node there is, "" where it has none."""

PREFER_ZONE = ("PreferClose", "PreferSameZone", "PreferSameNode")


@dataclass(slots=True)
class EndpointGroup:
    """Endpoints that may stand in one slice: of one family of addresses, with the same ports."""

    address_type: str
    ports: list[Object]
    endpoints: list[Object] = field(default_factory=list)


Groups = dict[tuple[str, PortKey], EndpointGroup]


class PodEndpoint(NamedTuple):
    """What one pod is in the slices of one family; without an endpoint it still makes its ports wanted."""

    family: str
    ports: list[Object]
    port_key: PortKey
    endpoint: Object | None


class EndpointMemo:
    """The endpoints of a Service's pods as they were made last: only what changed is made anew."""

    def __init__(self) -> None:
        self._service: Object | None = None
        self._made: dict[str, tuple[Object, str | None, list[PodEndpoint]]] = {}

    def endpoints_of(self, service: Object, pods: Iterable[Object], zones: Zones) -> Iterator[PodEndpoint]:
        """Of each pod in turn. Objects are the same where nothing changed, so their identity tells."""
        known = self._made if self._service is service else {}
        made: dict[str, tuple[Object, str | None, list[PodEndpoint]]] = {}
        for pod in pods:
            uid, zone = pod["metadata"]["uid"], zones.get(pod["spec"].get("nodeName", ""))
            entry = known.get(uid)
            if entry is None or entry[0] is not pod or entry[1] != zone:
                entry = (pod, zone, list(pod_endpoints(service, pod, zone)))
            made[uid] = entry
            yield from entry[2]
        self._service, self._made = service, made


def desired_groups(service: Object, pods: Iterable[Object], zones: Zones, memo: EndpointMemo | None = None) -> Groups:
    """The endpoints of a Service, in the order of the pods."""
    groups: Groups = {}
    for family, ports, key, endpoint in (memo or EndpointMemo()).endpoints_of(service, pods, zones):
        group = groups.get((family, key))
        if group is None:
            group = groups[family, key] = EndpointGroup(family, ports)
        if endpoint is not None:
            group.endpoints.append(endpoint)
    return groups


def pod_endpoints(service: Object, pod: Object, zone: str | None) -> Iterator[PodEndpoint]:
    """What a pod is in the slices of each family. `zone` is None where the pod's node is not there."""
    if not is_in_endpoints(pod, include_terminating=True):
        return
    ports = _endpoint_ports(service, pod)
    key = port_key(ports)
    # A pod whose node is gone is no endpoint; the pod's garbage collection will find it.
    counts = zone is not None or bool(service["spec"].get("publishNotReadyAddresses"))
    for family in address_types(service):
        addresses = [ip for ip in pod_ips(pod) if (":" in ip) == (family == "IPv6")]
        endpoint = _endpoint(service, pod, addresses, zone or "") if addresses and counts else None
        yield PodEndpoint(family, ports, key, endpoint)


def port_key(ports: Iterable[Object]) -> PortKey:
    """What makes ports the same, in whatever order they stand."""
    return tuple(
        sorted(
            (
                port.get("name") or "",
                port.get("protocol") or "TCP",
                port.get("port") or 0,
                port.get("appProtocol") or "",
            )
            for port in ports
        )
    )


def _endpoint_ports(service: Object, pod: Object) -> list[Object]:
    spec = service["spec"]
    if not spec.get("ports") and not has_cluster_ip(service):
        return []
    ports: list[Object] = []
    for service_port in spec.get("ports") or ():
        number = find_port(pod, service_port)
        if number is not None:
            port: Object = {
                "name": service_port.get("name", ""),
                "port": number,
                "protocol": service_port.get("protocol", "TCP"),
            }
            if service_port.get("appProtocol") is not None:
                port["appProtocol"] = service_port["appProtocol"]
            ports.append(port)
    return ports


def _endpoint(service: Object, pod: Object, addresses: list[str], zone: str) -> Object:
    metadata, spec = pod["metadata"], pod["spec"]
    serving, terminating = is_pod_ready(pod), is_deleting(pod)
    ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not terminating)
    endpoint: dict[str, Any] = {
        "addresses": addresses,
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {
            "kind": "Pod",
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
    }
    if spec.get("nodeName"):
        endpoint["nodeName"] = spec["nodeName"]
    if zone:
        endpoint["zone"] = zone
    if sets_hostname(pod, service):
        endpoint["hostname"] = spec["hostname"]
    hints = _hints(service, endpoint) if ready else {}
    if hints:
        endpoint["hints"] = hints
    return endpoint


def _hints(service: Object, endpoint: Object) -> Object:
    """For whom the endpoint is meant, where the Service wants its traffic to stay close."""
    distribution = service["spec"].get("trafficDistribution")
    hints: Object = {}
    if distribution in PREFER_ZONE and "zone" in endpoint:
        hints["forZones"] = [{"name": endpoint["zone"]}]
    if distribution == "PreferSameNode" and "nodeName" in endpoint:
        hints["forNodes"] = [{"name": endpoint["nodeName"]}]
    return hints
