"""ClusterRoles that gather the rules of others; upstream: pkg/controller/clusterroleaggregation."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.machinery.selectors import label_selector_as_selector
from minikube_lite.store import Object


def aggregated_rules(role: Object, roles: Iterable[Object]) -> list[Object]:
    """The rules of all roles that a role gathers, in order of its selectors and their names, each once. Raises SelectorError."""
    rules: list[Object] = []
    others = sorted(roles, key=lambda other: other["metadata"]["name"])
    for wanted in role["aggregationRule"].get("clusterRoleSelectors") or ():
        selector = label_selector_as_selector(wanted)
        for other in others:
            if other["metadata"]["name"] == role["metadata"]["name"]:
                continue
            if selector.matches(other["metadata"].get("labels")):
                rules.extend(rule for rule in other.get("rules") or () if rule not in rules)
    return rules
