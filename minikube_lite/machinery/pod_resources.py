"""What pods ask for together, and the quality of service that follows; upstream: component-helpers/resource, core/helper/qos."""

from __future__ import annotations

from collections.abc import Mapping

from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.names import is_qualified_name
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

Amounts = Mapping[str, str]

HUGE_PAGES_PREFIX = "hugepages-"
COMPUTE_RESOURCES = ("cpu", "memory")
"""The resources that decide about quality of service."""


def is_huge_page(name: str) -> bool:
    """Whether that resource is memory in pages of one size."""
    return name.startswith(HUGE_PAGES_PREFIX)


def is_native_resource(name: str) -> bool:
    """Whether the name is Kubernetes' own."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended_resource(name: str) -> bool:
    """Whether the name belongs to somebody else."""
    if is_native_resource(name) or name.startswith("requests."):
        return False
    return not is_qualified_name(f"requests.{name}")


def is_pod_level_resource(name: str) -> bool:
    """Whether a pod as a whole may ask for it."""
    return name in COMPUTE_RESOURCES or is_huge_page(name)


def is_sidecar(container: Object) -> bool:
    """Whether an init container keeps running beside the others."""
    return container.get("restartPolicy") == "Always"


def _add(total: dict[str, Quantity], amounts: Amounts | None) -> None:
    for name, text in (amounts or {}).items():
        quantity = Quantity.parse(text)
        total[name] = total[name] + quantity if name in total else quantity


def aggregate(spec: Object, sort: str) -> dict[str, Quantity]:
    """What all containers of a pod need together, of `requests` or `limits`."""
    total: dict[str, Quantity] = {}
    for container in spec.get("containers") or ():
        _add(total, (container.get("resources") or {}).get(sort))
    sidecars: dict[str, Quantity] = {}
    highest: dict[str, Quantity] = {}
    for container in spec.get("initContainers") or ():
        amounts = (container.get("resources") or {}).get(sort)
        if is_sidecar(container):
            _add(total, amounts)
            _add(sidecars, amounts)
            current = dict(sidecars)
        else:
            current = dict(sidecars)
            _add(current, amounts)
        _keep_highest(highest, current)
    _keep_highest(total, highest)
    return total


def pod_amounts(spec: Object, sort: str, *, overhead: bool = True) -> dict[str, Quantity]:
    """What a pod as a whole asks for: its own amounts go before those of its containers, and its overhead is added."""
    total = aggregate(spec, sort)
    for name, text in ((spec.get("resources") or {}).get(sort) or {}).items():
        if is_pod_level_resource(name):
            total[name] = Quantity.parse(text)
    for name, text in ((spec.get("overhead") or {}) if overhead else {}).items():
        if sort == "requests" or name in total:
            total[name] = total[name] + Quantity.parse(text) if name in total else Quantity.parse(text)
    return total


def effective_spec(pod: Object) -> Object:
    """The pod's spec, in which containers that are being resized ask for the most that they have, are given or want."""
    status: Object = pod.get("status") or {}
    spec: Object = pod["spec"]
    states = {
        state["name"]: state
        for place in ("containerStatuses", "initContainerStatuses")
        for state in status.get(place) or ()
        if state.get("resources") is not None
    }
    if not states:
        return spec
    pending = find_condition(pod, "PodResizePending") or {}
    wanted_counts = pending.get("reason") != "Infeasible"

    def effective(container: Object) -> Object:
        state = states.get(container["name"])
        if state is None:
            return container
        wanted = (container.get("resources") or {}) if wanted_counts else {}
        actual = state["resources"]
        requests = _most(wanted.get("requests"), actual.get("requests"), state.get("allocatedResources"))
        return {
            **container,
            "resources": {"requests": requests, "limits": _most(wanted.get("limits"), actual.get("limits"))},
        }

    return {
        **spec,
        "containers": [effective(item) for item in spec.get("containers") or ()],
        "initContainers": [effective(item) if is_sidecar(item) else item for item in spec.get("initContainers") or ()],
    }


def _most(*lists: Amounts | None) -> dict[str, str]:
    """The highest of the amounts, name by name."""
    highest: dict[str, Quantity] = {}
    for amounts in lists:
        _keep_highest(highest, {name: Quantity.parse(text) for name, text in (amounts or {}).items()})
    return {name: str(quantity) for name, quantity in highest.items()}


def _keep_highest(total: dict[str, Quantity], other: Mapping[str, Quantity]) -> None:
    for name, quantity in other.items():
        if name not in total or quantity > total[name]:
            total[name] = quantity


# Quality of service


def pod_qos(pod: Object) -> str:
    """The quality of service that the pod's status says, else the one that follows from its spec."""
    return (pod.get("status") or {}).get("qosClass") or compute_pod_qos(pod.get("spec") or {})


def compute_pod_qos(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort, by what the containers ask for."""
    if spec.get("resources") is not None:
        holders: list[Object] = [spec]
    else:
        holders = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    requests: dict[str, Quantity] = {}
    limits: dict[str, Quantity] = {}
    guaranteed = True
    for holder in holders:
        resources = holder.get("resources")
        if not resources:
            guaranteed = False
            continue
        _add(requests, _compute_amounts(resources.get("requests")))
        found = _compute_amounts(resources.get("limits"))
        _add(limits, found)
        guaranteed = guaranteed and len(found) == len(COMPUTE_RESOURCES)
    if not requests and not limits:
        return "BestEffort"
    return "Guaranteed" if guaranteed and requests == limits else "Burstable"


def _compute_amounts(amounts: Amounts | None) -> dict[str, str]:
    if not amounts:
        return {}
    return {
        name: amounts[name] for name in COMPUTE_RESOURCES if name in amounts and Quantity.parse(amounts[name]).nano > 0
    }
