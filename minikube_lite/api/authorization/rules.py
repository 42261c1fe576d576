"""The rules of roles as pure functions: what one allows, what some leave uncovered, how they are told.

Upstream: pkg/apis/rbac/v1/evaluation_helpers.go, component-helpers/auth/rbac/validation, pkg/registry/rbac/validation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from minikube_lite.api.authorization.attributes import Attributes
from minikube_lite.schema.field import go_quote

ALL = "*"
Rule = dict[str, Any]
"""A PolicyRule as it stands in a role."""


def rule_allows(rule: Rule, attributes: Attributes) -> bool:
    """Whether a rule answers yes."""
    if not _matches(rule.get("verbs"), attributes.verb):
        return False
    if not attributes.is_resource:
        return any(_url_covers(url, attributes.path) for url in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames")
    return (
        _matches(rule.get("apiGroups"), attributes.group)
        and _resource_matches(rule.get("resources") or (), attributes.combined_resource, attributes.subresource)
        and (not names or attributes.name in names)
    )


def _matches(known: Sequence[str] | None, asked: str) -> bool:
    return known is not None and (asked in known or ALL in known)


def _resource_matches(known: Sequence[str], combined: str, subresource: str) -> bool:
    return ALL in known or combined in known or (bool(subresource) and f"*/{subresource}" in known)


def _url_covers(known: str, asked: str) -> bool:
    return known in (ALL, asked) or (known.endswith(ALL) and asked.startswith(known.rstrip(ALL)))


def uncovered(owned: Sequence[Rule], wanted: Iterable[Rule]) -> list[Rule]:
    """What the wanted rules allow beyond the owned ones, broken down to one verb, resource and name each."""
    parts = (part for rule in wanted for part in broken_down(rule))
    return [part for part in parts if not any(_covers(rule, part) for rule in owned)]


def broken_down(rule: Rule) -> Iterator[Rule]:
    """Rules of one verb, resource and name each that together say the same."""
    verbs, names = rule.get("verbs") or (), rule.get("resourceNames") or ()
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for verb in verbs:
                part = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                if not names:
                    yield part
                for name in names:
                    yield {**part, "resourceNames": [name]}
    for url in rule.get("nonResourceURLs") or ():
        for verb in verbs:
            yield {"nonResourceURLs": [url], "verbs": [verb]}


def _covers(rule: Rule, part: Rule) -> bool:
    """Whether a rule allows what a broken down one does."""
    names, wanted_names = rule.get("resourceNames") or (), part.get("resourceNames") or ()
    return (
        _has_all(rule.get("verbs"), part["verbs"])
        and _has_all(rule.get("apiGroups"), part.get("apiGroups") or ())
        and all(_covers_resource(rule.get("resources") or (), one) for one in part.get("resources") or ())
        and (not names or (bool(wanted_names) and set(wanted_names) <= set(names)))
        and all(
            any(url == one or (url.endswith(ALL) and one.startswith(url.rstrip(ALL))) for url in _urls(rule))
            for one in _urls(part)
        )
    )


def _urls(rule: Rule) -> Sequence[str]:
    return rule.get("nonResourceURLs") or ()


def _has_all(known: Sequence[str] | None, wanted: Sequence[str]) -> bool:
    known = known or ()
    return ALL in known or all(one in known for one in wanted)


def _covers_resource(known: Sequence[str], wanted: str) -> bool:
    if ALL in known or wanted in known:
        return True
    _, slash, subresource = wanted.partition("/")
    return bool(slash) and f"*/{subresource}" in known


def compacted(parts: Iterable[Rule]) -> list[Rule]:
    """Broken down rules, those of the same resource and name as one with all their verbs."""
    others: list[Rule] = []
    simple: dict[tuple[str, str, str], Rule] = {}
    for part in parts:
        if part.get("nonResourceURLs"):
            others.append(part)
            continue
        key = (part["apiGroups"][0], part["resources"][0], *(part.get("resourceNames") or ("",)))
        if key in simple:
            simple[key]["verbs"].extend(part["verbs"])
        else:
            simple[key] = {**part, "verbs": list(part["verbs"])}
    return [*others, *simple.values()]


_TOLD = (
    ("APIGroups", "apiGroups"),
    ("Resources", "resources"),
    ("NonResourceURLs", "nonResourceURLs"),
    ("ResourceNames", "resourceNames"),
    ("Verbs", "verbs"),
)


def rule_text(rule: Rule) -> str:
    """e.g. {APIGroups:[""], Resources:["pods"], Verbs:["get"]}"""
    return "{" + ", ".join(f"{name}:{quoted_list(rule[key])}" for name, key in _TOLD if rule.get(key)) + "}"


def quoted_list(texts: Iterable[str]) -> str:
    """Texts as Go's %q shows a list of them: ["a" "b"]"""
    return f"[{' '.join(map(go_quote, texts))}]"
