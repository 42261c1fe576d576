"""How Services use quotas; upstream: pkg/quota/v1/evaluator/core/services.go."""

from __future__ import annotations

from minikube_lite.machinery.quota.amounts import ONE, ZERO, Usage
from minikube_lite.machinery.quota.evaluator import Evaluator
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object


class ServiceEvaluator(Evaluator):
    """Counts Services, their node ports and load balancers."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.count, "services", "services.nodeports", "services.loadbalancers"))

    def handles(self, operation: str, subresource: str, new: Object, old: Object | None) -> bool:
        return operation in ("CREATE", "UPDATE") and not subresource

    def usage(self, obj: Object, now: float) -> Usage:
        spec = obj.get("spec") or {}
        ports, balancers = spec.get("ports") or (), ZERO
        node_ports = 0
        if spec.get("type") == "NodePort":
            node_ports = len(ports)
        elif spec.get("type") == "LoadBalancer":
            balancers = ONE
            all_of_them = spec.get("allocateLoadBalancerNodePorts") is not False
            node_ports = len(ports) if all_of_them else sum(1 for port in ports if port.get("nodePort"))
        return {
            self.count: ONE,
            "services": ONE,
            "services.nodeports": Quantity.of(node_ports),
            "services.loadbalancers": balancers,
        }

    def frees(self, old: Object, new: Object, now: float) -> bool:
        types = [(obj.get("spec") or {}).get("type") for obj in (old, new)]
        before, after = (found if found in ("NodePort", "LoadBalancer") else "" for found in types)
        return before != after
