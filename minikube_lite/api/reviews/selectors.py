"""The selectors in a question about access: no rule of RBAC looks at them, but they are checked.

Upstream: pkg/apis/authorization/validation, pkg/registry/authorization/util/helpers.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from minikube_lite.machinery.field_selectors import parse_field_selector
from minikube_lite.machinery.selectors import (
    Operator,
    SelectorError,
    new_requirement,
    parse_label_selector,
    validate_expression,
)
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, required

Attributes = Mapping[str, Any]
LABEL_OPERATORS: dict[str, Operator] = {
    "In": "in",
    "NotIn": "notin",
    "Exists": "exists",
    "DoesNotExist": "!",
}


def selector_faults(spec: Attributes) -> Iterator[FieldError]:
    """What is wrong with the selectors of a question."""
    attributes = spec.get("resourceAttributes") or {}
    for name in ("fieldSelector", "labelSelector"):
        selector, path = attributes.get(name), Path("spec.resourceAttributes").child(name)
        if selector is None:
            continue
        raw, requirements = selector.get("rawSelector", ""), selector.get("requirements") or ()
        if raw and requirements:
            yield invalid(path.child("rawSelector"), raw, "may not specified at the same time as requirements")
        if not raw and not requirements:
            text = f"when {path} is specified, requirements or rawSelector is required"
            yield required(path.child("requirements"), text)
        for position, requirement in enumerate(requirements):
            place = path.child("requirements").index(position)
            if name == "fieldSelector":
                yield from _field_faults(requirement, place)
            else:
                yield from validate_expression(requirement, place, allow_unknown_operator=True)


def _field_faults(requirement: Attributes, path: Path) -> Iterator[FieldError]:
    operator, values = requirement.get("operator", ""), requirement.get("values") or ()
    if not requirement.get("key"):
        yield required(path.child("key"), "must be specified")
    if operator in ("In", "NotIn") and not values:
        yield required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'")
    if operator in ("Exists", "DoesNotExist") and values:
        text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        yield forbidden(path.child("values"), text)


def evaluation_faults(attributes: Attributes) -> list[str]:
    """Which selectors could not be understood, so that the answer is that without them."""
    faults = []
    for name, understood in (("fieldSelector", _field_understood), ("labelSelector", _label_understood)):
        selector = attributes.get(name) or {}
        raw, requirements = selector.get("rawSelector", ""), selector.get("requirements") or ()
        results = [understood(requirement) for requirement in requirements]
        if raw:
            results = [_raw_understood(name, raw)]
        if not all(results):
            how = "partially ignored" if any(results) else "ignored"
            faults.append(f"spec.resourceAttributes.{name} {how} due to parse error")
    return faults


def _raw_understood(name: str, raw: str) -> bool:
    try:
        (parse_field_selector if name == "fieldSelector" else parse_label_selector)(raw)
    except SelectorError:
        return False
    return True


def _field_understood(requirement: Attributes) -> bool:
    return requirement.get("operator") in ("In", "NotIn") and len(requirement.get("values") or ()) == 1


def _label_understood(requirement: Attributes) -> bool:
    operator = LABEL_OPERATORS.get(requirement.get("operator", ""))
    if operator is None:
        return False
    try:
        new_requirement(requirement.get("key", ""), operator, tuple(requirement.get("values") or ()))
    except SelectorError:
        return False
    return True
