"""Which endpoints a Service should have: a pure function of the Service, its pods and their nodes' zones.

Upstream: podToEndpoint, getEndpointPorts (k8s.io/endpointslice/utils.go) and ReconcileHints (trafficdist).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

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


def desired_groups(service: Object, pods: Iterable[Object], zones: Zones) -> Groups:
    """The endpoints of a Service, in the order of the pods."""
    groups: Groups = {}
    families = address_types(service)
    publish_not_ready = bool(service["spec"].get("publishNotReadyAddresses"))
    for pod in pods:
        node = pod["spec"].get("nodeName", "")
        if not is_in_endpoints(pod, include_terminating=True):
            continue
        ports = _endpoint_ports(service, pod)
        for family in families:
            group = groups.setdefault((family, port_key(ports)), EndpointGroup(family, ports))
            addresses = [ip for ip in pod_ips(pod) if (":" in ip) == (family == "IPv6")]
            # A pod whose node is gone is no endpoint; the pod's garbage collection will find it.
            if addresses and (node in zones or publish_not_ready):
                group.endpoints.append(_endpoint(service, pod, addresses, zones.get(node, "")))
    return groups


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
