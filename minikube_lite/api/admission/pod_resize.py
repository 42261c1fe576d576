"""PodResizeValidator: a pod cannot be resized to more than its node has, nor on a node that is not Linux.

Upstream: plugin/pkg/admission/podresize.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import forbidden_by_admission
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.pod_resources import pod_amounts
from minikube_lite.machinery.resources import NODES, PODS
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

OS_LABEL = "kubernetes.io/os"
ZERO = Quantity.of(0)


class PodResizeValidator(Plugin):
    """The plugin."""

    async def validate(self, attributes: Attributes) -> None:
        new, old = attributes.new, attributes.old
        if attributes.resource.key != PODS.key or attributes.subresource != "resize" or new is None or old is None:
            return
        name = new["spec"].get("nodeName")
        if not name or new["metadata"].get("generation") == old["metadata"].get("generation"):
            return
        node = attributes.context.reader.get(NODES, "", name)
        if node is None:
            raise forbidden_by_admission(attributes, f'node "{name}" not found')
        system = (node["metadata"].get("labels") or {}).get(OS_LABEL, "linux")
        if system != "linux":
            text = f'pod resize is only supported on linux nodes, node "{name}" is "{system}"'
            raise _refused(attributes, text, "UnsupportedPlatform")
        lacking = _lacking(new, node)
        if lacking:
            text = f"node didn't have enough allocatable resources: {'; '.join(lacking)}"
            raise _refused(attributes, text, "NodeCapacity")


def _refused(attributes: Attributes, text: str, reason: str) -> ApiError:
    return forbidden_by_admission(attributes, text, [{"reason": reason}])


def _lacking(pod: Object, node: Object) -> list[str]:
    """Of what the pod asks for more than the node could give if it were empty."""
    requested = pod_amounts(pod["spec"], "requests")
    given = (node.get("status") or {}).get("allocatable") or {}
    lacking = []
    for name in ("cpu", "memory"):
        wanted, there = requested.get(name, ZERO), Quantity.parse(given.get(name, "0"))
        if wanted > there:
            shown = (wanted.milli, there.milli) if name == "cpu" else (wanted.value, there.value)
            lacking.append(f"{name}, requested: {shown[0]}, allocatable: {shown[1]}")
    return lacking
