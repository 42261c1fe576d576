"""ResourceQuotas: their status says what is used; upstream: pkg/controller/resourcequota."""

from __future__ import annotations

from minikube_lite.controllers.resourcequota.controller import ResourceQuotaController

__all__ = ["ResourceQuotaController"]
