"""The disruption controller: how many pods of a budget may go; upstream: pkg/controller/disruption."""

from __future__ import annotations

from minikube_lite.controllers.disruption.controller import DisruptionController

__all__ = ["DisruptionController"]
