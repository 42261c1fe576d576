"""Which webhooks a write concerns, and in which version they are told of it; upstream: webhook/generic and predicates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from minikube_lite.api.admission import Attributes
from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.machinery.resources import NAMESPACES, GroupVersionResource
from minikube_lite.machinery.selectors import label_selector_as_selector
from minikube_lite.store import Object

EXEMPT_GROUP = "admissionregistration.k8s.io"
"""What webhooks and policies are made of is never shown to webhooks: nobody could repair them."""

Hook = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invocation:
    """A webhook that a write concerns, and the resource as it is told of it."""

    hook: Hook
    resource: ServedResource


class Matcher:
    """Finds the webhooks of a write."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme

    def invocations(self, attributes: Attributes, configurations: GroupVersionResource) -> Iterator[Invocation]:
        """In the order of the configurations' names."""
        found = attributes.context.reader.list_objects(configurations)
        if not found or attributes.resource.group == EXEMPT_GROUP:
            return
        resource = self._scheme.find(attributes.resource)
        if resource is None:
            return
        for configuration in found:
            for hook in configuration.get("webhooks") or ():
                told = self.told(hook, "rules", attributes, resource)
                if told is not None:
                    yield Invocation(hook, told)

    def told(self, match: Hook, rules: str, attributes: Attributes, resource: ServedResource) -> ServedResource | None:
        """The resource as somebody is told of it who has these rules and selectors; None where the write is not theirs."""
        found = self._matched(match, rules, attributes, resource)
        if found is None or not _selects(match, attributes):
            return None
        excluded = self._matched(match, "excludeResourceRules", attributes, resource)
        return found if excluded is None else None

    def _matched(
        self, match: Hook, rules: str, attributes: Attributes, resource: ServedResource
    ) -> ServedResource | None:
        wanted = match.get(rules) or ()
        if rules == "resourceRules" and not wanted:
            return resource  # a binding without rules takes what its policy takes
        if matches_rules(wanted, attributes, resource):
            return resource
        if not wanted or match.get("matchPolicy") != "Equivalent":
            return None
        others = (
            each for each in self._scheme if each.key == resource.key and each.info.version != resource.info.version
        )
        return next((other for other in others if matches_rules(wanted, attributes, other)), None)


def matches_rules(rules: Any, attributes: Attributes, resource: ServedResource) -> bool:
    """Whether one of the rules names the operation and the resource."""
    return any(_matches(rule, attributes, resource) for rule in rules)


def _matches(rule: Mapping[str, Any], attributes: Attributes, resource: ServedResource) -> bool:
    info = resource.info
    scope = rule.get("scope") or "*"
    if scope != "*" and (scope == "Namespaced") is not bool(attributes.context.namespace and info.namespaced):
        return False
    for name, value in (("operations", attributes.operation), ("apiGroups", info.group), ("apiVersions", info.version)):
        if "*" not in rule[name] and value not in rule[name]:
            return False
    name = attributes.context.name or (attributes.new or {}).get("metadata", {}).get("name", "")
    if rule.get("resourceNames") and name not in rule["resourceNames"]:
        return False
    return any(_names(text, info.name, attributes.subresource) for text in rule["resources"])


def _names(text: str, resource: str, subresource: str) -> bool:
    name, _, sub = text.partition("/")
    return name in ("*", resource) and sub in (subresource, "*")


def _selects(hook: Hook, attributes: Attributes) -> bool:
    namespace_selector = label_selector_as_selector(hook.get("namespaceSelector") or {})
    if not namespace_selector.everything:
        labels = _namespace_labels(attributes)
        if labels is not None and not namespace_selector.matches(labels):
            return False
    selector = label_selector_as_selector(hook.get("objectSelector") or {})
    if selector.everything:
        return True
    return any(
        obj is not None and selector.matches(obj["metadata"].get("labels") or {})
        for obj in (attributes.new, attributes.old)
    )


def _namespace_labels(attributes: Attributes) -> Mapping[str, str] | None:
    """Those of the namespace that is written, or is written in; None where there is none."""
    if attributes.resource.key == NAMESPACES.key:
        obj: Object | None = attributes.new or attributes.old
    elif attributes.context.namespace:
        obj = attributes.context.reader.get(NAMESPACES, "", attributes.context.namespace)
    else:
        return None
    return (obj or {}).get("metadata", {}).get("labels") or {}
