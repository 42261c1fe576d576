"""Which objects a quota's scopes choose; upstream: podMatchesScopeFunc and pvcMatchesScopeFunc."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from minikube_lite.machinery.pod_resources import pod_qos
from minikube_lite.machinery.selectors import Operator, new_requirement
from minikube_lite.store import Object

_OPERATORS: Mapping[str, Operator] = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


class Scope(NamedTuple):
    """One requirement on the objects that a quota counts."""

    name: str
    operator: str
    values: tuple[str, ...] = ()

    def selects(self, value: str) -> bool:
        """Whether an object with that value, "" for none, meets it; raises SelectorError where it makes no sense."""
        requirement = new_requirement(self.name, _OPERATORS[self.operator], self.values)
        return requirement.matches({self.name: value} if value else {})


def scopes_of(quota: Object) -> list[Scope]:
    """All requirements of a quota, which objects must meet together."""
    spec = quota.get("spec", {})
    selector: Mapping[str, Any] = spec.get("scopeSelector") or {}
    return [
        *(Scope(name, "Exists") for name in spec.get("scopes") or ()),
        *(
            Scope(item.get("scopeName", ""), item.get("operator", ""), tuple(item.get("values") or ()))
            for item in selector.get("matchExpressions") or ()
        ),
    ]


def is_terminating(pod: Object) -> bool:
    """Whether the pod has a deadline."""
    deadline = pod.get("spec", {}).get("activeDeadlineSeconds")
    return deadline is not None and deadline >= 0


def pod_is_in_scope(pod: Object, scope: Scope) -> bool:
    """Whether a quota of that scope counts the pod."""
    match scope.name:
        case "Terminating":
            return is_terminating(pod)
        case "NotTerminating":
            return not is_terminating(pod)
        case "BestEffort":
            return pod_qos(pod) == "BestEffort"
        case "NotBestEffort":
            return pod_qos(pod) != "BestEffort"
        case "PriorityClass":
            return scope.selects(pod["spec"].get("priorityClassName") or "")
        case "CrossNamespacePodAffinity":
            return any(_crosses_namespaces(term) for term in _affinity_terms(pod))
    return False


def _affinity_terms(pod: Object) -> Iterator[Object]:
    affinity = pod["spec"].get("affinity") or {}
    for sort in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(sort) or {}
        yield from terms.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for weighted in terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield weighted.get("podAffinityTerm") or {}


def _crosses_namespaces(term: Object) -> bool:
    return bool(term.get("namespaces")) or term.get("namespaceSelector") is not None


def claim_is_in_scope(claim: Object, scope: Scope) -> bool:
    """Whether a quota of that scope counts the claim."""
    if scope.name != "VolumeAttributesClass":
        return False
    return any(scope.selects(name) for name in attributes_classes(claim) or ("",))


def attributes_classes(claim: Object) -> list[str]:
    """The attributes classes that a claim has, wants and is given."""
    status = claim.get("status") or {}
    names = (
        claim["spec"].get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    )
    return list(dict.fromkeys(name for name in names if name))
