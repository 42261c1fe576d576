"""Rules compiled and asked one by one; upstream: apiserver/schema/cel/compilation.go. Imported with the first rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from minikube_lite.schema.cel.errors import CELError, CompileError
from minikube_lite.schema.cel.evaluate import COST_MAX
from minikube_lite.schema.cel.program import Program
from minikube_lite.schema.cel.types import BOOL, DYN, STRING, CELType, declared_type, optional_of
from minikube_lite.schema.cel.values import NONE, Optional, to_cel
from minikube_lite.schema.custom.field_path import FieldPathError, find_field
from minikube_lite.schema.custom.structural import VALIDATIONS, JSONSchema
from minikube_lite.schema.field import Path

MESSAGE_LENGTH_MAX = 5 << 10
"""How long the text of a messageExpression may be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule says: whether it holds, the text where it does not, or what kept it from being asked."""

    holds: bool = True
    detail: str = ""
    trouble: str = ""
    cost: int = 0


class RuleProgram:
    """One rule. `fault` is set where its expressions do not compile: which of them, and why."""

    def __init__(self, rule: Mapping[str, Any], schema: JSONSchema, own: CELType) -> None:
        self._rule = rule
        self.reason = rule.get("reason") or ""
        self.optional_old = bool(rule.get("optionalOldSelf"))
        self.uses_old = False
        self.fault: tuple[str, str] | None = None
        self.field_path = _normalised(rule.get("fieldPath") or "", schema)
        variables = {"self": own, "oldSelf": optional_of(own) if self.optional_old else own}
        self._program = self._compile("rule", rule["rule"], variables, "compilation failed: ")
        self._message: Program | None = None
        if self._program is not None:
            self.uses_old = "oldSelf" in self._program.compiled.uses
            if self._program.compiled.type != BOOL:
                self.fault = ("rule", "cel expression must evaluate to a bool")
            elif rule.get("messageExpression"):
                text = rule["messageExpression"]
                self._message = self._compile(
                    "messageExpression", text, variables, "messageExpression compilation failed: "
                )
                if self._message is not None and self._message.compiled.type != STRING:
                    self.fault = ("messageExpression", "messageExpression must evaluate to a string")

    def _compile(self, name: str, text: str, variables: Mapping[str, CELType], prefix: str) -> Program | None:
        try:
            return Program(text, variables)
        except CompileError as error:
            self.fault = (name, prefix + str(error))
            return None

    def ask(self, schema: JSONSchema, value: Any, old: Any, budget: int, *, root: bool) -> Answer:
        """Ask the rule about a value and what it was before, None where it is new."""
        if self.fault is not None and self.fault[0] == "rule" or self._program is None:
            return Answer(trouble=f"rule compile error: {self.fault[1] if self.fault else ''}")
        if self.uses_old and old is None and not self.optional_old:
            return Answer()
        seen = _with_metadata(schema) if root else schema
        before = to_cel(old, seen)
        if self.optional_old:
            before = NONE if old is None else Optional(True, before)
        variables = {"self": to_cel(value, seen), "oldSelf": before}
        shown = (self._rule.get("message") or self._rule["rule"]).strip()
        try:
            holds, cost = self._program.ask(variables, min(budget, COST_MAX))
        except CELError as error:
            return Answer(trouble=_trouble(str(error), shown))
        return Answer(True, cost=cost) if holds is True else Answer(False, self._detail(variables), cost=cost)

    def _detail(self, variables: Mapping[str, Any]) -> str:
        if self._message is not None:
            try:
                text = str(self._message.ask(variables)[0]).strip()
            except CELError:
                text = ""
            if text and "\n" not in text and len(text) <= MESSAGE_LENGTH_MAX:
                return text
        message = (self._rule.get("message") or "").strip()
        return message or f"failed rule: {self._rule['rule'].strip()}"


def _trouble(text: str, rule: str) -> str:
    if text.startswith("no such overload"):
        return (
            f"'{text}': call arguments did not match a supported operator, function or macro signature for rule: {rule}"
        )
    if text.startswith("operation cancelled: actual cost limit exceeded"):
        return f"'{text}': no further validation rules will be run due to call cost exceeds limit for rule: {rule}"
    return f"{text} evaluating rule: {rule}"


def rule_programs(schema: JSONSchema, *, root: bool) -> list[RuleProgram]:
    """The rules of one level of a schema."""
    own = declared_type(schema, root=root, name="self") or DYN
    return [RuleProgram(rule, schema, own) for rule in schema.get(VALIDATIONS) or () if rule.get("rule", "").strip()]


def compile_faults(schema: JSONSchema, *, root: bool) -> Iterator[tuple[int, str, str, bool]]:
    """For each rule of a level its position, the expression that does not compile ("" if all do), why, and whether it looks back."""
    own = declared_type(schema, root=root, name="self") or DYN
    for position, rule in enumerate(schema.get(VALIDATIONS) or ()):
        program = RuleProgram(rule, schema, own)
        name, text = program.fault or ("", "")
        yield position, name, text, program.uses_old


def _with_metadata(schema: JSONSchema) -> JSONSchema:
    text = {"type": "string"}
    metadata = {"type": "object", "properties": {"name": text, "generateName": text}}
    properties = {**(schema.get("properties") or {}), "apiVersion": text, "kind": text, "metadata": metadata}
    return {**schema, "properties": properties}


def _normalised(text: str, schema: JSONSchema) -> str:
    if not text:
        return ""
    try:
        steps, _ = find_field(text, schema)
    except FieldPathError:
        return ""
    path, current = Path(), schema
    for step in steps:
        path = path.child(step) if step in (current.get("properties") or {}) else path.key(step)
        current = (current.get("properties") or {}).get(step) or current.get("additionalProperties") or {}
    return str(path)
