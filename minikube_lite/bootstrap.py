"""What stands in a cluster from its first moment: system namespaces, the API's and the DNS's Services, the default storage class.

Upstream: pkg/controlplane, kubeadm's addons, minikube's default-storageclass addon.
"""

from __future__ import annotations

from minikube_lite.config import Options
from minikube_lite.controllers.kubernetesservice import api_service_objects
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.resources import (
    NAMESPACES,
    PRIORITY_CLASSES,
    SERVICES,
    STORAGE_CLASSES,
)
from minikube_lite.store import Object

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
SYSTEM_PRIORITIES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
PROVISIONER = "minikube-lite.io/hostpath"


async def bootstrap(client: Client, options: Options) -> None:
    """Create it all."""
    for name in SYSTEM_NAMESPACES:
        await client.create(NAMESPACES, "", {"metadata": {"name": name}})
    service_range = options.service_cluster_ip_range
    for resource, obj in api_service_objects(options).items():
        await client.create(resource, "default", obj)
    await client.create(SERVICES, "kube-system", _dns_service(str(service_range[10])))
    for name, value in SYSTEM_PRIORITIES.items():
        await client.create(PRIORITY_CLASSES, "", _priority_class(name, value))
    if options.default_storage_class != "none":
        await client.create(STORAGE_CLASSES, "", _storage_class(options.default_storage_class))


def _dns_service(address: str) -> Object:
    labels = {"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"}
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
        {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153},
    ]
    return {
        "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": labels},
        "spec": {"clusterIP": address, "ports": ports, "selector": {"k8s-app": "kube-dns"}},
    }


def _priority_class(name: str, value: int) -> Object:
    scope = "node" if "node" in name else "cluster"
    return {
        "metadata": {"name": name},
        "value": value,
        "description": f"For pods without which the {scope} does not work.",
    }


def _storage_class(name: str) -> Object:
    return {
        "metadata": {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    }
