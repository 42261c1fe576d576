"""RootCACertPublisher: each namespace has the cluster's CA as a ConfigMap.

Upstream: pkg/controller/certificates/rootcacertpublisher.
"""

from __future__ import annotations

from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, is_already_exists, is_namespace_terminating, is_not_found
from minikube_lite.machinery.meta import copy_object, is_deleting
from minikube_lite.machinery.resources import CONFIG_MAPS, NAMESPACES
from minikube_lite.store import Object

CONFIG_MAP_NAME = "kube-root-ca.crt"
DESCRIPTION_ANNOTATION = "kubernetes.io/description"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the"
    " internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)


class RootCACertPublisher(Controller):
    """Keeps the ConfigMap as it should be."""

    name = "root-ca-cert-publisher"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._data = {"ca.crt": context.authority}
        self._config_maps = self.informer(CONFIG_MAPS, self._config_map_changed)
        self._namespaces = self.informer(NAMESPACES, self._namespace_changed)

    def _config_map_changed(self, old: Object | None, new: Object | None) -> None:
        if old is not None and old["metadata"]["name"] == CONFIG_MAP_NAME:
            self.queue.add(old["metadata"]["namespace"])

    def _namespace_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and not is_deleting(new):
            self.queue.add(new["metadata"]["name"])

    async def sync(self, key: str) -> None:
        known = self._config_maps.get(key, CONFIG_MAP_NAME)
        if known is None:
            await self._create(key)
            return
        annotations = known["metadata"].get("annotations") or {}
        if known.get("data") == self._data and annotations.get(DESCRIPTION_ANNOTATION):
            return
        new = copy_object(known)
        new["data"] = dict(self._data)
        new["metadata"]["annotations"] = {**annotations, DESCRIPTION_ANNOTATION: DESCRIPTION}
        await self.client.update(CONFIG_MAPS, key, new)

    async def _create(self, namespace: str) -> None:
        if self._namespaces.get("", namespace) is None:
            return
        metadata = {
            "name": CONFIG_MAP_NAME,
            "namespace": namespace,
            "annotations": {DESCRIPTION_ANNOTATION: DESCRIPTION},
        }
        try:
            await self.client.create(CONFIG_MAPS, namespace, {"metadata": metadata, "data": dict(self._data)})
        except ApiError as error:
            if not (is_already_exists(error) or is_not_found(error) or is_namespace_terminating(error)):
                raise
