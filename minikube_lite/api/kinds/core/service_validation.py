"""What a Service may say, new and changed; upstream: ValidateService and its kin in pkg/apis/core/validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from minikube_lite.api.kinds.core.service_types import externally_accessible, is_headless, needs_health_check
from minikube_lite.api.kinds.ip_fields import endpoint_ip, ip_family, legacy_cidr, legacy_ip
from minikube_lite.machinery.addresses import parse_ip_sloppy
from minikube_lite.machinery.metadata import validate_labels
from minikube_lite.machinery.names import (
    is_dns1123_label,
    is_dns1123_subdomain,
    is_qualified_name,
    is_valid_port_name,
    is_valid_port_num,
)
from minikube_lite.schema.field import FieldError, Path, duplicate, forbidden, invalid, not_supported, required
from minikube_lite.store import Object

CLIENT_IP_TIMEOUT_SECONDS_MAX = 86400
IP_FAMILIES = ("IPv4", "IPv6")
IP_FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
PROTOCOLS = ("SCTP", "TCP", "UDP")
SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
SESSION_AFFINITIES = ("ClientIP", "None")
TRAFFIC_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
TRAFFIC_POLICIES = ("Cluster", "Local")

SOURCE_RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges"
TOPOLOGY_HINTS_ANNOTATION = "service.kubernetes.io/topology-aware-hints"
TOPOLOGY_MODE_ANNOTATION = "service.kubernetes.io/topology-mode"

SPEC = Path("spec")
ANNOTATIONS = Path("metadata.annotations")

Spec = Mapping[str, Any]


def service_errors(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """The faults of a service as it stands. Ports and addresses that are still to be given out may be missing."""
    spec, annotations = obj["spec"], obj["metadata"].get("annotations") or {}
    before: Spec = old["spec"] if old else {}
    hints, mode = annotations.get(TOPOLOGY_HINTS_ANNOTATION), annotations.get(TOPOLOGY_MODE_ANNOTATION)
    if hints is not None and mode is not None and hints != mode:
        text = f"must match annotations[{TOPOLOGY_HINTS_ANNOTATION}] when both are specified"
        yield invalid(ANNOTATIONS.key(TOPOLOGY_MODE_ANNOTATION), mode, text)
    yield from _type_errors(spec)
    yield from _ports_errors(spec)
    yield from validate_labels(spec.get("selector"), SPEC.child("selector"))
    yield from _affinity_errors(spec)
    yield from cluster_ip_errors(spec, before)
    for position, address in enumerate(spec.get("externalIPs", ())):
        place = SPEC.child("externalIPs").index(position)
        faults = list(legacy_ip(place, address, before.get("externalIPs", ())))
        yield from faults or endpoint_ip(place, address)
    if spec["type"] not in SERVICE_TYPES:
        yield not_supported(SPEC.child("type"), spec["type"], SERVICE_TYPES)
    yield from _unique_ports_errors(spec)
    yield from _source_range_errors(spec, annotations, before, (old or {}).get("metadata", {}).get("annotations") or {})
    if spec.get("allocateLoadBalancerNodePorts") is not None and spec["type"] != "LoadBalancer":
        yield forbidden(SPEC.child("allocateLoadBalancerNodePorts"), "may only be used when `type` is 'LoadBalancer'")
    yield from _load_balancer_class_errors(spec)
    yield from _external_traffic_errors(spec)
    yield from _traffic_errors(spec)


def _type_errors(spec: Spec) -> Iterator[FieldError]:
    service_type = spec["type"]
    if not spec.get("ports") and not is_headless(spec) and service_type != "ExternalName":
        yield required(SPEC.child("ports"))
    if service_type in ("LoadBalancer", "NodePort") and is_headless(spec):
        place = SPEC.child("clusterIPs").index(0)
        yield invalid(place, "None", f"may not be set to 'None' for {service_type} services")
    if service_type == "ExternalName":
        for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if spec.get(name):
                yield forbidden(SPEC.child(name), "may not be set for ExternalName services")
        external_name = spec.get("externalName", "").removesuffix(".")
        if external_name:
            for message in is_dns1123_subdomain(external_name):
                yield invalid(SPEC.child("externalName"), external_name, message)
        else:
            yield required(SPEC.child("externalName"))


def _ports_errors(spec: Spec) -> Iterator[FieldError]:
    names: set[str] = set()
    ports = spec.get("ports", ())
    for position, port in enumerate(ports):
        path, name = SPEC.child("ports").index(position), port.get("name", "")
        if name:
            for message in is_dns1123_label(name):
                yield invalid(path.child("name"), name, message)
            if name in names:
                yield duplicate(path.child("name"), name)
            names.add(name)
        elif len(ports) > 1:
            yield required(path.child("name"))
        for message in is_valid_port_num(port.get("port", 0)):
            yield invalid(path.child("port"), port.get("port", 0), message)
        if port["protocol"] not in PROTOCOLS:
            yield not_supported(path.child("protocol"), port["protocol"], PROTOCOLS)
        yield from port_number_or_name_errors(port["targetPort"], path.child("targetPort"))
        if port.get("appProtocol") is not None:
            for message in is_qualified_name(port["appProtocol"]):
                yield invalid(path.child("appProtocol"), port["appProtocol"], message)


def port_number_or_name_errors(port: int | str, path: Path) -> Iterator[FieldError]:
    """What is wrong with a port that may be a number or a container port's name."""
    for message in is_valid_port_name(port) if isinstance(port, str) else is_valid_port_num(port):
        yield invalid(path, port, message)


def _affinity_errors(spec: Spec) -> Iterator[FieldError]:
    affinity = spec["sessionAffinity"]
    if affinity not in SESSION_AFFINITIES:
        yield not_supported(SPEC.child("sessionAffinity"), affinity, SESSION_AFFINITIES)
    if affinity == "ClientIP":
        seconds = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"]
        if not 0 < seconds <= CLIENT_IP_TIMEOUT_SECONDS_MAX:
            path = SPEC.child("sessionAffinityConfig", "clientIP", "timeoutSeconds")
            yield invalid(path, seconds, f"must be greater than 0 and less than {CLIENT_IP_TIMEOUT_SECONDS_MAX}")


def cluster_ip_errors(spec: Spec, before: Spec) -> Iterator[FieldError]:
    """The faults of the service's addresses and their families."""
    if spec["type"] == "ExternalName":
        return
    path, addresses, families = SPEC.child("clusterIPs"), spec.get("clusterIPs", []), spec.get("ipFamilies", [])
    first = spec.get("clusterIP", "")
    if first and not addresses:
        yield required(path)
    elif first and addresses[0] != first:
        yield invalid(path, addresses, "first value must match `clusterIP`")
    elif not first and addresses:
        yield invalid(path, addresses, "must be empty when `clusterIP` is not specified")
    for position, family in enumerate(families):
        if family not in IP_FAMILIES:
            yield not_supported(SPEC.child("ipFamilies").index(position), family, IP_FAMILIES)
        if family in families[:position]:
            yield duplicate(SPEC.child("ipFamilies").index(position), family)
    policy = spec.get("ipFamilyPolicy")
    if policy is not None and policy not in IP_FAMILY_POLICIES:
        yield not_supported(SPEC.child("ipFamilyPolicy"), policy, IP_FAMILY_POLICIES)
    faults = list(_address_errors(addresses, before.get("clusterIPs", [])))
    yield from faults
    if len(addresses) > 2:
        yield invalid(path, addresses, "may only hold up to 2 values")
    if faults:
        return
    if len(addresses) > 1 and len({ip_family(address) for address in addresses}) < 2:
        yield invalid(path, addresses, "may specify no more than one IP for each IP family")
    if not is_headless(spec):
        for position, (address, family) in enumerate(zip(addresses, families, strict=False)):
            if family in IP_FAMILIES and ip_family(address) != family:
                text = f"expected an {family} value as indicated by `ipFamilies[{position}]`"
                yield invalid(path.index(position), address, text)


def _address_errors(addresses: list[str], old: list[str]) -> Iterator[FieldError]:
    path = SPEC.child("clusterIPs")
    for position, address in enumerate(addresses):
        if position == 0 and address == "None":
            if len(addresses) > 1:
                yield invalid(path, addresses, "'None' must be the first and only value")
        else:
            yield from legacy_ip(path.index(position), address, old)


def _unique_ports_errors(spec: Spec) -> Iterator[FieldError]:
    path, ports = SPEC.child("ports"), spec.get("ports", ())
    if spec["type"] == "ClusterIP":
        for position, port in enumerate(ports):
            if port.get("nodePort"):
                yield forbidden(path.index(position).child("nodePort"), "may not be used when `type` is 'ClusterIP'")
    on_nodes: set[tuple[str, int]] = set()
    for position, port in enumerate(ports):
        if port.get("nodePort"):
            key = (port["protocol"], port["nodePort"])
            if key in on_nodes:
                yield duplicate(path.index(position).child("nodePort"), port["nodePort"])
            on_nodes.add(key)
    seen: set[tuple[str, int]] = set()
    for position, port in enumerate(ports):
        key = (port["protocol"], port.get("port", 0))
        if key in seen:
            yield duplicate(path.index(position), _port_key(*key))
        seen.add(key)


def _port_key(protocol: str, port: int) -> dict[str, Any]:
    """The struct by which upstream compares ports, as its error shows it."""
    return {"Name": "", "Protocol": protocol, "AppProtocol": None, "Port": port, "TargetPort": 0, "NodePort": 0}


def _source_range_errors(
    spec: Spec, annotations: Mapping[str, str], before: Spec, before_annotations: Mapping[str, str]
) -> Iterator[FieldError]:
    only_load_balancer = "may only be used when `type` is 'LoadBalancer'"
    ranges = spec.get("loadBalancerSourceRanges")
    if ranges:
        path = SPEC.child("LoadBalancerSourceRanges")
        if spec["type"] != "LoadBalancer":
            yield forbidden(path, only_load_balancer)
        old = [value.strip() for value in before.get("loadBalancerSourceRanges", ())]
        for position, value in enumerate(ranges):
            yield from legacy_cidr(path.index(position), value.strip(), old)
    elif SOURCE_RANGES_ANNOTATION in annotations:
        path, text = ANNOTATIONS.key(SOURCE_RANGES_ANNOTATION), annotations[SOURCE_RANGES_ANNOTATION]
        if spec["type"] != "LoadBalancer":
            yield forbidden(path, only_load_balancer)
        if before_annotations.get(SOURCE_RANGES_ANNOTATION) != text and text.strip():
            for value in text.strip().split(","):
                yield from legacy_cidr(path, value.strip())


def _load_balancer_class_errors(spec: Spec) -> Iterator[FieldError]:
    name, path = spec.get("loadBalancerClass"), SPEC.child("loadBalancerClass")
    if name is None:
        return
    if spec["type"] != "LoadBalancer":
        yield forbidden(path, "may only be used when `type` is 'LoadBalancer'")
        return
    for message in is_qualified_name(name):
        yield invalid(path, name, message)


def _external_traffic_errors(spec: Spec) -> Iterator[FieldError]:
    policy, path = spec.get("externalTrafficPolicy", ""), SPEC.child("externalTrafficPolicy")
    if not externally_accessible(spec):
        if policy:
            yield invalid(path, policy, "may only be set for externally-accessible services")
    elif not policy:
        yield required(path)
    elif policy not in TRAFFIC_POLICIES:
        yield not_supported(path, policy, TRAFFIC_POLICIES)
    port, path = spec.get("healthCheckNodePort", 0), SPEC.child("healthCheckNodePort")
    if port and not needs_health_check(spec):
        text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        yield invalid(path, port, text)
    elif port:
        for message in is_valid_port_num(port):
            yield invalid(path, port, message)


def _traffic_errors(spec: Spec) -> Iterator[FieldError]:
    policy = spec.get("internalTrafficPolicy")
    if policy is not None and policy not in TRAFFIC_POLICIES:
        yield not_supported(SPEC.child("internalTrafficPolicy"), policy, TRAFFIC_POLICIES)
    distribution = spec.get("trafficDistribution")
    if distribution is not None and distribution not in TRAFFIC_DISTRIBUTIONS:
        yield not_supported(SPEC.child("trafficDistribution"), distribution, TRAFFIC_DISTRIBUTIONS)


def service_update_errors(new: Object, old: Object) -> Iterator[FieldError]:
    """The faults of what changed."""
    spec, before = new["spec"], old["spec"]
    if spec["type"] != "ExternalName" and before["type"] != "ExternalName":
        if not (is_headless(spec) and is_headless(before)):
            yield from _cluster_ips_change_errors(spec, before)
        if not is_headless(spec) and not is_headless(before):
            yield from _ip_families_change_errors(spec, before)
    if spec["type"] == before["type"] == "LoadBalancer":
        if spec.get("loadBalancerClass") != before.get("loadBalancerClass"):
            yield invalid(SPEC.child("loadBalancerClass"), spec.get("loadBalancerClass"), "may not change once set")
    yield from _load_balancer_class_errors(spec)
    if needs_health_check(spec) and needs_health_check(before):
        if spec.get("healthCheckNodePort") != before.get("healthCheckNodePort"):
            yield forbidden(SPEC.child("healthCheckNodePort"), "field is immutable")


def _cluster_ips_change_errors(spec: Spec, before: Spec) -> Iterator[FieldError]:
    path, addresses, old = SPEC.child("clusterIPs"), spec.get("clusterIPs", []), before.get("clusterIPs", [])
    if len(addresses) == len(old):
        for position, address in enumerate(old):
            if address != addresses[position]:
                yield invalid(path.index(position), addresses, "may not change once set")
        return
    if not addresses:
        yield invalid(path.index(0), None, "primary clusterIP can not be unset")
    elif old and addresses[0] != old[0]:
        yield invalid(path.index(0), addresses, "may not change once set")
    if len(addresses) == 1 and len(old) > 1 and spec.get("ipFamilyPolicy") != "SingleStack":
        text = "must be set to 'SingleStack' when releasing the secondary clusterIP"
        yield invalid(SPEC.child("ipFamilyPolicy"), spec.get("ipFamilyPolicy"), text)


def _ip_families_change_errors(spec: Spec, before: Spec) -> Iterator[FieldError]:
    path, families, old = SPEC.child("ipFamilies").index(0), spec.get("ipFamilies", []), before.get("ipFamilies", [])
    if len(families) == len(old):
        for position, family in enumerate(old):
            if family != families[position]:
                yield invalid(path, families, "may not change once set")
        return
    if len(families) < len(old) and not spec.get("clusterIPs"):
        yield invalid(path, families, "primary ipFamily can not be unset")
    if families and old and families[0] != old[0]:
        yield invalid(path, spec.get("clusterIPs"), "may not change once set")
    if len(families) == 1 and len(old) > 1 and spec.get("ipFamilyPolicy") != "SingleStack":
        text = "must be set to 'SingleStack' when releasing the secondary ipFamily"
        yield invalid(SPEC.child("ipFamilyPolicy"), spec.get("ipFamilyPolicy"), text)


def load_balancer_status_errors(new: Object, old: Object) -> Iterator[FieldError]:
    """The faults of a service's status."""
    path = Path("status.loadBalancer.ingress")
    ingresses = _ingresses(new)
    if ingresses and new["spec"]["type"] != "LoadBalancer":
        yield forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")
        return
    known = [ingress["ip"] for ingress in _ingresses(old) if ingress.get("ip")]
    for position, ingress in enumerate(ingresses):
        yield from _ingress_errors(ingress, path.index(position), known)


def _ingresses(obj: Object) -> list[Object]:
    return list(obj.get("status", {}).get("loadBalancer", {}).get("ingress") or ())


def _ingress_errors(ingress: Object, path: Path, known: list[str]) -> Iterator[FieldError]:
    address, mode, hostname = ingress.get("ip", ""), ingress.get("ipMode"), ingress.get("hostname", "")
    if address:
        yield from legacy_ip(path.child("ip"), address, known)
    if mode is None:
        if address:
            yield required(path.child("ipMode"), "must be specified when `ip` is set")
    elif not address:
        yield forbidden(path.child("ipMode"), "may not be specified when `ip` is not set")
    elif mode not in ("Proxy", "VIP"):
        yield not_supported(path.child("ipMode"), mode, ("Proxy", "VIP"))
    if hostname:
        for message in is_dns1123_subdomain(hostname):
            yield invalid(path.child("hostname"), hostname, message)
        if parse_ip_sloppy(hostname) is not None:
            yield invalid(path.child("hostname"), hostname, "must be a DNS name, not an IP address")
