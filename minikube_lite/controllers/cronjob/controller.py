"""Watches CronJobs and their Jobs, and wakes when the next one is due; upstream: cronjob_controllerv2.go."""

from __future__ import annotations

from typing import ClassVar, Literal

from minikube_lite.clock import format_time
from minikube_lite.controllers.cronjob.decide import (
    KIND,
    Decision,
    decide,
    reference_to,
    schedule_of,
    set_active,
)
from minikube_lite.controllers.cronjob.times import next_time
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.controllers.ownership import Ownership
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_already_exists, is_namespace_terminating, is_not_found
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import controller_of, copy_object
from minikube_lite.machinery.resources import CRON_JOBS, JOBS
from minikube_lite.machinery.schedule import ScheduleError
from minikube_lite.store import Object


class CronJobController(Controller):
    """Makes each Job once, by a name that its time gives.

    Before a sync the caches show everything that earlier syncs of the CronJob wrote.
    """

    name: ClassVar[str] = "cronjob-controller"
    turns = 8

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._cron_jobs = self.informer(CRON_JOBS, self._cron_job_changed)
        self._jobs = self.informer(JOBS, self._job_changed)
        self._writes = OwnWrites(self.client, self._cron_jobs, self._jobs)
        self._owned = Ownership(self.client, self._cron_jobs, KIND, self._jobs, self._writes)

    # Which CronJobs a change concerns

    def _cron_job_changed(self, old: Object | None, new: Object | None) -> None:
        if old is not None and new is not None and _timing(old) != _timing(new):
            self._wait_for_new_schedule(new)
        else:
            self.enqueue_changed(old, new)

    def _wait_for_new_schedule(self, cron_job: Object) -> None:
        """Times of the new schedule that have passed do not count as missed."""
        try:
            schedule = schedule_of(cron_job)
        except ScheduleError:
            text = f"unparseable schedule for cronjob: {cron_job['spec']['schedule']}"
            self._report(cron_job, "Warning", "UnParseableCronJobSchedule", text)
            return
        now = self.clock.now()
        moment = next_time(cron_job, schedule, now)
        if moment is not None:
            self.queue.add_after(object_key(cron_job), moment - now)

    def _job_changed(self, old: Object | None, new: Object | None) -> None:
        for job in (old, new):
            cron_job = self._owned.owner_of(job) if job is not None else None
            if cron_job is not None:
                self.queue.add(object_key(cron_job))

    # Syncing

    async def sync(self, key: str) -> None:
        namespace, name = split_key(key)
        if not await self._writes.are_shown(key, namespace):
            return
        cron_job = self._cron_jobs.get(namespace, name)
        if cron_job is None:
            self._writes.forget(key)
            return
        now = self.clock.now()
        decision = decide(cron_job, self._owned.owned(cron_job), now)
        for report in decision.reports:
            self._report(cron_job, report.type, report.reason, report.message)
        for job in decision.delete:
            await self._delete(cron_job, job, decision)
        fault = await self._start(cron_job, decision)
        if decision.status != (cron_job.get("status") or {}):
            fresh: Object = copy_object(cron_job)
            fresh["status"] = decision.status
            written = await self.client.update(CRON_JOBS, namespace, fresh, subresource="status")
            self._writes.note(key, CRON_JOBS, written)
        if fault is not None:
            raise fault
        if decision.wake_at is not None:
            self.queue.add_after(key, decision.wake_at - now)

    async def _start(self, cron_job: Object, decision: Decision) -> ApiError | None:
        """Make the Job that is due; returns what failed."""
        if decision.create is None:
            return None
        for job in decision.replace:
            fault = await self._delete(cron_job, job, decision)
            if fault is not None:
                return fault
        try:
            made = await self._create(cron_job, decision.create)
        except ApiError as error:
            return error
        if made is not None:
            active = decision.status.get("active") or []
            set_active(decision.status, [*active, reference_to(made)])
            decision.status["lastScheduleTime"] = format_time(decision.scheduled)
        return None

    async def _create(self, cron_job: Object, new: Object) -> Object | None:
        """The Job as it was made now or before; None where that name is somebody else's."""
        namespace, name = cron_job["metadata"]["namespace"], new["metadata"]["name"]
        try:
            job = await self.client.create(JOBS, namespace, new)
        except ApiError as error:
            if is_already_exists(error):
                job = await self.client.get(JOBS, namespace, name)
                reference = controller_of(job)
                return job if reference is not None and reference["uid"] == cron_job["metadata"]["uid"] else None
            if not is_namespace_terminating(error):
                self._report(cron_job, "Warning", "FailedCreate", f"Error creating job: {error}")
            raise
        self._writes.note(object_key(cron_job), JOBS, job)
        self._report(cron_job, "Normal", "SuccessfulCreate", f"Created job {name}")
        return job

    async def _delete(self, cron_job: Object, job: Object, decision: Decision) -> ApiError | None:
        """Delete a Job with its pods, and forget it; returns what failed."""
        metadata = job["metadata"]
        try:
            options = {"propagationPolicy": "Background"}
            await self.client.delete(JOBS, metadata["namespace"], metadata["name"], options)
        except ApiError as error:
            if not is_not_found(error):
                self._report(cron_job, "Warning", "FailedDelete", f"Deleted job: {error}")
                return error
        self._writes.note(object_key(cron_job), JOBS, job, deleted=True)
        active = decision.status.get("active") or []
        set_active(decision.status, [reference for reference in active if reference["uid"] != metadata["uid"]])
        self._report(cron_job, "Normal", "SuccessfulDelete", f"Deleted job {metadata['name']}")
        return None

    def _report(self, cron_job: Object, event_type: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        self.events.event(ObjectReference.of(cron_job, CRON_JOBS, KIND), event_type, reason, message)


def _timing(cron_job: Object) -> tuple[object, object]:
    spec = cron_job["spec"]
    return spec.get("schedule"), spec.get("timeZone")
