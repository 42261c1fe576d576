"""How ResourceClaims use quotas; upstream: pkg/quota/v1/evaluator/core/resource_claims.go."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.machinery.quota.amounts import ONE, Usage, add
from minikube_lite.machinery.quota.evaluator import Evaluator
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

DEVICE_CLASS_SUFFIX = ".deviceclass.resource.k8s.io/devices"
DEVICES_MAX = 32
"""What a request for all devices counts as: upstream's AllocationResultsMaxSize."""


class ResourceClaimEvaluator(Evaluator):
    """Counts ResourceClaims and the devices of each class that they may be given at most."""

    def handles(self, operation: str, subresource: str, new: Object, old: Object | None) -> bool:
        return operation in ("CREATE", "UPDATE") and not subresource

    def matching(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name == self.count or name.endswith(DEVICE_CLASS_SUFFIX)]

    def usage(self, obj: Object, now: float) -> Usage:
        used: Usage = {self.count: ONE}
        for request in (obj["spec"].get("devices") or {}).get("requests") or ():
            alternatives = request.get("firstAvailable") or ([request["exactly"]] if request.get("exactly") else [])
            most: dict[str, int] = {}
            for wanted in alternatives:
                name = f"{wanted.get('deviceClassName', '')}{DEVICE_CLASS_SUFFIX}"
                most[name] = max(most.get(name, 0), _devices(wanted))
            used = add(used, {name: Quantity.of(count) for name, count in most.items()})
        return used


def _devices(wanted: Object) -> int:
    match wanted.get("allocationMode"):
        case "ExactCount":
            return int(wanted.get("count", 0))
        case "All":
            return DEVICES_MAX
    return 0
