"""Whether the expressions of policies compile, and give what they should; upstream: apis/admissionregistration/validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.schema.field import FieldError, Path, invalid

SPEC = Path("spec")


def expression_errors(spec: Mapping[str, Any]) -> Iterator[FieldError]:
    """The faults of a policy's variables, validations and conditions; what is empty is told elsewhere."""
    # CEL is imported with the first policy.
    from minikube_lite.schema.cel.types import BOOL, DYN, STRING, CELType, object_type

    names = ("object", "oldObject", "request", "namespaceObject", *(("params",) if spec.get("paramKind") else ()))
    types: dict[str, CELType] = dict.fromkeys(names, DYN)
    fields: dict[str, CELType] = {}
    for position, variable in enumerate(spec.get("variables") or ()):
        known = {**types, "variables": object_type(dict(fields), "object.variables")}
        path = SPEC.child("variables").index(position).child("expression")
        fault, found = _compiled(variable.get("expression") or "", None, known, path)
        yield from fault
        fields[variable.get("name") or ""] = found or DYN
    types["variables"] = object_type(fields, "object.variables")
    for part, wanted in (("validations", BOOL), ("matchConditions", BOOL)):
        for position, each in enumerate(spec.get(part) or ()):
            place = SPEC.child(part).index(position)
            yield from _compiled(each.get("expression") or "", wanted, types, place.child("expression"))[0]
            if each.get("messageExpression"):
                yield from _compiled(each["messageExpression"], STRING, types, place.child("messageExpression"))[0]


def _compiled(text: str, wanted: Any, types: Mapping[str, Any], path: Path) -> tuple[Sequence[FieldError], Any]:
    from minikube_lite.api.admission.policies.programs import ExpressionError, compile_expression

    if not text.strip():
        return (), None
    try:
        return (), compile_expression(text, wanted, types).compiled.type
    except ExpressionError as error:
        return [invalid(path, text, str(error))], None
