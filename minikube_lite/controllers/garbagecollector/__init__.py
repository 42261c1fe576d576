"""The garbage collector: objects go with their owners; upstream: pkg/controller/garbagecollector."""

from __future__ import annotations

from minikube_lite.controllers.garbagecollector.controller import GarbageCollector

__all__ = ["GarbageCollector"]
