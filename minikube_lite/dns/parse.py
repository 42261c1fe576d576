"""A question's name as what it asks of the cluster; upstream: plugin/kubernetes/parse.go.

(nothing), svc, pod                the zone and its two branches
NAMESPACE.svc                      a namespace; pod too
SERVICE.NAMESPACE.svc              a service; ADDRESS.NAMESPACE.pod, a pod
ENDPOINT.SERVICE.NAMESPACE.svc     one endpoint
_PORT._PROTOCOL.SERVICE.NAMESPACE.svc
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from minikube_lite.dns.names import Name

Kind = Literal["", "svc", "pod"]
_KINDS: dict[str, Kind] = {"svc": "svc", "pod": "pod"}


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """What a name asks for; an empty port or protocol matches all. Below `pod`, `service` is the pod's address."""

    kind: Kind = ""
    namespace: str = ""
    service: str = ""
    endpoint: str = ""
    port: str = ""
    protocol: str = ""


def parse_request(base: Name) -> RecordRequest | None:
    """The request that the labels above the zone, in lower case, spell; None where no record can be."""
    if not base or base in (("svc",), ("pod",)):
        return RecordRequest()
    kind = _KINDS.get(base[-1])
    if kind is None:
        return None
    match base[:-1]:
        case (namespace,):
            return RecordRequest(kind, namespace)
        case (service, namespace):
            return RecordRequest(kind, namespace, service)
        case (endpoint, service, namespace):
            return RecordRequest(kind, namespace, service, endpoint)
        case (port, protocol, service, namespace):
            # The underscores may be left out, as upstream allows.
            return RecordRequest(kind, namespace, service, "", port.removeprefix("_"), protocol.removeprefix("_"))
    return None
