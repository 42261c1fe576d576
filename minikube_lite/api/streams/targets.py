"""Where a request to a node, a pod or a Service goes on to; upstream: ResourceLocation and its like in pkg/registry/core."""

from __future__ import annotations

import random
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address
from typing import NamedTuple

from minikube_lite.api.streams.backends import escape_path
from minikube_lite.api.verbs import Verbs
from minikube_lite.machinery import errors
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import ENDPOINTS, NODES, PODS, SERVICES, GroupVersionResource
from minikube_lite.store import Object

KUBELET_PORT = 10250
ADDRESS_TYPES = ("InternalIP", "ExternalIP", "Hostname")
"""In which order a node's addresses are tried, as kubeadm sets --kubelet-preferred-address-types."""
SCHEMES = ("", "http", "https")


@dataclass(frozen=True, slots=True)
class Target:
    """A place in the cluster's network. A kubelet's is spoken to in plain HTTP here, whatever its scheme says."""

    host: str
    port: str
    scheme: str = "http"
    path: str = ""
    query: str = ""
    kubelet: bool = False

    @property
    def request_target(self) -> str:
        """Path and query as a request line has them."""
        path = escape_path(self.path) or "/"
        return f"{path}?{self.query}" if self.query else path

    @property
    def url(self) -> str:
        """As errors name it."""
        return f"{self.scheme}://{self.host}:{self.port}{self.request_target}"


class Identifier(NamedTuple):
    """What stands in the place of a name in a proxy's path: `name`, `name:port` or `scheme:name:port`."""

    scheme: str
    name: str
    port: str


class Targets:
    """Finds them by what the API knows of pods, Services and nodes."""

    def __init__(self, verbs: Verbs, random_stream: random.Random, loopback_block: IPv4Network | None) -> None:
        """`loopback_block`: addresses of the loopback network that pods have, and that are allowed for it."""
        self._verbs = verbs
        self._random = random_stream
        self._loopback_block = loopback_block

    # Proxies

    def pod(self, namespace: str, identifier: str) -> Target:
        """e.g. pods/kubia-0:8080/proxy. Without a port it is the first that a container names."""
        scheme, name, port = _split(identifier, "pod")
        pod = self._get(PODS, namespace, name)
        if not port:
            numbers = [
                str(one["containerPort"]) for spec in pod["spec"]["containers"] for one in spec.get("ports") or ()
            ]
            port = numbers[0] if numbers else ""
        ips = [one.get("ip", "") for one in pod.get("status", {}).get("podIPs") or ()]
        ip = ips[0] if ips else ""
        self._check_address(ip)
        return Target(ip, port or "80", scheme or "http")

    def service(self, namespace: str, identifier: str) -> Target:
        """e.g. services/kubia-public:80/proxy: one of its pods that are ready, at random."""
        scheme, name, port = _split(identifier, "service")
        if port.isascii() and port.isdigit():
            service = self._get(SERVICES, namespace, name)
            found = [one for one in service["spec"].get("ports") or () if one["port"] == int(port)]
            if not found:
                raise service_unavailable(f'no service port {int(port)} found for service "{name}"')
            port = found[0].get("name", "")
        subsets = self._get(ENDPOINTS, namespace, name).get("subsets") or ()
        if not subsets:
            raise service_unavailable(f'no endpoints available for service "{name}"')
        for subset in self._from_random(subsets):
            for subset_port in subset.get("ports") or ():
                if subset_port.get("name", "") != port:
                    continue
                for address in self._from_random(subset.get("addresses") or ()):
                    if self._is_pod(namespace, address):
                        return Target(address["ip"], str(subset_port["port"]), scheme or "http")
        raise service_unavailable(f'no endpoints available for service "{identifier}"')

    def node(self, identifier: str) -> Target:
        """e.g. nodes/node-1/proxy, which is its kubelet, or nodes/node-1:9100/proxy."""
        scheme, name, port = _split(identifier, "node")
        kubelet = self.kubelet(name)
        if not _is_address(kubelet.host):
            raise errors.bad_request(f"lookup {kubelet.host}: no such host")
        self._check_address(kubelet.host)
        if port in ("", kubelet.port):
            return kubelet
        return Target(kubelet.host, port, scheme or "http")

    def kubelet(self, node: str) -> Target:
        """Where a node says that its kubelet is found."""
        status = self._get(NODES, "", node).get("status", {})
        addresses = status.get("addresses") or ()
        for wanted in ADDRESS_TYPES:
            for address in addresses:
                if address["type"] == wanted:
                    port = status.get("daemonEndpoints", {}).get("kubeletEndpoint", {}).get("Port") or KUBELET_PORT
                    return Target(address["address"], str(port), "https", kubelet=True)
        known = " ".join(f"{{{address['type']} {address['address']}}}" for address in addresses)
        raise errors.unknown(f"no preferred addresses found; known addresses: [{known}]")

    # Containers

    def container(self, namespace: str, name: str, container: str) -> tuple[Object, str]:
        """A pod, and which of its containers is meant."""
        pod = self._get(PODS, namespace, name)
        return pod, chosen_container(pod, container)

    def host_of(self, pod: Object) -> Target:
        """The kubelet of a pod's node."""
        node = pod["spec"].get("nodeName", "")
        if not node:
            raise errors.bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")
        return self.kubelet(node)

    def get_pod(self, namespace: str, name: str) -> Object:
        """A pod."""
        return self._get(PODS, namespace, name)

    def _get(self, resource: GroupVersionResource, namespace: str, name: str) -> Object:
        served = self._verbs.scheme.find(resource)
        assert served is not None
        return self._verbs.reading.get(served, namespace, name).object

    def _is_pod(self, namespace: str, address: Object) -> bool:
        """Whether an address of an Endpoints object is that of the pod it names: others are not connected to."""
        reference = address.get("targetRef") or {}
        if reference.get("namespace") != namespace:
            return False
        try:
            pod = self._get(PODS, namespace, reference.get("name", ""))
        except ApiError:
            return False
        return any(one.get("ip") == address["ip"] for one in pod.get("status", {}).get("podIPs") or ())

    def _from_random(self, items: list[Object] | tuple[Object, ...]) -> list[Object]:
        start = self._random.randrange(len(items)) if items else 0
        return [*items[start:], *items[:start]]

    def _check_address(self, text: str) -> None:
        """400 for an address that no host can have; upstream: IsGlobalUnicast."""
        address = ip_address(text) if _is_address(text) else None
        if address is not None and self._loopback_block is not None and address in self._loopback_block:
            return
        if (
            address is None
            or address.is_loopback
            or address.is_link_local
            or address.is_multicast
            or address.is_unspecified
            or text == "255.255.255.255"
        ):
            raise errors.bad_request("address not allowed")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def chosen_container(pod: Object, container: str) -> str:
    """The container that is meant; 400 where that is not clear, or there is none of that name."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [
        one["name"] for part in ("initContainers", "containers", "ephemeralContainers") for one in spec.get(part) or ()
    ]
    if container:
        if container not in names:
            raise errors.bad_request(f"container {container} is not valid for pod {name}")
        return container
    if len(spec["containers"]) == 1:
        return str(spec["containers"][0]["name"])
    text = f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
    raise errors.bad_request(text)


def service_unavailable(message: str) -> ApiError:
    """503: what is asked for cannot be reached now."""
    return ApiError(503, "ServiceUnavailable", message)


def _split(identifier: str, kind: str) -> Identifier:
    parts = identifier.split(":")
    scheme, name, port = "", parts[0], ""
    if len(parts) == 2:
        port = parts[1]
    elif len(parts) == 3:
        scheme, name, port = parts
    if len(parts) > 3 or not name or scheme not in SCHEMES:
        raise errors.bad_request(f'invalid {kind} request "{identifier}"')
    return Identifier(scheme, name, port)
