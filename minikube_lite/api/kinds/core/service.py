"""Services: defaults, what follows from their type, status and columns; upstream: pkg/registry/core/service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.columns import AGE, NAME, NONE, cell_column, format_labels, text_column, value_at
from minikube_lite.api.kinds.core.service_allocation import (
    allocate_service,
    normalize_cluster_ips,
    patch_allocated_values,
    set_ip_families,
)
from minikube_lite.api.kinds.core.service_types import (
    externally_accessible,
    is_headless,
    needs_cluster_ip,
    needs_health_check,
    needs_node_port,
    node_ports,
)
from minikube_lite.api.kinds.core.service_validation import (
    load_balancer_status_errors,
    service_errors,
    service_update_errors,
)
from minikube_lite.api.kinds.ip_fields import cidr_warnings, ip_warnings
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, StatusStrategy, Strategy, keep
from minikube_lite.machinery.names import name_is_dns_label
from minikube_lite.schema.field import FieldError, Path
from minikube_lite.store import Object

CLIENT_IP_TIMEOUT_SECONDS = 10800

SPEC = Path("spec")


class ServiceStrategy(Strategy):
    """All writes but those of status."""

    manages_generation = False
    allow_create_on_update = True

    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        obj.setdefault("status", {}).setdefault("loadBalancer", {})
        _default_affinity(spec)
        spec["type"] = spec.get("type") or "ClusterIP"
        for port in spec.get("ports", ()):
            port["protocol"] = port.get("protocol") or "TCP"
            if port.get("targetPort") in (None, 0, ""):
                port["targetPort"] = port.get("port", 0)
        if externally_accessible(spec) and not spec.get("externalTrafficPolicy"):
            spec["externalTrafficPolicy"] = "Cluster"
        if spec.get("internalTrafficPolicy") is None and spec["type"] in ("NodePort", "LoadBalancer", "ClusterIP"):
            spec["internalTrafficPolicy"] = "Cluster"
        if spec["type"] == "LoadBalancer":
            spec.setdefault("allocateLoadBalancerNodePorts", True)
            for ingress in obj["status"]["loadBalancer"].get("ingress", ()):
                if ingress.get("ip"):
                    ingress.setdefault("ipMode", "VIP")

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {"loadBalancer": {}}
        normalize_cluster_ips(obj["spec"], None)
        set_ip_families(context, obj, None)
        _drop_internal_traffic_policy(obj["spec"])

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        return service_errors(obj, None)

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        return service_warnings(obj)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        keep(new, old, "status")
        patch_allocated_values(new["spec"], old["spec"])
        normalize_cluster_ips(new["spec"], old["spec"])
        set_ip_families(context, new, old)
        drop_type_dependent_fields(new, old)
        _drop_internal_traffic_policy(new["spec"])

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from service_update_errors(new, old)
        yield from service_errors(new, old)

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        return service_warnings(new)

    def allocate(self, context: RequestContext, obj: Object, old: Object | None) -> None:
        if context.subresource != "status":
            allocate_service(context, obj, old)


class ServiceStatusStrategy(StatusStrategy):
    """The status: where a load balancer can be reached."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        yield from load_balancer_status_errors(new, old)

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        path = Path("status.loadBalancer.ingress")
        for position, ingress in enumerate(value_at(new, ("status", "loadBalancer", "ingress"), ())):
            if ingress.get("ip"):
                yield from ip_warnings(path.index(position), ingress["ip"])


def _default_affinity(spec: Object) -> None:
    spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        if value_at(spec, ("sessionAffinityConfig", "clientIP", "timeoutSeconds")) is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": CLIENT_IP_TIMEOUT_SECONDS}}


def _drop_internal_traffic_policy(spec: Object) -> None:
    # Upstream drops it whenever it reads an ExternalName service.
    if spec["type"] == "ExternalName":
        spec.pop("internalTrafficPolicy", None)


def drop_type_dependent_fields(new: Object, old: Object) -> None:
    """Release what the service's new type has no use for, unless the writer changed it as well."""
    spec, before = new["spec"], old["spec"]
    if needs_cluster_ip(before) and not needs_cluster_ip(spec):
        if spec.get("clusterIP") == before.get("clusterIP") and spec.get("clusterIPs") == before.get("clusterIPs"):
            spec.pop("clusterIP", None)
            spec.pop("clusterIPs", None)
        _drop_unchanged(spec, before, "ipFamilies", "ipFamilyPolicy")
    if needs_node_port(before) and not needs_node_port(spec) and node_ports(before).issuperset(node_ports(spec)):
        for port in spec.get("ports", ()):
            port.pop("nodePort", None)
    if needs_health_check(before) and not needs_health_check(spec):
        _drop_unchanged(spec, before, "healthCheckNodePort")
    if before["type"] == "LoadBalancer" and spec["type"] != "LoadBalancer":
        _drop_unchanged(spec, before, "allocateLoadBalancerNodePorts", "loadBalancerClass")
    if externally_accessible(before) and not externally_accessible(spec):
        _drop_unchanged(spec, before, "externalTrafficPolicy")
    if spec["type"] != "LoadBalancer":
        new["status"] = {**new.get("status", {}), "loadBalancer": {}}


def _drop_unchanged(spec: Object, before: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if spec.get(name) == before.get(name):
            spec.pop(name, None)


def service_warnings(obj: Object) -> Iterator[str]:
    """What is allowed in a service but of no use."""
    spec = obj["spec"]
    if "service.kubernetes.io/topology-aware-hints" in obj["metadata"].get("annotations", {}):
        yield (
            "annotation service.kubernetes.io/topology-aware-hints is deprecated,"
            " please use service.kubernetes.io/topology-mode instead"
        )
    headless, external = is_headless(spec), spec["type"] == "ExternalName"
    external_ips = spec.get("externalIPs", ())
    if not headless:
        for position, address in enumerate(spec.get("clusterIPs", ())):
            yield from ip_warnings(SPEC.child("clusterIPs").index(position), address)
    else:
        if spec.get("loadBalancerIP"):
            yield "spec.loadBalancerIP is ignored for headless services"
        if external_ips:
            yield "spec.externalIPs is ignored for headless services"
        if spec.get("sessionAffinity") != "None":
            yield "spec.SessionAffinity is ignored for headless services"
    for position, address in enumerate(external_ips):
        yield from ip_warnings(SPEC.child("externalIPs").index(position), address)
    if external_ips and not headless and not external:
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    if spec.get("loadBalancerIP"):
        yield from ip_warnings(SPEC.child("loadBalancerIP"), spec["loadBalancerIP"])
    for position, network in enumerate(spec.get("loadBalancerSourceRanges", ())):
        yield from cidr_warnings(SPEC.child("loadBalancerSourceRanges").index(position), network)
    if external and external_ips:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if not external and spec.get("externalName"):
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def external_ip_text(obj: Object) -> str:
    """The External-IP cell."""
    spec = obj["spec"]
    if spec["type"] == "ExternalName":
        return str(spec.get("externalName", ""))
    addresses = list(spec.get("externalIPs", ()))
    if spec["type"] in ("ClusterIP", "NodePort"):
        return ",".join(addresses) or NONE
    ingresses = value_at(obj, ("status", "loadBalancer", "ingress"), ())
    found = sorted({ingress.get("ip") or ingress.get("hostname") or "" for ingress in ingresses} - {""})
    return ",".join([*found, *addresses]) or "<pending>"


def ports_text(obj: Object) -> str:
    """The Port(s) cell."""
    pieces = []
    for port in obj["spec"].get("ports", ()):
        node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
        pieces.append(f"{port['port']}{node_port}/{port['protocol']}")
    return ",".join(pieces) or NONE


def cluster_ip_text(obj: Object) -> str:
    """The Cluster-IP cell."""
    addresses = obj["spec"].get("clusterIPs")
    return addresses[0] if addresses else NONE


COLUMNS = (
    NAME,
    text_column("Type", "spec", "type", description=FieldText("io.k8s.api.core.v1.ServiceSpec", "type")),
    cell_column("Cluster-IP", cluster_ip_text, description=FieldText("io.k8s.api.core.v1.ServiceSpec", "clusterIP")),
    cell_column(
        "External-IP", external_ip_text, description=FieldText("io.k8s.api.core.v1.ServiceSpec", "externalIPs")
    ),
    cell_column("Port(s)", ports_text, description=FieldText("io.k8s.api.core.v1.ServiceSpec", "ports")),
    AGE,
    cell_column(
        "Selector",
        lambda obj: format_labels(obj["spec"].get("selector")),
        priority=1,
        description=FieldText("io.k8s.api.core.v1.ServiceSpec", "selector"),
    ),
)


def selectable(obj: Object) -> Mapping[str, str]:
    """The fields by which services can be selected."""
    return {"spec.clusterIP": obj["spec"].get("clusterIP", ""), "spec.type": obj["spec"].get("type", "")}


STRATEGY = ServiceStrategy()

KIND = Kind(
    group="",
    plural="services",
    strategy=STRATEGY,
    status_strategy=ServiceStatusStrategy(STRATEGY),
    columns=COLUMNS,
    selectable=selectable,
    selectable_names=("spec.clusterIP", "spec.type"),
    name_check=name_is_dns_label,
    delete_returns_object=True,
)
