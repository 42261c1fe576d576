"""Watches Jobs and their pods, and syncs one Job after the other; upstream: job_controller.go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from minikube_lite.controllers.job.back_off import BackOff
from minikube_lite.controllers.job.conditions import finished_condition
from minikube_lite.controllers.job.decide import decide
from minikube_lite.controllers.job.effects import Effects
from minikube_lite.controllers.job.pods import KIND, TRACKING_FINALIZER, is_tracked
from minikube_lite.controllers.job.tracking import conclude, count
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.controllers.ownership import CONTROLLER_INDEX, Ownership, raise_faults, selector_of
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.meta import controller_of
from minikube_lite.machinery.resources import JOBS, PODS
from minikube_lite.store import Object

ORPHAN = "orphan of "
"""So begin keys of pods that no Job counts any more; no namespace is called so."""
MANAGER = "kubernetes.io/job-controller"


class JobController(Controller):
    """Runs the pods of every Job, and counts how they end.

    - A pod keeps its finalizer until the Job's status knows of it, and is counted in the write that forgets it again.
    - Before a sync the caches show everything that earlier syncs of the Job wrote.
    """

    name: ClassVar[str] = "job-controller"
    turns = 8

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._jobs = self.informer(JOBS, self._job_changed)
        self._pods = self.informer(PODS, self._pod_changed)
        self._writes = OwnWrites(self.client, self._jobs, self._pods)
        self._owned_pods = Ownership(self.client, self._jobs, KIND, self._pods, self._writes, TRACKING_FINALIZER)
        self._effects = Effects(self.client, self.events, self._writes)
        self._back_offs: dict[str, BackOff] = {}

    # What a change concerns

    def _job_changed(self, old: Object | None, new: Object | None) -> None:
        self.enqueue_changed(old, new)
        if old is not None and (new is None or finished_condition(new) is not None):
            for pod in self._pods.by_index(CONTROLLER_INDEX, old["metadata"]["uid"]):
                self._look_at_orphan(pod)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        for job in self._owned_pods.concerned(old, new):
            self.queue.add(object_key(job))
        if new is not None:
            self._look_at_orphan(new)

    def _look_at_orphan(self, pod: Object) -> None:
        if not is_tracked(pod):
            return
        job = self._owned_pods.owner_of(pod)
        if job is None or finished_condition(job) is not None:
            self.queue.add(f"{ORPHAN}{object_key(pod)}")

    # Syncing

    async def sync(self, key: str) -> None:
        if key.startswith(ORPHAN):
            await self._sync_orphan(*split_key(key.removeprefix(ORPHAN)))
            return
        namespace, name = split_key(key)
        if not await self._writes.are_shown(key, namespace):
            return
        job = self._jobs.get(namespace, name)
        if job is None or finished_condition(job) is not None:
            self._writes.forget(key)
            self._back_offs.pop(key, None)
            return
        selector = selector_of(job)
        if selector is None or _is_managed_elsewhere(job):
            return
        pods = await self._owned_pods.claim(job, selector)
        if all(controller_of(pod) is not None for pod in pods):  # else it comes again when the cache shows the adopted
            await self._sync_job(job, pods)

    async def _sync_job(self, job: Object, pods: Sequence[Object]) -> None:
        key, now = object_key(job), self.clock.now()
        plan = decide(job, pods, self._back_offs.get(key, BackOff()), now)
        for delay in plan.look_again_in:
            self.queue.add_after(key, delay)
        deleted, created, faults = await self._effects.manage(plan)
        counted = count(plan, deleted, created)
        written = job
        if counted.status != job.get("status"):
            written = await self._effects.write_status(job, counted.status)
            self._back_offs[key] = plan.back_off
        if counted.event is not None:
            self._effects.report(job, *counted.event)
        released, failed_releases = await self._effects.release(job, counted.release)
        status, is_over = conclude(counted, written.get("status") or {}, released, now)
        if status != written.get("status"):
            await self._effects.write_status(written, status)
        if is_over and counted.end is not None:
            self._effects.report_end(job, status, counted.end)
        raise_faults(f"sync of {key} failed", [*faults, *failed_releases])

    async def _sync_orphan(self, namespace: str, name: str) -> None:
        """Let a pod go whose Job is over or gone, unless another controller is responsible for it."""
        pod = self._pods.get(namespace, name)
        if pod is None or not is_tracked(pod):
            return
        reference = controller_of(pod)
        if reference is not None:
            if (reference["apiVersion"], reference["kind"]) != (JOBS.api_version, KIND):
                return
            job = await self._live_job(namespace, reference)
            if job is not None and (_is_managed_elsewhere(job) or finished_condition(job) is None):
                return
        await self._effects.release_orphan(pod)

    async def _live_job(self, namespace: str, reference: Object) -> Object | None:
        try:
            job = await self.client.get(JOBS, namespace, reference["name"])
        except ApiError as error:
            if not is_not_found(error):
                raise
            return None
        return job if job["metadata"]["uid"] == reference["uid"] else None


def _is_managed_elsewhere(job: Object) -> bool:
    return bool((job["spec"].get("managedBy") or MANAGER) != MANAGER)
