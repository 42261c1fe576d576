"""Values of a pod's own fields, for variables and downwardAPI files; upstream: pkg/fieldpath, api/v1/resource."""

from __future__ import annotations

import math
import re

from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.state import PodState
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['(.*)'\]").fullmatch


class FieldUnknown(ValueError):
    """There is no such field to be had; the text is upstream's."""


def field_value(path: str, pod: Object, state: PodState, host: Host) -> str:
    """The value of a fieldRef."""
    metadata, spec = pod["metadata"], pod["spec"]
    subscript = _SUBSCRIPT(path)
    if subscript:
        return str(metadata.get(subscript[1], {}).get(subscript[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        values = metadata.get(path.removeprefix("metadata."), {})
        return "\n".join(f"{key}={_quoted(values[key])}" for key in sorted(values))
    simple = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "status.hostIP": host.ip,
        "status.hostIPs": host.ip,
        "status.podIP": state.ip,
        "status.podIPs": state.ip,
    }
    if path not in simple:
        raise FieldUnknown(f"unsupported fieldPath: {path}")
    return str(simple[path])


def resource_value(reference: Object, pod: Object, container: Object, host: Host) -> str:
    """The value of a resourceFieldRef, in units of its divisor, rounded up."""
    name = reference.get("containerName") or container["name"]
    specs = (*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ()))
    chosen = next((spec for spec in specs if spec["name"] == name), container)
    kind, _, resource = reference["resource"].partition(".")
    resources = chosen.get("resources", {})
    amount = resources.get(kind, {}).get(resource)
    if amount is None and kind == "limits":
        node = host.caches.nodes.get("", host.name)
        amount = node["status"].get("allocatable", {}).get(resource) if node else None
    divisor = Quantity.parse(reference.get("divisor") or "1")
    if divisor.is_zero:
        divisor = Quantity.of(1)
    return str(math.ceil(Quantity.parse(amount or "0").milli / divisor.milli))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
