"""PodSecurity: the pod security standards that a namespace's labels ask for; upstream: k8s.io/pod-security-admission."""

from __future__ import annotations

from minikube_lite.api.admission.pod_security.plugin import PodSecurity

__all__ = ["PodSecurity"]
