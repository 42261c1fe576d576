"""The files in /etc that a node writes for its pods: resolv.conf, hosts, hostname.

Upstream: pkg/kubelet/network/dns, managedHostsFileContent in kubelet_pods.go; the CRI writes resolv.conf.
"""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.kubelet.environment import pod_hostname
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.state import PodState
from minikube_lite.network.addresses import NODE_NETWORK
from minikube_lite.store import Object

CLUSTER_OPTIONS = ("ndots:5",)
SEARCH_PATHS_MAX = 32
SEARCH_CHARACTERS_MAX = 2048
NAMESERVERS_MAX = 3


def pod_files(state: PodState, host: Host) -> dict[str, bytes]:
    """The files by their path."""
    pod, options = state.pod, host.options
    dns_address = str(options.service_cluster_ip_range[10])
    texts = {
        "/etc/hostname": f"{pod_hostname(pod)}\n",
        "/etc/hosts": hosts(pod, state.ip, options.cluster_domain),
        "/etc/resolv.conf": resolv_conf(pod, dns_address, options.cluster_domain),
    }
    return {path: text.encode() for path, text in texts.items()}


def hosts(pod: Object, ip: str, cluster_domain: str) -> str:
    """/etc/hosts."""
    spec, name = pod["spec"], pod_hostname(pod)
    lines = ["# Kubernetes-managed hosts file" + (" (host network)." if spec.get("hostNetwork") else ".")]
    lines += ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"]
    for address, alias in (("fe00::0", "localnet"), ("fe00::0", "mcastprefix"), ("fe00::1", "allnodes")):
        lines.append(f"{address}\tip6-{alias}")
    lines.append("fe00::2\tip6-allrouters")
    if spec.get("subdomain") and not spec.get("hostNetwork") and not spec.get("hostnameOverride"):
        name = f"{name}.{spec['subdomain']}.{pod['metadata']['namespace']}.svc.{cluster_domain}\t{name}"
    lines.append(f"{ip}\t{name}")
    if spec.get("hostAliases"):
        lines += ["", "# Entries added by HostAliases."]
        lines += ["\t".join((alias["ip"], *(alias.get("hostnames") or ()))) for alias in spec["hostAliases"]]
    return "\n".join(lines) + "\n"


def resolv_conf(pod: Object, dns_address: str, cluster_domain: str) -> str:
    """/etc/resolv.conf, by the pod's dnsPolicy and dnsConfig."""
    spec = pod["spec"]
    policy = spec.get("dnsPolicy", "ClusterFirst")
    if policy == "ClusterFirst" and spec.get("hostNetwork"):
        policy = "Default"
    servers: list[str] = []
    searches: list[str] = []
    options: tuple[str, ...] = ()
    if policy == "Default":
        servers = [str(NODE_NETWORK[1])]  # the nodes' gateway, which resolves nothing
    elif policy != "None":
        namespace = pod["metadata"]["namespace"]
        servers, options = [dns_address], CLUSTER_OPTIONS
        searches = [f"{namespace}.svc.{cluster_domain}", f"svc.{cluster_domain}", cluster_domain]
    config = spec.get("dnsConfig") or {}
    servers = list(dict.fromkeys((*servers, *(config.get("nameservers") or ()))))[:NAMESERVERS_MAX]
    searches = list(_fitting(dict.fromkeys((*searches, *(config.get("searches") or ())))))
    lines = [f"search {' '.join(searches)}"] if searches else []
    lines += [f"nameserver {server}" for server in servers]
    chosen = _options(options, config.get("options") or ())
    lines += [f"options {' '.join(chosen)}"] if chosen else []
    return "".join(f"{line}\n" for line in lines)


def _fitting(searches: dict[str, None]) -> Iterator[str]:
    """As many as upstream lets through."""
    length = 0
    for search in list(searches)[:SEARCH_PATHS_MAX]:
        length += len(search) + (1 if length else 0)
        if length > SEARCH_CHARACTERS_MAX:
            return
        yield search


def _options(defaults: tuple[str, ...], chosen: list[Object] | tuple[()]) -> list[str]:
    """An option that is given replaces the default of its name."""
    options = {name: value for name, _, value in (option.partition(":") for option in defaults)}
    options |= {option["name"]: option.get("value") or "" for option in chosen}
    return [f"{name}:{value}" if value else name for name, value in options.items()]
