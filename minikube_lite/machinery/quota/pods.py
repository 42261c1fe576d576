"""How pods use quotas; upstream: pkg/quota/v1/evaluator/core/pods.go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from minikube_lite.clock import parse_time
from minikube_lite.machinery.meta import is_deleting, is_pod_terminal
from minikube_lite.machinery.pod_resources import (
    HUGE_PAGES_PREFIX,
    effective_spec,
    is_extended_resource,
    is_native_resource,
    is_pod_level_resource,
    pod_amounts,
)
from minikube_lite.machinery.quota.amounts import ONE, Usage
from minikube_lite.machinery.quota.evaluator import Evaluator
from minikube_lite.machinery.quota.scopes import Scope, is_terminating, pod_is_in_scope
from minikube_lite.store import Object

REQUESTS = "requests."
LIMITS = "limits."
DEVICE_CLASS_PREFIX = "deviceclass.resource.kubernetes.io/"
_AMOUNTS = ("cpu", "memory", "ephemeral-storage")
_NAMES = frozenset(prefix + name for name in _AMOUNTS for prefix in ("", REQUESTS, LIMITS))
_ENFORCED = frozenset(prefix + name for name in ("cpu", "memory") for prefix in ("", REQUESTS, LIMITS))
"""If a quota limits one of these, every container has to say how much it wants."""


class PodEvaluator(Evaluator):
    """Counts pods and what they ask for, until they have ended or should have."""

    @property
    def names(self) -> frozenset[str]:
        return _NAMES | {self.count, "pods"}

    def handles(self, operation: str, subresource: str, new: Object, old: Object | None) -> bool:
        if subresource == "resize":
            return operation == "UPDATE"
        if subresource:
            return False
        return operation == "CREATE" or (old is not None and is_terminating(old) != is_terminating(new))

    def matching(self, names: Iterable[str]) -> list[str]:
        return sorted(name for name in names if name in self.names or _is_prefixed(name))

    def missing(self, names: Iterable[str], obj: Object) -> str:
        spec = obj["spec"]
        if _asks_as_a_whole(spec):
            return ""
        enforced, lacking = _ENFORCED.intersection(names), dict[str, set[str]]()
        for place in ("containers", "initContainers"):
            for container in spec.get(place) or ():
                resources = container.get("resources") or {}
                for name in enforced.difference(_said_by(resources)):
                    lacking.setdefault(name, set()).add(container.get("name", ""))
        if not lacking:
            return ""
        return "must specify " + "; ".join(f"{name} for: {','.join(sorted(lacking[name]))}" for name in sorted(lacking))

    def in_scope(self, obj: Object, scope: Scope) -> bool:
        return pod_is_in_scope(obj, scope)

    def usage(self, obj: Object, now: float) -> Usage:
        used = {self.count: ONE}
        if not is_charged(obj, now):
            return used
        spec = effective_spec(obj)
        used["pods"] = ONE
        for name, quantity in pod_amounts(spec, "requests").items():
            for counted in _requested_as(name):
                used[counted] = quantity
        for name, quantity in pod_amounts(spec, "limits").items():
            if name in _AMOUNTS:
                used[LIMITS + name] = quantity
        return used

    def frees(self, old: Object, new: Object, now: float) -> bool:
        if is_terminating(old) != is_terminating(new) or (is_charged(old, now) and not is_charged(new, now)):
            return True
        return _actual_resources(old) != _actual_resources(new)


def is_charged(pod: Object, now: float) -> bool:
    """Whether the pod counts for more than one object: not when it has ended, or should have gone long ago."""
    if is_pod_terminal(pod):
        return False
    metadata = pod["metadata"]
    grace = metadata.get("deletionGracePeriodSeconds")
    if not is_deleting(pod) or grace is None:
        return True
    return now <= parse_time(metadata["deletionTimestamp"]) + float(grace)


def _requested_as(name: str) -> tuple[str, ...]:
    """The names under which quotas count a request."""
    if name in _AMOUNTS or name.startswith(HUGE_PAGES_PREFIX):
        return (name, REQUESTS + name)
    if is_extended_resource(name) or name.startswith(DEVICE_CLASS_PREFIX):
        return (REQUESTS + name,)
    return ()


def _is_prefixed(name: str) -> bool:
    if name.startswith((HUGE_PAGES_PREFIX, REQUESTS + HUGE_PAGES_PREFIX)):
        return True
    extended = not is_native_resource(name) or name.startswith(REQUESTS + DEVICE_CLASS_PREFIX)
    return extended and name.startswith(REQUESTS)


def _said_by(resources: Object) -> Iterator[str]:
    """Which of the enforced names a container says."""
    for name in resources.get("requests") or ():
        yield from (name, REQUESTS + name)
    for name in resources.get("limits") or ():
        yield LIMITS + name


def _asks_as_a_whole(spec: Object) -> bool:
    resources = spec.get("resources") or {}
    return any(is_pod_level_resource(name) for sort in ("requests", "limits") for name in resources.get(sort) or ())


def _actual_resources(pod: Object) -> dict[str, Object | None]:
    status = pod.get("status") or {}
    return {
        container["name"]: container.get("resources")
        for place in ("containerStatuses", "initContainerStatuses")
        for container in status.get(place) or ()
        if container.get("resources") is not None
    }
