"""MutatingWebhookConfigurations; upstream: pkg/registry/admissionregistration/mutatingwebhookconfiguration."""

from __future__ import annotations

from minikube_lite.api.kinds.admissionregistration.webhooks import webhook_configuration_kind

KIND = webhook_configuration_kind("mutatingwebhookconfigurations", mutating=True)
