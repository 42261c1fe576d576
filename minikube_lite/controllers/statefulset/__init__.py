"""The StatefulSet controller: pods with an identity, made and unmade in order; upstream: pkg/controller/statefulset.

`controller` watches and syncs, `decide` says what is to be done and why, `effects` does it.
"""

from minikube_lite.controllers.statefulset.controller import StatefulSetController

__all__ = ["StatefulSetController"]
