"""Where a pod wants to run: affinity, tolerations, spreading; upstream: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minikube_lite.api.kinds.core.pod_fields import MUST_BE_POSITIVE, named
from minikube_lite.machinery.names import (
    is_qualified_name,
    is_valid_label_value,
    name_is_dns_label,
    name_is_dns_subdomain,
)
from minikube_lite.machinery.selectors import validate_label_selector
from minikube_lite.schema.field import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)
from minikube_lite.store import Object

TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
WEIGHT_MAX = 100

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_SCHEDULE_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
_NODE_POLICIES = ("Honor", "Ignore")
_NOT_AN_OPERATOR = "not a valid selector operator"


def validate_affinity(affinity: Object, path: Path) -> Iterator[FieldError]:
    """All that draws a pod to nodes and to other pods, or away from them."""
    of_node = affinity.get("nodeAffinity")
    if of_node is not None:
        place = path.child("nodeAffinity")
        if of_node.get(_REQUIRED) is not None:
            yield from validate_node_selector(of_node[_REQUIRED], place.child(_REQUIRED))
        for position, term in enumerate(of_node.get(_PREFERRED) or ()):
            at = place.child(_PREFERRED).index(position)
            yield from _validate_weight(term, at)
            preference = term.get("preference") or {}
            yield from _validate_node_selector_term(preference, at.child("preference"), check_values=False)
    for name in ("podAffinity", "podAntiAffinity"):
        if affinity.get(name) is not None:
            yield from _validate_pod_affinity(affinity[name], path.child(name))


def _validate_weight(term: Object, path: Path) -> Iterator[FieldError]:
    weight = term.get("weight") or 0
    if not 1 <= weight <= WEIGHT_MAX:
        yield invalid(path.child("weight"), weight, "must be in the range 1-100")


def validate_node_selector(selector: Object, path: Path) -> Iterator[FieldError]:
    """Terms of which a node must fulfil one."""
    terms, place = selector.get("nodeSelectorTerms") or (), path.child("nodeSelectorTerms")
    if not terms:
        yield required(place, "must have at least one node selector term")
    for position, term in enumerate(terms):
        yield from _validate_node_selector_term(term, place.index(position), check_values=True)


def _validate_node_selector_term(term: Object, path: Path, *, check_values: bool) -> Iterator[FieldError]:
    for position, rule in enumerate(term.get("matchExpressions") or ()):
        yield from _validate_label_rule(rule, path.child("matchExpressions").index(position), check_values)
    for position, rule in enumerate(term.get("matchFields") or ()):
        yield from _validate_field_rule(rule, path.child("matchFields").index(position))


def _validate_label_rule(rule: Object, path: Path, check_values: bool) -> Iterator[FieldError]:
    operator, values, place = rule.get("operator") or "", rule.get("values") or (), path.child("values")
    if operator in ("In", "NotIn"):
        if not values:
            yield required(place, "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            yield forbidden(place, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            yield required(place, "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        yield invalid(path.child("operator"), operator, _NOT_AN_OPERATOR)
    yield from named(is_qualified_name, rule.get("key") or "", path.child("key"))
    if check_values:
        for position, value in enumerate(values):
            yield from named(is_valid_label_value, value, place.index(position))


def _validate_field_rule(rule: Object, path: Path) -> Iterator[FieldError]:
    operator, values, key = rule.get("operator") or "", rule.get("values") or (), rule.get("key") or ""
    if operator not in ("In", "NotIn"):
        yield invalid(path.child("operator"), operator, _NOT_AN_OPERATOR)
    elif len(values) != 1:
        text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield required(path.child("values"), text)
    if key != "metadata.name":
        yield invalid(path.child("key"), key, "not a valid field selector key")
        return
    for position, value in enumerate(values):
        yield from named(name_is_dns_subdomain, value, path.child("values").index(position))


def _validate_pod_affinity(affinity: Object, path: Path) -> Iterator[FieldError]:
    for position, term in enumerate(affinity.get(_REQUIRED) or ()):
        yield from _validate_pod_affinity_term(term, path.child(_REQUIRED).index(position))
    for position, weighted in enumerate(affinity.get(_PREFERRED) or ()):
        at = path.child(_PREFERRED).index(position)
        yield from _validate_weight(weighted, at)
        yield from _validate_pod_affinity_term(weighted.get("podAffinityTerm") or {}, at.child("podAffinityTerm"))


def _validate_pod_affinity_term(term: Object, path: Path) -> Iterator[FieldError]:
    selector, topology_key = term.get("labelSelector"), term.get("topologyKey") or ""
    yield from validate_label_selector(selector, path.child("labelSelector"))
    yield from validate_label_selector(term.get("namespaceSelector"), path.child("namespaceSelector"))
    for name in term.get("namespaces") or ():
        yield from named(name_is_dns_label, name, path.child("namespace"))
    keys = term.get("matchLabelKeys") or (), term.get("mismatchLabelKeys") or ()
    yield from _validate_match_label_keys(*keys, selector, path)
    if not topology_key:
        yield required(path.child("topologyKey"), "can not be empty")
    yield from named(is_qualified_name, topology_key, path.child("topologyKey"))


def _validate_match_label_keys(
    matching: Sequence[str], mismatching: Sequence[str], selector: Object | None, path: Path
) -> Iterator[FieldError]:
    for name, keys in (("matchLabelKeys", matching), ("mismatchLabelKeys", mismatching)):
        if keys and selector is None:
            yield forbidden(path.child(name), "must not be specified when labelSelector is not set")
        elif keys:
            for position, key in enumerate(keys):
                yield from named(is_qualified_name, key, path.child(name).index(position))
    if not matching:
        return
    # The keys were turned into expressions already, so a key that is there before was given by the user.
    given = set((selector or {}).get("matchLabels") or {})
    for expression in (selector or {}).get("matchExpressions") or ():
        key = expression.get("key") or ""
        if key in matching and key in given:
            position = len(matching) - 1 - list(matching)[::-1].index(key)
            yield invalid(path.index(position), key, "exists in both matchLabelKeys and labelSelector")
        given.add(key)
    for position, key in enumerate(matching):
        if key in mismatching:
            text = "exists in both matchLabelKeys and mismatchLabelKeys"
            yield invalid(path.child("matchLabelKeys").index(position), key, text)


# Tolerations


def validate_tolerations(tolerations: Sequence[Object], path: Path) -> Iterator[FieldError]:
    """The taints that a pod bears."""
    for position, toleration in enumerate(tolerations):
        key, operator = toleration.get("key") or "", toleration.get("operator") or ""
        effect, value, place = toleration.get("effect") or "", toleration.get("value") or "", path.index(position)
        if key:
            yield from named(is_qualified_name, key, place.child("key"))
        elif operator != "Exists":
            text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            yield invalid(place.child("operator"), operator, text)
        if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
            yield invalid(place.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
        yield from _validate_toleration_operator(operator, value, place.child("operator"))
        if effect and effect not in TAINT_EFFECTS:
            yield not_supported(place.child("effect"), effect, TAINT_EFFECTS)


def _validate_toleration_operator(operator: str, value: str, path: Path) -> Iterator[FieldError]:
    if operator in ("Equal", ""):
        messages = is_valid_label_value(value)
        if messages:
            yield invalid(path, value, ";".join(messages))
    elif operator == "Exists":
        if value:
            yield invalid(path, value, "value must be empty when `operator` is 'Exists'")
    elif operator in ("Lt", "Gt"):
        # Comparing taints is an alpha feature, off by default; the message names the operators all the same.
        yield not_supported(path, operator, ("Equal", "Exists", "Lt", "Gt"))
    else:
        yield not_supported(path, operator, ("Equal", "Exists"))


# Topology spread constraints


def validate_topology_spread(constraints: Sequence[Object], path: Path) -> Iterator[FieldError]:
    """How evenly pods are spread over parts of the cluster."""
    for position, constraint in enumerate(constraints):
        place, action = path.index(position), constraint.get("whenUnsatisfiable") or ""
        key, skew = constraint.get("topologyKey") or "", constraint.get("maxSkew") or 0
        if skew <= 0:
            yield invalid(place.child("maxSkew"), skew, MUST_BE_POSITIVE)
        if not key:
            yield required(place.child("topologyKey"), "can not be empty")
        if action not in _SCHEDULE_ACTIONS:
            yield not_supported(place.child("whenUnsatisfiable"), action, _SCHEDULE_ACTIONS)
        for other in constraints[position + 1 :]:
            if (other.get("topologyKey") or "", other.get("whenUnsatisfiable") or "") == (key, action):
                yield duplicate(place.child("{topologyKey, whenUnsatisfiable}"), f"{{{key}, {action}}}")
                break
        yield from _validate_min_domains(constraint.get("minDomains"), action, place.child("minDomains"))
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            policy = constraint.get(name)
            if policy is not None and policy not in _NODE_POLICIES:
                yield not_supported(place.child(name), policy, _NODE_POLICIES)
        selector = constraint.get("labelSelector")
        yield from _validate_match_label_keys(constraint.get("matchLabelKeys") or (), (), selector, place)
        yield from validate_label_selector(selector, place.child("labelSelector"))


def _validate_min_domains(domains: int | None, action: str, path: Path) -> Iterator[FieldError]:
    if domains is None:
        return
    if domains <= 0:
        yield invalid(path, domains, MUST_BE_POSITIVE)
    if action != "DoNotSchedule":
        yield invalid(path, domains, f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}")
