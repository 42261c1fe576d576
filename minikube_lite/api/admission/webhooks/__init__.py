"""MutatingAdmissionWebhook and ValidatingAdmissionWebhook; upstream: apiserver/pkg/admission/plugin/webhook."""

from __future__ import annotations

from minikube_lite.api.admission.webhooks.plugins import MutatingAdmissionWebhook, ValidatingAdmissionWebhook

__all__ = ["MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"]
