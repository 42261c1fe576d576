"""Selectors of topologies, and labels that nodes will lose; upstream: pkg/apis/core/validation and pkg/api/node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.machinery.metadata import validate_label_name
from minikube_lite.schema.field import FieldError, Path, duplicate, required

DEPRECATED_NODE_LABELS: Mapping[str, str] = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def node_selector_term_warnings(term: Mapping[str, Any], path: Path) -> Iterator[str]:
    """Labels in a term that nodes will lose."""
    for position, requirement in enumerate(term.get("matchExpressions") or ()):
        key = requirement.get("key", "")
        if key in DEPRECATED_NODE_LABELS:
            place = path.child("matchExpressions").index(position).child("key")
            yield f"{place}: {key} is {DEPRECATED_NODE_LABELS[key]}"


def topology_errors(terms: Sequence[Mapping[str, Any]], path: Path) -> Iterator[FieldError]:
    """The faults of a StorageClass's allowedTopologies."""
    seen: list[dict[str, frozenset[str]]] = []
    for position, term in enumerate(terms):
        place = path.index(position).child("matchLabelExpressions")
        wanted: dict[str, frozenset[str]] = {}
        for number, requirement in enumerate(term.get("matchLabelExpressions") or ()):
            spot, key, values = place.index(number), requirement.get("key", ""), requirement.get("values") or []
            if not values:
                yield required(spot.child("values"))
            for index, value in enumerate(values):
                if value in values[:index]:
                    yield duplicate(spot.child("values").index(index), value)
            yield from validate_label_name(key, spot.child("key"))
            if key in wanted:
                yield duplicate(spot.child("key"), key)
            wanted[key] = frozenset(values)
        if wanted in seen:
            yield duplicate(place, "")
        seen.append(wanted)
