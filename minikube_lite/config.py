"""The options of a cluster: what may be chosen, with upstream's names where upstream has them."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from minikube_lite.machinery.name_servers import NameServer, parse_name_servers
from minikube_lite.machinery.names import is_dns1123_subdomain

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|ns|h|m|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}

NODES_MAX = 1000
SERVICE_RANGE_PREFIX_MAX = 28
"""The DNS server's Service has the tenth address."""


def parse_duration(value: str | float) -> float:
    """Seconds of a Go duration (`1m30s`, `300ms`) or of a plain number. Raises ValueError."""
    if isinstance(value, int | float):
        return float(value)
    text = value.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f'"{value}" is not a duration: write it as 300ms, 40s or 1m30s')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def check_service_range(value: IPv4Network) -> IPv4Network:
    """A range in which the API's and the DNS server's Services find their places. Raises ValueError."""
    if value.prefixlen > SERVICE_RANGE_PREFIX_MAX:
        raise ValueError(f"the range of Services must be a /{SERVICE_RANGE_PREFIX_MAX} or larger")
    return value


def check_storage_class(value: str) -> str:
    """The name of an object. Raises ValueError."""
    if is_dns1123_subdomain(value):
        raise ValueError("a storage class is named by lower-case letters, digits, - and .")
    return value


def check_file(value: Path) -> Path:
    """A file that is there. Raises ValueError."""
    if not value.is_file():
        raise ValueError("there is no such file")
    return value


def split_names(value: object) -> object:
    """Names in one text, separated by commas, as upstream's options have them."""
    return tuple(name for name in value.split(",") if name) if isinstance(value, str) else value


def split_name_servers(value: object) -> object:
    """DNS servers, as `--dns-forward` names them."""
    return parse_name_servers(value) if isinstance(value, str) else value


AdmissionPlugin = Literal["OwnerReferencesPermissionEnforcement"]
Duration = Annotated[float, BeforeValidator(parse_duration), Field(ge=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Options(BaseModel):
    """A cluster's options. Durations are seconds of emulated time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nodes: Annotated[int, Field(ge=0, le=NODES_MAX)] = 3
    api_address: str = "127.0.0.1"
    api_port: Port = 0
    dns_port: Port = 0
    serve_api: bool = True
    serve_dns: bool = True
    anonymous_auth: bool | None = None
    """Whether requests without credentials are anonymous (True) or refused (False), as upstream; None makes them cluster admin."""
    token_auth_file: Annotated[Path, AfterValidator(check_file)] | None = None
    enable_admission_plugins: Annotated[tuple[AdmissionPlugin, ...], BeforeValidator(split_names)] = ()
    """Admission plugins that run beside those that always do."""
    data_dir: Path | None = None

    lab: bool = True
    """Whether lab.minikube-lite.io is served, by which clients move the clock."""
    clock: Literal["real", "scaled", "stepped"] = "real"
    clock_rate: Annotated[float, Field(gt=0, le=100_000)] = 1.0
    seed: int | None = None
    interleaving: int | None = None
    """The seed that draws in which order ready work is taken; None for the order in which it came."""

    cluster_domain: str = "cluster.local"
    dns_ttl: Annotated[int, Field(ge=0, le=3600)] = 30
    dns_pods: Literal["insecure", "verified", "disabled"] = "insecure"
    dns_transfer: bool = False
    """Whether the DNS server hands out its whole zone (AXFR)."""
    dns_forward: Annotated[tuple[NameServer, ...], BeforeValidator(split_name_servers)] = ()
    """The DNS servers that are asked about names outside of the cluster; without any, those are refused."""
    default_storage_class: Annotated[str, AfterValidator(check_storage_class)] = "standard"

    service_cluster_ip_range: Annotated[IPv4Network, AfterValidator(check_service_range)] = IPv4Network("10.96.0.0/16")
    service_node_port_range: str = "30000-32767"
    advertise_address: str = "172.18.0.2"
    """Where the API is found inside the cluster's own network."""
    cluster_cidr: IPv4Network = IPv4Network("10.244.0.0/16")
    pod_loopback_block: IPv4Network | None = None
    """A block of loopback addresses that pods have instead; chosen and leased where `pod_doors` is set."""
    pod_doors: bool = False
    """Whether the host can connect to the pods' own addresses, which are then out of 127.64.0.0/10; Linux only."""

    programs: tuple[Path, ...] = ()
    """Files that describe programs for images."""
    pod_start_delay: Duration | None = None
    pod_stop_delay: Duration | None = None
    image_pull_delay: Duration = 0.0
    max_pods: Annotated[int, Field(ge=1, le=100_000)] = 110
    node_lease_duration_seconds: Annotated[int, Field(ge=1)] = 40

    node_monitor_period: Duration = 5.0
    node_monitor_grace_period: Duration = 50.0
    node_startup_grace_period: Duration = 60.0
    node_eviction_rate: Annotated[float, Field(ge=0)] = 0.1
    """Nodes a second that are tainted so that their pods leave, in a zone that is healthy."""
    secondary_node_eviction_rate: Annotated[float, Field(ge=0)] = 0.01
    """The same in a large zone that is not."""
    unhealthy_zone_threshold: Annotated[float, Field(ge=0, le=1)] = 0.55
    large_cluster_size_threshold: Annotated[int, Field(ge=0)] = 50
    default_not_ready_toleration_seconds: Annotated[int, Field(ge=0)] = 300
    default_unreachable_toleration_seconds: Annotated[int, Field(ge=0)] = 300
    pod_eviction_timeout: Duration | None = None
    """What both of these are where they are not given; upstream's option of that name is no more."""
    terminated_pod_gc_threshold: Annotated[int, Field(ge=0)] = 12_500
    """How many ended pods are kept; 0 for any number."""
    lost_pod_status: Literal["Running", "Unknown"] = "Running"
    """What pods on a lost node show as their STATUS: what ran there (Kubernetes today), or that nobody knows (until 1.10)."""
    event_ttl: Duration = 3600.0

    detect_mutation: bool = False
    """Check that nobody changes a shared object; for tests."""

    def toleration_seconds(self, option: Literal["not_ready", "unreachable"]) -> int:
        """So long a new pod that says nothing stays on a node that is not ready, or not reachable."""
        name = f"default_{option}_toleration_seconds"
        if self.pod_eviction_timeout is not None and name not in self.model_fields_set:
            return int(self.pod_eviction_timeout)
        seconds: int = getattr(self, name)
        return seconds

    @model_validator(mode="after")
    def _separate_networks(self) -> Self:
        if self.service_cluster_ip_range.overlaps(self.cluster_cidr):
            ranges = f"{self.service_cluster_ip_range} and {self.cluster_cidr}"
            raise ValueError(f"the addresses of Services and of pods overlap: {ranges}")
        return self
