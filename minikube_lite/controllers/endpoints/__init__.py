"""The Endpoints of Services, the older form of EndpointSlices; upstream: pkg/controller/endpoint."""

from __future__ import annotations

from minikube_lite.controllers.endpoints.controller import EndpointsController

__all__ = ["EndpointsController"]
