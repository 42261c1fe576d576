"""DefaultIngressClass: an Ingress that names no class gets the default one.

Upstream: plugin/pkg/admission/network/defaultingressclass.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import created
from minikube_lite.machinery.resources import GroupVersionResource

INGRESSES = GroupVersionResource("networking.k8s.io", "v1", "ingresses")
INGRESS_CLASSES = GroupVersionResource("networking.k8s.io", "v1", "ingressclasses")
CLASS_ANNOTATION = "kubernetes.io/ingress.class"
DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


class DefaultIngressClass(Plugin):
    """The plugin."""

    async def admit(self, attributes: Attributes) -> None:
        ingress = created(attributes, INGRESSES)
        if ingress is None or CLASS_ANNOTATION in (ingress["metadata"].get("annotations") or {}):
            return
        spec = ingress.setdefault("spec", {})
        if spec.get("ingressClassName") is not None:
            return
        marked = [
            item["metadata"]
            for item in attributes.context.reader.list_objects(INGRESS_CLASSES)
            if (item["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
        ]
        marked.sort(key=lambda metadata: str(metadata["name"]))
        marked.sort(key=lambda metadata: str(metadata["creationTimestamp"]), reverse=True)
        if marked:
            spec["ingressClassName"] = marked[0]["name"]
