"""ValidatingAdmissionPolicy: rules in CEL that refuse writes; upstream: apiserver/pkg/admission/plugin/policy/validating."""

from __future__ import annotations

from minikube_lite.api.admission.policies.plugin import ValidatingAdmissionPolicy

__all__ = ["ValidatingAdmissionPolicy"]
