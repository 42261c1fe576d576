"""KubernetesService: the Service by which pods find the API is always there, with its endpoints.

Upstream: pkg/controlplane/controller/kubernetesservice, a loop of kube-apiserver that looks every ten seconds.
"""

from __future__ import annotations

from typing import Any

from minikube_lite.machinery.controller import Controller, ControllerContext, object_key
from minikube_lite.machinery.errors import ApiError, is_already_exists
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICES, GroupVersionResource
from minikube_lite.store import Object

NAMESPACE, NAME = "default", "kubernetes"
API_PORT = 6443
"""The port at which the API is found inside the cluster's own network."""


class KubernetesService(Controller):
    """Makes anew what somebody deleted, and says again where the API is."""

    name = "kubernetes-service"
    manager = "kube-apiserver"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._objects = api_service_objects(context.options)
        self._informers = {resource: self.informer(resource, self._changed) for resource in self._objects}

    def _changed(self, old: Object | None, new: Object | None) -> None:
        obj = new if new is not None else old
        assert obj is not None
        if object_key(obj) == f"{NAMESPACE}/{NAME}":
            self.queue.add(NAME)

    async def sync(self, key: str) -> None:
        for resource, wanted in self._objects.items():
            known = self._informers[resource].get(NAMESPACE, NAME)
            if known is None:
                await self._create(resource, wanted)
            elif resource != SERVICES and any(known.get(part) != wanted[part] for part in wanted if part != "metadata"):
                await self.client.update(
                    resource, NAMESPACE, {**copy_object(known), **wanted, "metadata": known["metadata"]}
                )

    async def _create(self, resource: GroupVersionResource, wanted: Object) -> None:
        try:
            await self.client.create(resource, NAMESPACE, copy_object(wanted))
        except ApiError as error:
            if not is_already_exists(error):
                raise


def api_service_objects(options: Any) -> dict[GroupVersionResource, Object]:
    """The Service `kubernetes`, its Endpoints and its slice, for the cluster's options."""
    service_address, address = str(options.service_cluster_ip_range[1]), options.advertise_address
    ports = [{"name": "https", "port": API_PORT, "protocol": "TCP"}]
    return {
        SERVICES: {
            "metadata": _metadata({"component": "apiserver", "provider": "kubernetes"}),
            "spec": {
                "clusterIP": service_address,
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": API_PORT}],
            },
        },
        ENDPOINTS: {
            "metadata": _metadata({"endpointslice.kubernetes.io/skip-mirror": "true"}),
            "subsets": [{"addresses": [{"ip": address}], "ports": ports}],
        },
        ENDPOINT_SLICES: {
            "metadata": _metadata({"kubernetes.io/service-name": NAME}),
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": ports,
        },
    }


def _metadata(labels: dict[str, str]) -> Object:
    return {"name": NAME, "namespace": NAMESPACE, "labels": labels}
