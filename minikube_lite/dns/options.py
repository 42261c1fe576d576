"""What can be chosen about DNS; upstream: the kubernetes block of CoreDNS's Corefile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from minikube_lite.dns.names import LABEL_BYTES_MAX, Address, Name, parse_name
from minikube_lite.machinery.name_servers import NameServer

PodsMode = Literal["insecure", "verified", "disabled"]

TTL_SECONDS_MAX = 3600
"""Upstream's bound of the option ttl."""
REVERSE_ZONES: tuple[Name, ...] = (("in-addr", "arpa"), ("ip6", "arpa"))


@dataclass(frozen=True, slots=True)
class DnsOptions:
    """Defaults are those of the Corefile that kubeadm writes.

    `pods`: names such as `10-1-2-3.default.pod.cluster.local` answer for any address (insecure), for addresses of pods
    that exist (verified) or never (disabled). `local_addresses` are the server's own, for the zone's NS records.
    """

    zone: str = "cluster.local"
    ttl: int = 30
    pods: PodsMode = "insecure"
    local_addresses: tuple[Address, ...] = ()
    transfer: bool = False
    """Whether anybody may have the whole zone, by TCP (upstream: `transfer { to * }`)."""
    upstreams: tuple[NameServer, ...] = ()
    """The servers that are asked about all other zones; without any, such questions are refused (upstream: `forward`)."""

    def __post_init__(self) -> None:
        if not 0 <= self.ttl <= TTL_SECONDS_MAX:
            raise ValueError(f"the DNS ttl must be between 0 and {TTL_SECONDS_MAX} seconds, not {self.ttl}")
        if self.pods not in ("insecure", "verified", "disabled"):
            raise ValueError(f"the DNS pods mode must be insecure, verified or disabled, not {self.pods!r}")
        labels = parse_name(self.zone)
        if not labels or not all(0 < len(label) <= LABEL_BYTES_MAX and label.isascii() for label in labels):
            raise ValueError(f"the DNS zone must be a domain name, not {self.zone!r}")

    @property
    def zones(self) -> tuple[Name, ...]:
        """Every zone that is answered, in lower case."""
        return parse_name(self.zone.lower()), *REVERSE_ZONES
