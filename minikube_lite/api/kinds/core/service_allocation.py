"""Services' families, addresses and node ports; upstream: pkg/registry/core/service/storage/alloc.go.

What is taken follows from the services there are. Whoever asks for no particular address or port gets one of the upper
band first, so that the lower one is left to those who ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from random import Random

from minikube_lite.api.kinds.core.service_types import (
    allocates_node_ports,
    needs_cluster_ip,
    needs_health_check,
    needs_node_port,
    node_ports,
)
from minikube_lite.api.kinds.core.service_validation import cluster_ip_errors
from minikube_lite.api.kinds.ip_fields import ip_family
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import RequestContext
from minikube_lite.machinery.resources import SERVICES
from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.store import Object

SPEC = Path("spec")

STATIC_ADDRESSES_MIN, STATIC_ADDRESSES_MAX, STATIC_ADDRESSES_SHARE = 16, 256, 16
STATIC_PORTS_MIN, STATIC_PORTS_MAX, STATIC_PORTS_SHARE = 16, 128, 32


class AllocationError(Exception):
    """Why an address or a port cannot be given out; the text is upstream's."""


def static_band(size: int, smallest: int, largest: int, share: int) -> int:
    """How much at a range's low end is left to those who ask for a certain value."""
    return 0 if size <= smallest else min(max(smallest, size // share), largest)


def draw(low: int, high: int, band: int, taken: frozenset[int] | set[int], random: Random) -> int:
    """A free number of low..high by chance, from above the band first."""
    for first, last in ((low + band, high), (low, low + band - 1)):
        size = last - first + 1
        if size <= 0:
            continue
        start = random.randrange(size)
        for step in range(size):
            number = first + (start + step) % size
            if number not in taken:
                return number
    raise AllocationError("range is full")


class AddressRange:
    """The network from which services get their addresses."""

    def __init__(self, network: IPv4Network | IPv6Network) -> None:
        self.network = network
        self.family = f"IPv{network.version}"
        self.low = int(network.network_address) + 1
        self.high = int(network.broadcast_address) - (1 if network.version == 4 else 0)
        self.band = static_band(
            self.high - self.low + 1, STATIC_ADDRESSES_MIN, STATIC_ADDRESSES_MAX, STATIC_ADDRESSES_SHARE
        )

    def check(self, address: str, taken: set[int]) -> None:
        """Whether that address can be given out."""
        number = int(ip_address(address))
        if ip_address(address).version != self.network.version or not self.low <= number <= self.high:
            text = f"the provided IP ({address}) is not in the valid range. The range of valid IPs is {self.network}"
            raise AllocationError(text)
        if number in taken:
            raise AllocationError("provided IP is already allocated")

    def next(self, taken: set[int], random: Random) -> str:
        """A free address."""
        number = draw(self.low, self.high, self.band, taken, random)
        return str(type(self.network.network_address)(number))


def address_range(context: RequestContext) -> AddressRange:
    """The cluster's range of service addresses."""
    return AddressRange(ip_network(str(context.options.service_cluster_ip_range)))


def node_port_range(context: RequestContext) -> tuple[int, int]:
    """The first and the last port on the nodes that services may have."""
    low, _, high = str(context.options.service_node_port_range).partition("-")
    return int(low), int(high)


# Before validation


def patch_allocated_values(spec: Object, before: Object) -> None:
    """Take over what was given out before, where the writer did not name it."""
    if needs_cluster_ip(before) and needs_cluster_ip(spec):
        if not spec.get("clusterIP") and before.get("clusterIP"):
            spec["clusterIP"] = before["clusterIP"]
        if not spec.get("clusterIPs") and before.get("clusterIPs"):
            spec["clusterIPs"] = list(before["clusterIPs"])
    if needs_node_port(before) and needs_node_port(spec):
        used = node_ports(before) & node_ports(spec)
        by_name = {port.get("name", ""): port.get("nodePort", 0) for port in before.get("ports", ())}
        for port in spec.get("ports", ()):
            old = by_name.get(port.get("name", ""), 0)
            if not port.get("nodePort") and old and old not in used:
                port["nodePort"] = old
    if needs_health_check(before) and needs_health_check(spec) and not spec.get("healthCheckNodePort"):
        if before.get("healthCheckNodePort"):
            spec["healthCheckNodePort"] = before["healthCheckNodePort"]


def normalize_cluster_ips(spec: Object, before: Object | None) -> None:
    """Make clusterIPs follow clusterIP where the writer knows only the older field."""
    first, addresses = spec.get("clusterIP", ""), spec.get("clusterIPs", [])
    if before is None:
        if first and not addresses:
            spec["clusterIPs"] = [first]
        return
    old_first, old_addresses = before.get("clusterIP", ""), before.get("clusterIPs", [])
    if old_addresses and not addresses and old_first == first:
        spec["clusterIPs"] = addresses = list(old_addresses)
    if old_first != first and addresses == old_addresses:
        if old_first and not first:
            spec.pop("clusterIPs", None)
        else:
            spec["clusterIPs"] = [first]


def set_ip_families(context: RequestContext, obj: Object, old: Object | None) -> None:
    """Give the service its family policy and families; raises Invalid where the cluster cannot serve them."""
    spec, before = obj["spec"], old["spec"] if old else None
    if not needs_cluster_ip(spec) or (before is not None and _keeps_prefer_dual_stack(spec, before)):
        return
    headless_without_selector = spec.get("clusterIP") == "None" and not spec.get("selector")
    if spec.get("ipFamilyPolicy") is None:
        old_policy = before.get("ipFamilyPolicy") if before else None
        spec["ipFamilyPolicy"] = old_policy or ("RequireDualStack" if headless_without_selector else "SingleStack")
    _raise_invalid(obj, list(cluster_ip_errors(spec, before or {})))
    if before is not None and spec["ipFamilyPolicy"] == "SingleStack":
        for name in ("clusterIPs", "ipFamilies"):
            if spec.get(name) == before.get(name) and len(spec.get(name, ())) > 1:
                spec[name] = spec[name][:1]
    configured = address_range(context).family
    _raise_invalid(obj, list(_policy_errors(spec, before)) + list(_add_families_of_addresses(spec, configured)))
    if headless_without_selector:
        families = list(spec.get("ipFamilies") or [configured])
        if len(families) < 2 and spec["ipFamilyPolicy"] != "SingleStack":
            families.append("IPv6" if families[0] == "IPv4" else "IPv4")
        spec["ipFamilies"] = families
        return
    _raise_invalid(obj, list(_configured_errors(spec, configured)))
    if not spec.get("ipFamilies"):
        spec["ipFamilies"] = [configured]


def _keeps_prefer_dual_stack(spec: Object, before: Object) -> bool:
    return (
        spec.get("ipFamilyPolicy") == "PreferDualStack"
        and spec["type"] == before["type"]
        and spec["type"] in ("ClusterIP", "NodePort", "LoadBalancer")
        and before.get("ipFamilyPolicy") in (None, "PreferDualStack")
        and spec.get("clusterIPs", []) == before.get("clusterIPs", [])
        and spec.get("ipFamilies", []) == before.get("ipFamilies", [])
    )


def _policy_errors(spec: Object, before: Object | None) -> Iterator[FieldError]:
    policy, path = spec["ipFamilyPolicy"], SPEC.child("ipFamilyPolicy")
    if before is not None and policy != "SingleStack":
        for name, text in (("clusterIPs", "cluster IP"), ("ipFamilies", "IP family")):
            if spec.get(name) and len(spec[name]) < len(before.get(name, ())):
                yield invalid(path, policy, f"must be 'SingleStack' to release the secondary {text}")
    if policy == "SingleStack":
        for name, text in (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")):
            if len(spec.get(name, ())) == 2:
                detail = f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {text} are specified"
                yield invalid(path, policy, detail)


def _add_families_of_addresses(spec: Object, configured: str) -> Iterator[FieldError]:
    """Name the families of the addresses that the writer asks for."""
    addresses, families = spec.get("clusterIPs", []), list(spec.get("ipFamilies", ()))
    for position, address in enumerate(addresses):
        if address == "None":
            break
        family = ip_family(address)
        if position >= len(families):
            if family != configured:
                yield invalid(
                    SPEC.child("clusterIPs").index(position), addresses, f"{family} is not configured on this cluster"
                )
            else:
                families.append(family)
    if families:
        spec["ipFamilies"] = families


def _configured_errors(spec: Object, configured: str) -> Iterator[FieldError]:
    if spec["ipFamilyPolicy"] == "RequireDualStack":
        text = "this cluster is not configured for dual-stack services"
        yield invalid(SPEC.child("ipFamilyPolicy"), spec["ipFamilyPolicy"], text)
    for position, family in enumerate(spec.get("ipFamilies", ())):
        if family != configured:
            yield invalid(SPEC.child("ipFamilies").index(position), family, "not configured on this cluster")


def _raise_invalid(obj: Object, faults: list[FieldError]) -> None:
    if faults:
        raise errors.invalid("", "Service", obj["metadata"].get("name", ""), faults)


# With the commit


def allocate_service(context: RequestContext, obj: Object, old: Object | None) -> None:
    """Give out the addresses and ports that the service still lacks."""
    others = [
        other["spec"]
        for other in context.reader.list_objects(SERVICES)
        if old is None or other["metadata"]["uid"] != old["metadata"]["uid"]
    ]
    before = old["spec"] if old else {"type": "ExternalName"}
    if needs_cluster_ip(obj["spec"]) and not needs_cluster_ip(before):
        _allocate_addresses(context, obj, others)
    _allocate_node_ports(context, obj, before, others)


def _allocate_addresses(context: RequestContext, obj: Object, others: list[Object]) -> None:
    spec = obj["spec"]
    if spec.get("clusterIPs") and spec["clusterIPs"][0] == "None":
        return
    available = address_range(context)
    taken = {int(ip_address(ip)) for other in others for ip in other.get("clusterIPs", ()) if ip != "None"}
    asked = spec.get("clusterIPs") or [""]
    try:
        if asked[0]:
            available.check(asked[0], taken)
        else:
            asked = [available.next(taken, context.clock.random)]
    except AllocationError as error:
        if not asked[0]:
            text = f'failed to allocate a serviceIP for Service "{obj["metadata"].get("name", "")}": {error}'
            raise errors.internal(text) from None
        fault = invalid(SPEC.child("clusterIPs"), asked, f"failed to allocate IP {asked[0]}: {error}")
        _raise_invalid(obj, [fault])
    spec["clusterIPs"] = asked
    spec["clusterIP"] = asked[0]


class _NodePorts:
    """The node ports that others hold and those that this service gets now."""

    def __init__(self, context: RequestContext, others: list[Object]) -> None:
        self._low, self._high = node_port_range(context)
        self._random = context.clock.random
        self._any_number = context.dry_run
        self._taken = {port for other in others for port in node_ports(other)}
        self._taken |= {other["healthCheckNodePort"] for other in others if other.get("healthCheckNodePort")}
        size = self._high - self._low + 1
        self._band = static_band(size, STATIC_PORTS_MIN, STATIC_PORTS_MAX, STATIC_PORTS_SHARE)

    def hold(self, port: int) -> None:
        """Say that the service has this port already."""
        self._taken.add(port)

    def take(self, port: int) -> None:
        """Give out that port. Upstream does not look at the range in dry runs."""
        if not self._any_number and not self._low <= port <= self._high:
            valid = f"{self._low}-{self._high}"
            raise AllocationError(f"provided port is not in the valid range. The range of valid ports is {valid}")
        if port in self._taken:
            raise AllocationError("provided port is already allocated")
        self._taken.add(port)

    def next(self) -> int:
        """Give out a free port."""
        try:
            port = draw(self._low, self._high, self._band, self._taken, self._random)
        except AllocationError as error:
            raise errors.internal(f"failed to allocate a nodePort: {error}") from None
        self._taken.add(port)
        return port


def _allocate_node_ports(context: RequestContext, obj: Object, before: Object, others: list[Object]) -> None:
    spec, available = obj["spec"], _NodePorts(context, others)
    held = node_ports(before) if needs_node_port(before) else frozenset()
    for port in sorted(held):
        available.hold(port)
    checks_already = needs_health_check(before)
    if checks_already and before.get("healthCheckNodePort"):
        available.hold(before["healthCheckNodePort"])
    if needs_node_port(spec):
        _allocate_service_ports(obj, available, held)
    if needs_health_check(spec) and not checks_already:
        if spec.get("healthCheckNodePort"):
            try:
                available.take(spec["healthCheckNodePort"])
            except AllocationError as error:
                text = f"failed to allocate requested HealthCheck NodePort {spec['healthCheckNodePort']}: {error}"
                raise errors.internal(text) from None
        else:
            spec["healthCheckNodePort"] = available.next()


def _allocate_service_ports(obj: Object, available: _NodePorts, held: frozenset[int]) -> None:
    """One node port for each port of the service; ports of one number and several protocols share theirs."""
    spec = obj["spec"]
    asked: dict[int, int] = {}
    for port in spec.get("ports", ()):
        if port.get("nodePort"):
            asked.setdefault(port.get("port", 0), port["nodePort"])
    given: set[int] = set(held)
    for position, port in enumerate(spec.get("ports", ())):
        number = port.get("nodePort") or asked.get(port.get("port", 0), 0)
        if not number:
            if not allocates_node_ports(spec):
                continue
            number = available.next()
            asked[port.get("port", 0)] = number
        elif number not in given:
            if not port.get("nodePort") and not allocates_node_ports(spec):
                continue
            try:
                available.take(number)
            except AllocationError as error:
                place = SPEC.child("ports").index(position).child("nodePort")
                _raise_invalid(obj, [invalid(place, number, str(error))])
        given.add(number)
        port["nodePort"] = number
