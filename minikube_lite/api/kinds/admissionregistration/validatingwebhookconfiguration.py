"""ValidatingWebhookConfigurations; upstream: pkg/registry/admissionregistration/validatingwebhookconfiguration."""

from __future__ import annotations

from minikube_lite.api.kinds.admissionregistration.webhooks import webhook_configuration_kind

KIND = webhook_configuration_kind("validatingwebhookconfigurations", mutating=False)
