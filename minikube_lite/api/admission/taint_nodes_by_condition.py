"""TaintNodesByCondition: a new node gets no pods until the node controller has seen it ready.

Upstream: plugin/pkg/admission/nodetaint.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import created
from minikube_lite.machinery.resources import NODES

NOT_READY_TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


class TaintNodesByCondition(Plugin):
    """The plugin."""

    async def admit(self, attributes: Attributes) -> None:
        node = created(attributes, NODES)
        if node is None:
            return
        spec = node.setdefault("spec", {})
        taints = spec.get("taints") or []
        if not any(all(taint.get(part) == value for part, value in NOT_READY_TAINT.items()) for taint in taints):
            spec["taints"] = [*taints, dict(NOT_READY_TAINT)]
