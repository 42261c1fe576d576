"""What a service's type asks for; upstream: pkg/api/service/util.go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CLUSTER_IP_NONE = "None"

Spec = Mapping[str, Any]


def needs_cluster_ip(spec: Spec) -> bool:
    """Whether a service of that type has an address, or None."""
    return spec.get("type") != "ExternalName"


def needs_node_port(spec: Spec) -> bool:
    """Whether a service of that type listens on the nodes."""
    return spec.get("type") in ("NodePort", "LoadBalancer")


def needs_health_check(spec: Spec) -> bool:
    """Whether load balancers must ask the nodes which of them have endpoints."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def externally_accessible(spec: Spec) -> bool:
    """Whether the service can be reached from outside the cluster."""
    return needs_node_port(spec) or (spec.get("type") == "ClusterIP" and bool(spec.get("externalIPs")))


def allocates_node_ports(spec: Spec) -> bool:
    """Whether ports on the nodes are given out that nobody asked for."""
    if spec.get("type") == "LoadBalancer":
        return spec.get("allocateLoadBalancerNodePorts") is not False
    return spec.get("type") == "NodePort"


def is_headless(spec: Spec) -> bool:
    """Whether the service has no address of its own."""
    return spec.get("clusterIPs") == [CLUSTER_IP_NONE]


def node_ports(spec: Spec) -> frozenset[int]:
    """The ports on the nodes that the service's ports have."""
    return frozenset(port["nodePort"] for port in spec.get("ports", ()) if port.get("nodePort"))
