"""Which pods a Service selects, which Services select a pod, and what of a pod matters to them.

Upstream: k8s.io/endpointslice/util.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Iterator

from minikube_lite.machinery.addresses import parse_ip_sloppy
from minikube_lite.machinery.controller import object_key
from minikube_lite.machinery.informer import Informer
from minikube_lite.machinery.meta import is_deleting, is_pod_ready, is_pod_terminal
from minikube_lite.machinery.pod_indexes import NODE_INDEX, index_by_node
from minikube_lite.machinery.selectors import selector_from_set
from minikube_lite.store import Object

LABEL_INDEX = "label"
SELECTOR_INDEX = "selector"

HEADLESS_LABEL = "service.kubernetes.io/headless"
ADDRESSES_REMEMBERED_MAX = 16_384
"""So many texts are remembered with the addresses that they are."""
LAST_CHANGE_TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"


class Membership:
    """Finds by index: a Service looks only at pods with one of its labels, a pod only at Services that ask for one."""

    def __init__(self, pods: Informer, services: Informer) -> None:
        self._pods = pods
        self._services = services
        pods.add_index(LABEL_INDEX, _label_values)
        index_by_node(pods)
        services.add_index(SELECTOR_INDEX, _selector_values)

    def pods_of(self, service: Object) -> list[Object]:
        """The pods that the Service selects, by name."""
        selector = selector_from_set(service["spec"]["selector"])
        found = self._pods.by_index(LABEL_INDEX, next(_selector_values(service)))
        return [pod for pod in found if selector.matches(pod["metadata"].get("labels"))]

    def services_of(self, pod: Object) -> list[str]:
        """The keys of the Services that select the pod."""
        labels = pod["metadata"].get("labels")
        return [
            object_key(service)
            for value in _label_values(pod)
            for service in self._services.by_index(SELECTOR_INDEX, value)
            if selector_from_set(service["spec"]["selector"]).matches(labels)
        ]

    def pods_on(self, node: str) -> list[Object]:
        """The pods that are assigned to a node."""
        return self._pods.by_index(NODE_INDEX, node)

    def services_to_update(self, old: Object | None, new: Object | None) -> Iterable[str]:
        """The keys of the Services to which a pod's change matters."""
        if old is not None and new is not None and endpoint_facts(old) == endpoint_facts(new):
            return ()
        return dict.fromkeys(key for pod in (old, new) if pod is not None for key in self.services_of(pod))


def _label_values(pod: Object) -> Iterator[str]:
    metadata = pod["metadata"]
    for key, value in (metadata.get("labels") or {}).items():
        yield f"{metadata['namespace']}/{key}={value}"


def _selector_values(service: Object) -> Iterator[str]:
    selector = service["spec"].get("selector")
    if selector:
        key = min(selector)
        yield f"{service['metadata']['namespace']}/{key}={selector[key]}"


def endpoint_facts(pod: Object) -> Hashable:
    """All of a pod that endpoints show or depend on; what else changes of it is no news to Services."""
    metadata, spec = pod["metadata"], pod["spec"]
    return (
        metadata["uid"],
        tuple(sorted((metadata.get("labels") or {}).items())),
        spec.get("hostname"),
        spec.get("subdomain"),
        spec.get("nodeName"),
        is_deleting(pod),
        is_pod_ready(pod),
        is_pod_terminal(pod),
        tuple(pod_ips(pod)),
    )


def pod_ips(pod: Object) -> list[str]:
    """The pod's addresses in canonical form."""
    found = [canonical_ip(item.get("ip", "")) for item in (pod.get("status") or {}).get("podIPs") or ()]
    return [ip for ip in found if ip]


@functools.lru_cache(maxsize=ADDRESSES_REMEMBERED_MAX)
def canonical_ip(text: str) -> str:
    """The address as it is written best, "" for what is none."""
    parsed = parse_ip_sloppy(text)
    return str(parsed[0]) if parsed is not None else ""


def is_in_endpoints(pod: Object, *, include_terminating: bool) -> bool:
    """Whether the pod can be an endpoint at all."""
    if is_pod_terminal(pod) or not pod_ips(pod):
        return False
    return include_terminating or not is_deleting(pod)


def sets_hostname(pod: Object, service: Object) -> bool:
    """Whether the pod's endpoint has a name of its own under the Service's."""
    spec = pod["spec"]
    return bool(spec.get("hostname")) and spec.get("subdomain") == service["metadata"]["name"]


def find_port(pod: Object, service_port: Object) -> int | None:
    """The number of the pod's port that a Service's port leads to; None where the pod has no port of that name."""
    target = service_port.get("targetPort", 0)
    if isinstance(target, int):
        return target
    spec = pod["spec"]
    sidecars = [item for item in spec.get("initContainers") or () if item.get("restartPolicy") == "Always"]
    for container in (*spec["containers"], *sidecars):
        for port in container.get("ports") or ():
            if port.get("name") == target and port.get("protocol", "TCP") == service_port.get("protocol", "TCP"):
                return int(port["containerPort"])
    return None


def gets_endpoints(service: Object) -> bool:
    """Whether a Service's endpoints are found by controllers; those of others are made by hand."""
    return service["spec"].get("type") != "ExternalName" and bool(service["spec"].get("selector"))


def has_cluster_ip(service: Object) -> bool:
    """Whether the Service has an address of its own; without, it is headless."""
    return service["spec"].get("clusterIP", "") not in ("", "None")


def address_types(service: Object) -> list[str]:
    """The families of addresses that the Service serves."""
    families = [family for family in service["spec"].get("ipFamilies") or () if family in ("IPv4", "IPv6")]
    if families:
        return families
    if has_cluster_ip(service):
        return ["IPv6" if ":" in service["spec"]["clusterIP"] else "IPv4"]
    return ["IPv4", "IPv6"]
