"""ValidatingAdmissionPolicyBindings; upstream: pkg/registry/admissionregistration/validatingadmissionpolicybinding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from minikube_lite.api.kinds.admissionregistration.policies import SPEC, BindingStrategy, binding_columns
from minikube_lite.api.kinds.admissionregistration.rules import GROUP
from minikube_lite.machinery.kind import Kind
from minikube_lite.schema.field import FieldError, duplicate, invalid, not_supported, required

ACTIONS = ("Audit", "Deny", "Warn")


class ValidatingAdmissionPolicyBindingStrategy(BindingStrategy):
    """All writes."""

    def own_errors(self, spec: Mapping[str, Any]) -> Iterator[FieldError]:
        actions, path = spec.get("validationActions") or [], SPEC.child("validationActions")
        for position, action in enumerate(actions):
            if action not in ACTIONS:
                yield not_supported(path.index(position), action, ACTIONS)
            if action in actions[:position]:
                yield duplicate(path.index(position), action)
        if "Deny" in actions and "Warn" in actions:
            text = (
                "must not contain both Deny and Warn (repeating the same validation failure information"
                " in the API response and headers serves no purpose)"
            )
            yield invalid(path, actions, text)
        if not actions:
            yield required(path, "at least one validation action is required")


KIND = Kind(
    group=GROUP,
    plural="validatingadmissionpolicybindings",
    strategy=ValidatingAdmissionPolicyBindingStrategy(),
    columns=binding_columns(),
)
