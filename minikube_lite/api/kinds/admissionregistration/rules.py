"""What webhooks and admission policies match, and their defaults; upstream: pkg/apis/admissionregistration.

The CEL expressions themselves are not compiled here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.api.columns import UNSET, format_selector
from minikube_lite.machinery.names import is_dns1035_label, is_dns1123_subdomain, is_qualified_name, path_segment_name
from minikube_lite.machinery.selectors import validate_label_selector
from minikube_lite.schema.field import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_many,
)
from minikube_lite.store import Object

GROUP = "admissionregistration.k8s.io"
MATCH_CONDITIONS_MAX = 64
FAILURE_POLICIES = ("Fail", "Ignore")
MATCH_POLICIES = ("Equivalent", "Exact")
OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
SCOPES = ("*", "Cluster", "Namespaced")

Fields = Mapping[str, Any]


def default_rules(rules: Sequence[Object]) -> None:
    """A rule without a scope is for all."""
    for rule in rules:
        if rule.get("scope") is None:
            rule["scope"] = "*"


def default_match(match: Object) -> None:
    """What every matcher has: a policy and selectors that select everything."""
    for name, value in (("matchPolicy", "Equivalent"), ("namespaceSelector", {}), ("objectSelector", {})):
        if match.get(name) is None:
            match[name] = value


def default_match_resources(match: Object) -> None:
    """The defaults of an admission policy's matcher."""
    default_match(match)
    for name in ("resourceRules", "excludeResourceRules"):
        default_rules(match.get(name) or ())


def rule_errors(rule: Fields, path: Path) -> Iterator[FieldError]:
    """The faults of a rule with operations."""
    operations, place = rule.get("operations") or [], path.child("operations")
    if not operations:
        yield required(place)
    if len(operations) > 1 and "*" in operations:
        yield invalid(place, operations, "if '*' is present, must not specify other operations")
    for position, operation in enumerate(operations):
        if operation not in OPERATIONS:
            yield not_supported(place.index(position), operation, OPERATIONS)
    for name, what in (("apiGroups", "API groups"), ("apiVersions", "API versions")):
        values, place = rule.get(name) or [], path.child(name)
        if not values:
            yield required(place)
        if len(values) > 1 and "*" in values:
            yield invalid(place, values, f"if '*' is present, must not specify other {what}")
        if name == "apiVersions":
            yield from (required(place.index(position)) for position, value in enumerate(values) if not value)
    yield from _resources_errors(rule.get("resources") or [], path.child("resources"))
    if rule.get("scope") is not None and rule["scope"] not in SCOPES:
        yield not_supported(path.child("scope"), rule["scope"], SCOPES)


def _resources_errors(resources: list[str], path: Path) -> Iterator[FieldError]:
    if not resources:
        yield required(path)
    all_of: set[str] = set()
    everywhere: set[str] = set()
    plain = False
    for position, text in enumerate(resources):
        place = path.index(position)
        if not text:
            yield required(place)
            continue
        resource, slash, subresource = text.partition("/")
        if not slash:
            plain = text != "*"
            continue
        if resource in all_of:
            yield invalid(place, text, f"if '{resource}/*' is present, must not specify {text}")
        if subresource in everywhere:
            yield invalid(place, text, f"if '*/{subresource}' is present, must not specify {text}")
        if subresource == "*":
            all_of.add(resource)
        if resource == "*":
            everywhere.add(subresource)
    if len(resources) > 1 and "*/*" in resources:
        yield invalid(path, resources, "if '*/*' is present, must not specify other resources")
    if "*" in resources and plain:
        yield invalid(path, resources, "if '*' is present, must not specify other resources without subresources")


def match_resources_errors(match: Fields, path: Path) -> Iterator[FieldError]:
    """The faults of an admission policy's matcher."""
    if match["matchPolicy"] not in MATCH_POLICIES:
        yield not_supported(path.child("matchPolicy"), match["matchPolicy"], MATCH_POLICIES)
    for name in ("namespaceSelector", "objectSelector"):
        yield from validate_label_selector(match[name], path.child(name))
    for part in ("resourceRules", "excludeResourceRules"):
        for position, rule in enumerate(match.get(part) or ()):
            place, names = path.child(part).index(position), rule.get("resourceNames") or []
            for number, name in enumerate(names):
                spot = place.child("resourceNames").index(number)
                yield from (invalid(spot, name, message) for message in path_segment_name(name))
                if name in names[:number]:
                    yield duplicate(spot, name)
            yield from rule_errors(rule, place)


def match_conditions_errors(conditions: Sequence[Fields], path: Path) -> Iterator[FieldError]:
    """The faults of match conditions."""
    if len(conditions) > MATCH_CONDITIONS_MAX:
        yield too_many(path, len(conditions), MATCH_CONDITIONS_MAX)
    names: set[str] = set()
    for position, condition in enumerate(conditions):
        place, name = path.index(position), condition.get("name", "")
        if not condition.get("expression", "").strip():
            yield required(place.child("expression"))
        if not name:
            yield required(place.child("name"))
            continue
        yield from (invalid(place.child("name"), name, message) for message in is_qualified_name(name))
        if name in names:
            yield duplicate(place.child("name"), name)
        names.add(name)


def failure_policy_errors(policy: str | None, path: Path) -> Iterator[FieldError]:
    """What happens when the decision cannot be made."""
    if policy is not None and policy not in FAILURE_POLICIES:
        yield not_supported(path, policy, FAILURE_POLICIES)


def param_kind_errors(kind: Fields, path: Path) -> Iterator[FieldError]:
    """The faults of the kind of a policy's parameters."""
    version, name, place = kind.get("apiVersion", ""), kind.get("kind", ""), path.child("apiVersion")
    if not version:
        yield required(place)
    elif version.count("/") > 1:
        yield invalid(place, version, f"unexpected GroupVersion string: {version}")
    else:
        group, _, short = version.rpartition("/")
        if group and (faults := is_dns1123_subdomain(group)):
            yield invalid(place, group, ",".join(faults))
        if not short:
            yield invalid(place, version, "version must be specified")
        elif faults := is_dns1035_label(short):
            yield invalid(place, short, ",".join(faults))
    if not name:
        yield required(path.child("kind"))
    elif faults := is_dns1035_label(name.lower()):
        text = "may have mixed case, but should otherwise match: " + ",".join(faults)
        yield invalid(path.child("kind"), name, text)


def param_ref_errors(reference: Fields, path: Path) -> Iterator[FieldError]:
    """The faults of a binding's reference to parameters."""
    name, selector = reference.get("name", ""), reference.get("selector")
    exclusive = "name and selector are mutually exclusive"
    if name:
        yield from (invalid(path.child("name"), name, message) for message in path_segment_name(name))
        if selector is not None:
            yield forbidden(path.child("name"), exclusive)
    if selector is not None:
        yield from validate_label_selector(selector, path.child("selector"))
        if name:
            yield forbidden(path.child("selector"), exclusive)
    if not name and selector is None:
        yield required(path, "one of name or selector must be specified")
    action, place = reference.get("parameterNotFoundAction"), path.child("parameterNotFoundAction")
    if not action:
        yield required(place)
    elif action not in ("Deny", "Allow"):
        yield not_supported(place, action, ("Deny", "Allow"))


def param_kind_text(obj: Object) -> str:
    """The ParamKind cell."""
    kind = obj["spec"].get("paramKind")
    return UNSET if kind is None else f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}"


def param_ref_text(obj: Object) -> str:
    """The ParamRef cell."""
    reference = obj["spec"].get("paramRef")
    if reference is None:
        return UNSET
    if reference.get("name"):
        return f"{reference.get('namespace') or '*'}/{reference['name']}"
    return format_selector(reference["selector"]) if reference.get("selector") is not None else UNSET
