"""MutatingAdmissionPolicyBindings; upstream: pkg/registry/admissionregistration/mutatingadmissionpolicybinding."""

from __future__ import annotations

from minikube_lite.api.kinds.admissionregistration.policies import BindingStrategy, binding_columns
from minikube_lite.api.kinds.admissionregistration.rules import GROUP
from minikube_lite.machinery.kind import Kind

KIND = Kind(
    group=GROUP,
    plural="mutatingadmissionpolicybindings",
    strategy=BindingStrategy(),
    columns=binding_columns(),
    emulated=False,
)
