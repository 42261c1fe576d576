"""taint-eviction-controller: pods leave nodes with NoExecute taints that they do not tolerate; upstream: pkg/controller/tainteviction."""

from __future__ import annotations

from minikube_lite.controllers.tainteviction.controller import TaintEvictionController

__all__ = ["TaintEvictionController"]
