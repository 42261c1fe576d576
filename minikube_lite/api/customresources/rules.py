"""The rules of a schema (x-kubernetes-validations), which are asked about every object; upstream: apiserver/schema/cel/validation.go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minikube_lite.schema.custom.correlation import Correlated
from minikube_lite.schema.custom.structural import (
    EMBEDDED,
    VALIDATIONS,
    JSONSchema,
    additional_of,
    items_of,
    properties_of,
)
from minikube_lite.schema.field import OMITTED, FieldError, Path, duplicate, forbidden, invalid, required
from minikube_lite.store import Object

if TYPE_CHECKING:
    from minikube_lite.api.customresources.rule_programs import RuleProgram

COST_BUDGET = 10_000_000
"""What all rules of one object may cost (upstream's RuntimeCELCostBudget)."""
OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"


def has_rules(schema: JSONSchema | None) -> bool:
    """Whether there is a rule anywhere in a schema."""
    if schema is None:
        return False
    below = [items_of(schema), additional_of(schema), *properties_of(schema).values(), *(schema.get("allOf") or ())]
    return bool(schema.get(VALIDATIONS)) or any(has_rules(each) for each in below)


class Rules:
    """The rules of one version, compiled when the first object is checked."""

    def __init__(self, schema: JSONSchema) -> None:
        self.any = has_rules(schema)
        self._schema = schema
        self._programs: dict[int, list[RuleProgram]] = {}

    def faults(self, new: Object, old: Object | None) -> list[FieldError]:
        """What the rules say of an object, and of its change."""
        correlated = Correlated(new, old, self._schema) if old is not None else None
        return _Check(self, correlated is not None).object(self._schema, new, correlated)

    def programs(self, schema: JSONSchema, *, root: bool) -> list[RuleProgram]:
        """The compiled rules of one level."""
        found = self._programs.get(id(schema))
        if found is None:
            from minikube_lite.api.customresources.rule_programs import rule_programs

            found = self._programs[id(schema)] = rule_programs(schema, root=root)
        return found


class _Check:
    """One object, checked."""

    def __init__(self, rules: Rules, update: bool) -> None:
        self._rules = rules
        self._update = update
        self._budget = COST_BUDGET
        self._faults: list[FieldError] = []

    def object(self, schema: JSONSchema, new: Any, correlated: Correlated | None) -> list[FieldError]:
        """The faults of the whole object."""
        self._level(schema, new, correlated, None, Path(), root=True)
        return self._faults

    def _level(
        self,
        schema: JSONSchema,
        value: Any,
        correlated: Correlated | None,
        parent: Correlated | None,
        path: Path,
        *,
        root: bool = False,
    ) -> None:
        if value is None or self._budget < 0 or not has_rules(schema):
            return
        nearest = correlated if correlated is not None else parent
        if schema.get(VALIDATIONS):
            same = nearest is not None and nearest.same
            whole = root or bool(schema.get(EMBEDDED))
            self._ask(schema, value, correlated.old if correlated is not None else None, same, path, root=whole)
        if isinstance(value, dict):
            known, additional = properties_of(schema), additional_of(schema)
            for name, item in value.items():
                child = correlated.key(name) if correlated is not None else None
                if name in known:
                    self._level(known[name], item, child, correlated or parent, path.child(name))
                elif additional is not None:
                    self._level(additional, item, child, correlated or parent, path.key(name))
        elif isinstance(value, list) and (items := items_of(schema)) is not None:
            for position, item in enumerate(value):
                child = correlated.index(position) if correlated is not None else None
                self._level(items, item, child, correlated or parent, path.index(position))

    def _ask(self, schema: JSONSchema, value: Any, old: Any, same: bool, path: Path, *, root: bool) -> None:
        kind = schema.get("type") or ""
        for program in self._rules.programs(schema, root=root):
            if self._budget <= 0:
                self._faults.append(invalid(path, kind, OUT_OF_BUDGET))
                self._budget = -1
                return
            answer = program.ask(schema, value, old, self._budget, root=root)
            self._budget -= answer.cost
            if answer.trouble:
                self._faults.append(invalid(path, kind, answer.trouble))
            elif not answer.holds and not (same and not program.uses_old):
                shown = OMITTED if kind in ("object", "array") else value
                place = path.child(program.field_path) if program.field_path else path
                self._faults.append(_fault(program.reason, place, shown, answer.detail))


def _fault(reason: str, path: Path, value: Any, detail: str) -> FieldError:
    if reason == "FieldValueForbidden":
        return forbidden(path, detail)
    if reason == "FieldValueRequired":
        return required(path, detail)
    return duplicate(path, value) if reason == "FieldValueDuplicate" else invalid(path, value, detail)
