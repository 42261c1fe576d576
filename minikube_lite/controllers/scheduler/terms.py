"""What a pod says about nodes and about other pods, in a form that is quick to match.

Upstream: component-helpers/scheduling, framework.PodInfo.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from minikube_lite.machinery.selectors import (
    NOTHING,
    Labels,
    Operator,
    Requirement,
    Selector,
    SelectorError,
    label_selector_as_selector,
    selector_from_set,
)
from minikube_lite.store import Object

_OPERATORS: Mapping[str, Operator] = {
    "In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!", "Gt": "gt", "Lt": "lt",
}  # fmt: skip


def tolerates(tolerations: Iterable[Object], taint: Object) -> bool:
    """Whether one of the tolerations bears the taint."""
    return any(_tolerates(toleration, taint) for toleration in tolerations)


def _tolerates(toleration: Object, taint: Object) -> bool:
    key, effect = toleration.get("key", ""), toleration.get("effect", "")
    if (effect and effect != taint["effect"]) or (key and key != taint["key"]):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    return bool(key) and (toleration.get("value") or "") == (taint.get("value") or "")


def untolerated_taint(taints: Iterable[Object], tolerations: Sequence[Object], effects: Sequence[str]) -> Object | None:
    """The first taint of one of the effects that no toleration bears."""
    for taint in taints:
        if taint["effect"] in effects and not tolerates(tolerations, taint):
            return taint
    return None


@dataclass(frozen=True, slots=True)
class NodeTerm:
    """One term of a node selector; one without any condition matches no node."""

    labels: Selector | None
    names: tuple[tuple[str, str], ...] | None
    """Operator and name of each condition on the node's name."""
    weight: int = 0

    @classmethod
    def of(cls, term: Object, weight: int = 0) -> NodeTerm:
        """From a NodeSelectorTerm."""
        expressions, fields = term.get("matchExpressions"), term.get("matchFields")
        labels = Selector(map(_requirement, expressions)) if expressions else None
        names = tuple((field["operator"], (field.get("values") or [""])[0]) for field in fields) if fields else None
        return cls(labels, names, weight)

    def matches(self, node: Object) -> bool:
        """Whether the node meets all conditions."""
        if self.labels is None and self.names is None:
            return False
        if self.labels is not None and not self.labels.matches(node["metadata"].get("labels")):
            return False
        name = node["metadata"]["name"]
        return all((operator == "In") == (value == name) for operator, value in self.names or ())


def _requirement(expression: Object) -> Requirement:
    values = tuple(expression.get("values") or ())
    return Requirement(expression["key"], _OPERATORS[expression["operator"]], values)


def matches_node_selector(selector: Object | None, node: Object) -> bool:
    """Whether a node meets one of the terms of a NodeSelector; None asks for nothing."""
    if selector is None:
        return True
    return any(NodeTerm.of(term).matches(node) for term in selector.get("nodeSelectorTerms") or ())


@dataclass(frozen=True, slots=True)
class NodeAffinity:
    """Where a pod must and would like to run."""

    selector: Selector | None
    terms: tuple[NodeTerm, ...] | None
    preferred: tuple[NodeTerm, ...]

    @classmethod
    def of(cls, spec: Object) -> NodeAffinity:
        """From a pod's nodeSelector and node affinity."""
        affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
        required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
        preferred = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        return cls(
            selector_from_set(spec["nodeSelector"]) if spec.get("nodeSelector") else None,
            tuple(map(NodeTerm.of, required.get("nodeSelectorTerms") or ())) if required is not None else None,
            tuple(NodeTerm.of(item["preference"], item["weight"]) for item in preferred),
        )

    def matches(self, node: Object) -> bool:
        """Whether the pod may run there."""
        if self.selector is not None and not self.selector.matches(node["metadata"].get("labels")):
            return False
        return self.terms is None or any(term.matches(node) for term in self.terms)

    def node_names(self) -> list[str] | None:
        """The only nodes that can match, where every term names some; None for no such limit."""
        if not self.terms:
            return None
        found: dict[str, None] = {}
        for term in self.terms:
            wanted = [value for operator, value in term.names or () if operator == "In"]
            if not wanted:
                return None
            if len(dict.fromkeys(wanted)) == 1:
                found[wanted[0]] = None
        return list(found)

    def preference(self, node: Object) -> int:
        """The sum of the weights of the preferences that the node meets."""
        return sum(term.weight for term in self.preferred if term.weight and term.matches(node))


@dataclass(frozen=True, slots=True)
class AffinityTerm:
    """Which pods a pod wants near, or not near, and what near means."""

    namespaces: tuple[str, ...]
    namespace_selector: Selector
    selector: Selector
    topology_key: str
    weight: int = 0

    @classmethod
    def of(cls, pod: Object, term: Object, weight: int = 0) -> AffinityTerm:
        """From a PodAffinityTerm of that pod."""
        namespaces, chosen = term.get("namespaces") or (), term.get("namespaceSelector")
        if not namespaces and chosen is None:
            namespaces = (pod["metadata"]["namespace"],)
        return cls(
            tuple(namespaces),
            _selector(chosen),
            _selector(term.get("labelSelector")),
            term["topologyKey"],
            weight,
        )

    def matches(self, namespace: str, labels: Labels, namespace_labels: Labels) -> bool:
        """Whether a pod of that namespace and those labels is meant."""
        meant = namespace in self.namespaces or self.namespace_selector.matches(namespace_labels)
        return meant and self.selector.matches(labels)


def _selector(selector: Object | None) -> Selector:
    """What cannot be understood selects nothing, as nothing was refused when it was written."""
    try:
        return label_selector_as_selector(selector)
    except SelectorError:
        return NOTHING


def affinity_terms(pod: Object, kind: str) -> tuple[tuple[AffinityTerm, ...], tuple[AffinityTerm, ...]]:
    """The required and the preferred terms of a pod's `podAffinity` or `podAntiAffinity`."""
    affinity = (pod["spec"].get("affinity") or {}).get(kind) or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    preferred = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return (
        tuple(AffinityTerm.of(pod, term) for term in required),
        tuple(AffinityTerm.of(pod, item["podAffinityTerm"], item["weight"]) for item in preferred),
    )
