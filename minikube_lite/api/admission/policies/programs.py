"""The expressions of a policy, compiled; imported with the first one. Upstream: plugin/cel/compile.go, policy/validating/validator.go."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from minikube_lite.schema.cel.errors import CELError, CompileError
from minikube_lite.schema.cel.evaluate import Lazy
from minikube_lite.schema.cel.program import Program
from minikube_lite.schema.cel.types import BOOL, DYN, STRING, CELType, object_type
from minikube_lite.store import Object

MESSAGE_LENGTH_MAX = 5 << 10


class ExpressionError(Exception):
    """An expression does not compile, or gives a value of the wrong type; the text is upstream's."""


def compile_expression(text: str, wanted: CELType | None, variables: Mapping[str, CELType]) -> Program:
    """The program of an expression; raises ExpressionError."""
    try:
        program = Program(text, variables)
    except CompileError as error:
        raise ExpressionError(f"compilation failed: {error}") from None
    if wanted is not None and program.compiled.type != wanted:
        raise ExpressionError(f"must evaluate to {wanted} but got {program.compiled.type}")
    return program


class PolicyProgram:
    """A policy's conditions, variables and validations. Raises ExpressionError, whose text begins with the place."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        names = ("object", "oldObject", "request", "namespaceObject", *(("params",) if spec.get("paramKind") else ()))
        types: dict[str, CELType] = dict.fromkeys(names, DYN)
        fields: dict[str, CELType] = {}
        self._variables: list[tuple[str, Program]] = []
        for variable in spec.get("variables") or ():
            known = {**types, "variables": object_type(dict(fields), "object.variables")}
            program = compile_expression(variable["expression"], None, known)
            fields[variable["name"]] = program.compiled.type
            self._variables.append((variable["name"], program))
        types["variables"] = object_type(fields, "object.variables")
        self._conditions = [
            compile_expression(each["expression"], BOOL, types) for each in spec.get("matchConditions") or ()
        ]
        self._validations = [_Validation(each, types) for each in spec.get("validations") or ()]

    def ask(self, values: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
        """For each validation that does not hold: why, the reason, and whether it is an error of the expression's own."""
        known = dict(values)
        known["variables"] = _LazyFields(self._variables, known)
        try:
            if not self._matches(known):
                return []
        except CELError as error:
            return [(str(error), "", True)]
        return [found for each in self._validations if (found := each.ask(known)) is not None]

    def _matches(self, values: Mapping[str, Any]) -> bool:
        trouble: CELError | None = None
        for condition in self._conditions:
            try:
                if condition.ask(values)[0] is not True:
                    return False
            except CELError as error:
                trouble = trouble or error
        if trouble is not None:
            raise trouble
        return True


class _Validation:
    def __init__(self, validation: Mapping[str, Any], types: Mapping[str, CELType]) -> None:
        self._validation = validation
        self._program = compile_expression(validation["expression"], BOOL, types)
        text = validation.get("messageExpression")
        self._message = compile_expression(text, STRING, types) if text else None

    def ask(self, values: Mapping[str, Any]) -> tuple[str, str, bool] | None:
        """As of PolicyProgram, of one validation; None where it holds."""
        expression = self._validation["expression"].strip()
        try:
            if self._program.ask(values)[0] is True:
                return None
        except CELError as error:
            return f"expression '{expression}' resulted in error: {error}", "", True
        return (
            self._text(values) or f"failed expression: {expression}",
            self._validation.get("reason") or "Invalid",
            False,
        )

    def _text(self, values: Mapping[str, Any]) -> str:
        if self._message is not None:
            try:
                text = str(self._message.ask(values)[0]).strip()
            except CELError:
                text = ""
            if text and "\n" not in text and len(text) <= MESSAGE_LENGTH_MAX:
                return text
        return (self._validation.get("message") or "").strip()


class _LazyFields(dict[str, Any]):
    """Variables, each worked out when it is first asked for."""

    def __init__(self, variables: list[tuple[str, Program]], known: Object) -> None:
        super().__init__()
        for name, program in variables:
            self[name] = Lazy(partial(_value, program, known))

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(name)()


def _value(program: Program, known: Object) -> Any:
    return program.ask(known)[0]
