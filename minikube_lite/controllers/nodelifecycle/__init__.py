"""Whether nodes are alive, and what follows for their taints and pods; upstream: pkg/controller/nodelifecycle."""

from __future__ import annotations

from minikube_lite.controllers.nodelifecycle.controller import NodeLifecycleController

__all__ = ["NodeLifecycleController"]
