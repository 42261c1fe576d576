"""ValidatingAdmissionPolicies; upstream: pkg/registry/admissionregistration/validatingadmissionpolicy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from minikube_lite.api.kinds.admissionregistration.expressions import expression_errors
from minikube_lite.api.kinds.admissionregistration.policies import SPEC, PolicyStrategy, policy_columns
from minikube_lite.api.kinds.admissionregistration.rules import GROUP
from minikube_lite.machinery.kind import Kind, RequestContext
from minikube_lite.machinery.names import byte_length, is_qualified_name
from minikube_lite.schema.field import FieldError, Path, duplicate, invalid, not_supported, required
from minikube_lite.store import Object

AUDIT_ANNOTATIONS_MAX = 20
AUDIT_EXPRESSION_BYTES_MAX = 5 * 1024
REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")


class ValidatingAdmissionPolicyStrategy(PolicyStrategy):
    """All writes but those of status."""

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {}

    def own_errors(self, obj: Object) -> Iterator[FieldError]:
        spec = obj["spec"]
        validations, annotations = spec.get("validations") or [], spec.get("auditAnnotations") or []
        if not validations and not annotations:
            for name in ("validations", "auditAnnotations"):
                yield required(SPEC.child(name), "validations or auditAnnotations must contain at least one item")
            return
        for position, validation in enumerate(validations):
            yield from _validation_errors(validation, SPEC.child("validations").index(position))
        yield from expression_errors(spec)
        path, keys = SPEC.child("auditAnnotations"), set[str]()
        if len(annotations) > AUDIT_ANNOTATIONS_MAX:
            yield invalid(path, annotations, f"must not have more than {AUDIT_ANNOTATIONS_MAX} auditAnnotations")
        for position, annotation in enumerate(annotations):
            place, key = path.index(position), annotation.get("key", "")
            yield from _annotation_errors(annotation, obj["metadata"].get("name", ""), place)
            if key in keys:
                yield duplicate(place.child("key"), key)
            keys.add(key)


def _validation_errors(validation: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    expression, message = validation.get("messageExpression", ""), validation.get("message", "")
    if not validation.get("expression", "").strip():
        yield required(path.child("expression"), "expression is not specified")
    if expression and not expression.strip():
        yield invalid(path.child("messageExpression"), expression, "must be non-empty if specified")
    if message and not message.strip():
        yield invalid(path.child("message"), message, "must be non-empty if specified")
    elif "\n" in message.strip():
        yield invalid(path.child("message"), message, "must not contain line breaks")
    reason = validation.get("reason")
    if reason is not None and reason not in REASONS:
        yield not_supported(path.child("reason"), reason, REASONS)


def _annotation_errors(annotation: Mapping[str, Any], policy: str, path: Path) -> Iterator[FieldError]:
    key = f"{policy}/{annotation.get('key', '')}"
    yield from (invalid(path.child("key"), key, message) for message in is_qualified_name(key))
    expression = annotation.get("valueExpression", "").strip()
    if not expression:
        yield required(path.child("valueExpression"), "valueExpression is not specified")
    elif byte_length(expression) > AUDIT_EXPRESSION_BYTES_MAX:
        yield required(path.child("valueExpression"), f"must not exceed {AUDIT_EXPRESSION_BYTES_MAX} bytes in length")


KIND = Kind(
    group=GROUP,
    plural="validatingadmissionpolicies",
    strategy=ValidatingAdmissionPolicyStrategy(),
    columns=policy_columns(
        "Validations",
        "validations",
        "Validations indicates the number of validation rules defined in this configuration",
    ),
)
