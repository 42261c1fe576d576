"""The Job controller: pods that run to an end, counted once each; upstream: pkg/controller/job.

`controller` watches and syncs; `decide` says which pods are made and deleted, and whether the Job ends; `tracking` how
pods that ended are counted; `effects` does it.
"""

from minikube_lite.controllers.job.controller import JobController

__all__ = ["JobController"]
