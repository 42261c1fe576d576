"""The Deployment controller: ReplicaSets that are scaled against each other; upstream: pkg/controller/deployment.

`controller` watches and syncs, `decide` says what is to be done and why (with `limits`, `proportions`, `revision`, `progress`
and `status`), `effects` does it.
"""

from minikube_lite.controllers.deployment.controller import DeploymentController

__all__ = ["DeploymentController"]
