"""The EndpointSlices of Services; upstream: pkg/controller/endpointslice and k8s.io/endpointslice."""

from __future__ import annotations

from minikube_lite.controllers.endpointslice.controller import EndpointSliceController

__all__ = ["EndpointSliceController"]
