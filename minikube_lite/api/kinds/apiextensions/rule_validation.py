"""Whether the expressions of a schema's rules compile; upstream: the CEL part of ValidateCustomResourceDefinitionOpenAPISchema."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.customresources.rules import has_rules
from minikube_lite.api.kinds.apiextensions.internal import go_rule
from minikube_lite.api.kinds.apiextensions.schema_validation import Situation, items_situation, situation_below
from minikube_lite.schema.custom.structural import (
    EMBEDDED,
    VALIDATIONS,
    JSONSchema,
    additional_of,
    items_of,
    properties_of,
)
from minikube_lite.schema.field import FieldError, Path, invalid


def rule_errors(schema: JSONSchema, path: Path, situation: Situation, *, root: bool = False) -> Iterator[FieldError]:
    """The faults of all rules below a schema that has some, and is else in order."""
    if not has_rules(schema):
        return
    if (additional := additional_of(schema)) is not None:
        yield from rule_errors(additional, path.child("additionalProperties"), situation)
    for name, below in properties_of(schema).items():
        inner = situation_below(schema, situation, path, name, root=root)
        yield from rule_errors(below, path.child("properties").key(name), inner)
    if (items := items_of(schema)) is not None:
        yield from rule_errors(items, path.child("items"), items_situation(schema, situation, path))
    if schema.get(VALIDATIONS):
        yield from _own_rules(schema, path, situation, root=root or bool(schema.get(EMBEDDED)))


def _own_rules(schema: JSONSchema, path: Path, situation: Situation, *, root: bool) -> Iterator[FieldError]:
    # CEL is imported with the first rule.
    from minikube_lite.api.customresources.rule_programs import compile_faults

    for position, name, why, looks_back in compile_faults(schema, root=root):
        rule, place = schema[VALIDATIONS][position], path.child(VALIDATIONS).index(position)
        if name:
            yield invalid(place.child(name), go_rule(rule), why)
        if looks_back and situation.uncorrelatable is not None:
            text = (
                f"oldSelf cannot be used on the uncorrelatable portion of the schema within {situation.uncorrelatable}"
            )
            yield invalid(place.child("rule"), rule["rule"], text)
        elif not looks_back and rule.get("optionalOldSelf") is not None:
            text = "may not be set if oldSelf is not used in rule"
            yield invalid(place.child("optionalOldSelf"), rule["optionalOldSelf"], text)
