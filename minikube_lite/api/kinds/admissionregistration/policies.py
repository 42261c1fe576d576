"""What both sorts of admission policies share, and their bindings; upstream: pkg/apis/admissionregistration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.api.columns import AGE, NAME, cell_column, text_column
from minikube_lite.api.kinds.admissionregistration.rules import (
    default_match_resources,
    failure_policy_errors,
    match_conditions_errors,
    match_resources_errors,
    param_kind_errors,
    param_kind_text,
    param_ref_errors,
    param_ref_text,
)
from minikube_lite.machinery.kind import Column, RequestContext, Strategy
from minikube_lite.machinery.names import name_is_dns_subdomain
from minikube_lite.schema.field import FieldError, Path, invalid, required
from minikube_lite.store import Object

SPEC = Path("spec")

CEL_RESERVED = frozenset({
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
    "loop", "package", "namespace", "return", "var", "void", "while",
})  # fmt: skip
_match_identifier = re.compile("[_a-zA-Z][_a-zA-Z0-9]*").fullmatch


class PolicyStrategy(Strategy):
    """All writes of admission policies but those of status; the sorts add the faults of their own parts."""

    allow_unconditional_update = False

    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        if spec.get("failurePolicy") is None:
            spec["failurePolicy"] = "Fail"
        if spec.get("matchConstraints") is not None:
            default_match_resources(spec["matchConstraints"])

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        spec = obj["spec"]
        yield from failure_policy_errors(spec["failurePolicy"], SPEC.child("failurePolicy"))
        if spec.get("paramKind") is not None:
            yield from param_kind_errors(spec["paramKind"], SPEC.child("paramKind"))
        match, path = spec.get("matchConstraints"), SPEC.child("matchConstraints")
        if match is None:
            yield required(path)
        else:
            yield from match_resources_errors(match, path)
            if not match.get("resourceRules"):
                yield required(path.child("resourceRules"))
        yield from match_conditions_errors(spec.get("matchConditions") or (), SPEC.child("matchConditions"))
        yield from _variables_errors(spec.get("variables") or (), SPEC.child("variables"))
        yield from self.own_errors(obj)

    def own_errors(self, obj: Object) -> Iterator[FieldError]:
        """The faults of what only this sort of policy has."""
        yield from ()

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)


def _variables_errors(variables: Sequence[Mapping[str, Any]], path: Path) -> Iterator[FieldError]:
    for position, variable in enumerate(variables):
        place, name = path.index(position), variable.get("name", "")
        if not name.strip():
            yield required(place.child("name"), "name is not specified")
        elif not _match_identifier(name) or name in CEL_RESERVED:
            yield invalid(place.child("name"), name, "must be a valid CEL identifier")
        if not variable.get("expression", "").strip():
            yield required(place.child("expression"), "expression is not specified")


class BindingStrategy(Strategy):
    """All writes of bindings of admission policies."""

    has_status = False
    allow_unconditional_update = False
    reset_fields = ()

    def default(self, obj: Object) -> None:
        match = obj.setdefault("spec", {}).get("matchResources")
        if match is not None:
            default_match_resources(match)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        spec = obj["spec"]
        name = spec.get("policyName", "")
        if not name:
            yield required(SPEC.child("policyName"))
        else:
            yield from (invalid(SPEC.child("policyName"), name, message) for message in name_is_dns_subdomain(name))
        if spec.get("paramRef") is not None:
            yield from param_ref_errors(spec["paramRef"], SPEC.child("paramRef"))
        if spec.get("matchResources") is not None:
            yield from match_resources_errors(spec["matchResources"], SPEC.child("matchResources"))
        yield from self.own_errors(spec)

    def own_errors(self, spec: Mapping[str, Any]) -> Iterator[FieldError]:
        """The faults of what only this sort of binding has."""
        yield from ()

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)


def policy_columns(title: str, part: str, description: str) -> tuple[Column, ...]:
    """The columns of a sort of policies, with the count of its rules."""
    count = Column(title, lambda obj, _now: len(obj["spec"].get(part) or ()), "integer", description=description)
    return (
        NAME,
        count,
        cell_column(
            "ParamKind",
            param_kind_text,
            description="ParamKind specifies the kind of resources used to parameterize this policy",
        ),
        AGE,
    )


def binding_columns() -> tuple[Column, ...]:
    """The columns of bindings."""
    policy = text_column(
        "PolicyName",
        "spec",
        "policyName",
        description="PolicyName indicates the policy definition which the policy binding binded to",
    )
    return (
        NAME,
        policy,
        cell_column(
            "ParamRef",
            param_ref_text,
            description="ParamRef indicates the param resource which sets the configuration param",
        ),
        AGE,
    )
