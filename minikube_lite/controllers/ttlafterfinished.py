"""ttl-after-finished-controller: deletes Jobs some time after they are over; upstream: pkg/controller/ttlafterfinished."""

from __future__ import annotations

from minikube_lite.clock import parse_time
from minikube_lite.controllers.job.conditions import finished_condition
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.resources import JOBS
from minikube_lite.store import Object


class TTLAfterFinishedController(Controller):
    """Keys are names of Jobs that are over and have a time to live."""

    name = "ttl-after-finished-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._jobs = self.informer(JOBS, self._job_changed)

    def _job_changed(self, _old: Object | None, new: Object | None) -> None:
        if new is not None and expires_at(new) is not None:
            self.queue.add(object_key(new))

    async def sync(self, key: str) -> None:
        namespace, name = split_key(key)
        job = self._jobs.get(namespace, name)
        if job is None or not self._is_expired(job):
            return
        try:
            # What is cached may be old: the time to live can be changed.
            fresh = await self.client.get(JOBS, namespace, name)
            if self._is_expired(fresh):
                options = {"propagationPolicy": "Foreground", "preconditions": {"uid": fresh["metadata"]["uid"]}}
                await self.client.delete(JOBS, namespace, name, options)
        except ApiError as error:
            if not is_not_found(error):
                raise

    def _is_expired(self, job: Object) -> bool:
        """Whether the Job's time is over; if not yet, it is looked at again then."""
        moment, now = expires_at(job), self.clock.now()
        if moment is not None and moment > now:
            self.queue.add_after(object_key(job), moment - now)
        return moment is not None and moment <= now


def expires_at(job: Object) -> float | None:
    """When a Job that is over is to go; None for never."""
    seconds, condition = job["spec"].get("ttlSecondsAfterFinished"), finished_condition(job)
    if seconds is None or condition is None or is_deleting(job):
        return None
    return parse_time(condition["lastTransitionTime"]) + float(seconds)
