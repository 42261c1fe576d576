"""MutatingAdmissionPolicies; upstream: pkg/registry/admissionregistration/mutatingadmissionpolicy."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.kinds.admissionregistration.policies import SPEC, PolicyStrategy, policy_columns
from minikube_lite.api.kinds.admissionregistration.rules import GROUP
from minikube_lite.machinery.kind import Kind
from minikube_lite.schema.field import FieldError, not_supported, required
from minikube_lite.store import Object

PATCH_TYPES = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
REINVOCATION_POLICIES = ("IfNeeded", "Never")


class MutatingAdmissionPolicyStrategy(PolicyStrategy):
    """All writes."""

    has_status = False
    reset_fields = ()

    def own_errors(self, obj: Object) -> Iterator[FieldError]:
        spec = obj["spec"]
        mutations, path = spec.get("mutations") or (), SPEC.child("mutations")
        if not mutations:
            yield required(path, "mutations must contain at least one item")
        for position, mutation in enumerate(mutations):
            place, patch_type = path.index(position), mutation.get("patchType", "")
            if not patch_type:
                yield required(place.child("patchType"))
            elif patch_type not in PATCH_TYPES:
                yield not_supported(place.child("patchType"), patch_type, tuple(PATCH_TYPES))
            elif not (mutation.get(PATCH_TYPES[patch_type]) or {}).get("expression", "").strip():
                yield required(place.child(PATCH_TYPES[patch_type], "expression"), "expression is not specified")
        policy = spec.get("reinvocationPolicy", "")
        if not policy:
            yield required(SPEC.child("reinvocationPolicy"))
        elif policy not in REINVOCATION_POLICIES:
            yield not_supported(SPEC.child("reinvocationPolicy"), policy, REINVOCATION_POLICIES)


KIND = Kind(
    group=GROUP,
    plural="mutatingadmissionpolicies",
    strategy=MutatingAdmissionPolicyStrategy(),
    columns=policy_columns(
        "Mutations", "mutations", "Mutation indicates the number of mutations rules defined in this configuration"
    ),
    emulated=False,
)
