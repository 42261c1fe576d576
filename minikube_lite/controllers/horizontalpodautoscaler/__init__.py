"""horizontal-pod-autoscaler: changes how many replicas there are by what they use; upstream: pkg/controller/podautoscaler."""

from minikube_lite.controllers.horizontalpodautoscaler.controller import HorizontalPodAutoscalerController

__all__ = ["HorizontalPodAutoscalerController"]
