"""PodTopologyLabels: a pod carries the zone and region of its node; upstream: plugin/pkg/admission/podtopologylabels.

Upstream labels the Binding, from which the pod takes them; here the bound pod is what admission sees.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import created
from minikube_lite.machinery.resources import NODES, PODS

TOPOLOGY_LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


class PodTopologyLabels(Plugin):
    """The plugin."""

    async def admit(self, attributes: Attributes) -> None:
        binding = attributes.resource.key == PODS.key and attributes.subresource == "binding"
        pod = attributes.new if binding else created(attributes, PODS)
        if pod is None or not pod["spec"].get("nodeName"):
            return
        node = attributes.context.reader.get(NODES, "", pod["spec"]["nodeName"])
        known = (node["metadata"].get("labels") or {}) if node is not None else {}
        found = {label: known[label] for label in TOPOLOGY_LABELS if label in known}
        if found:
            pod["metadata"]["labels"] = {**(pod["metadata"].get("labels") or {}), **found}
