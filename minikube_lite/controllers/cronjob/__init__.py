"""The CronJob controller: makes Jobs at certain times; upstream: pkg/controller/cronjob.

`controller` watches and syncs, `decide` says what is to be done, `times` when; both are pure.
"""

from minikube_lite.controllers.cronjob.controller import CronJobController

__all__ = ["CronJobController"]
