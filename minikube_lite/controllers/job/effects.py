"""Carries out what was decided for a Job: pods, finalizers, status, events; upstream: job_controller.go."""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.controllers.job.conditions import End
from minikube_lite.controllers.job.decide import Plan
from minikube_lite.controllers.job.pods import KIND, TRACKING_FINALIZER, is_tracked
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.controllers.pod_control import PodControl, in_doubling_batches
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import object_key
from minikube_lite.machinery.errors import ApiError, is_namespace_terminating, is_not_found
from minikube_lite.machinery.events import EventRecorder, ObjectReference
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import JOBS, PODS
from minikube_lite.store import Object


class Effects:
    """Does for Jobs what was decided. Writes are noted by the Job's key."""

    def __init__(self, client: Client, events: EventRecorder, writes: OwnWrites) -> None:
        self._client = client
        self._events = events
        self._writes = writes
        self._pods = PodControl(client, events, writes, JOBS, KIND)

    async def manage(self, plan: Plan) -> tuple[list[Object], int, list[Exception]]:
        """Delete and create pods; returns those that were deleted, how many were made, and what failed."""
        deleted: list[Object] = []
        faults: list[Exception] = []
        for pod in plan.delete:
            try:
                if plan.release_deleted:
                    await self._release(object_key(plan.job), pod)
                await self._pods.delete(plan.job, pod)
                deleted.append(pod)
            except ApiError as error:
                faults.append(error)

        async def create(pod: Object) -> None:
            await self._pods.create(plan.job, pod)

        created, errors = await in_doubling_batches(plan.create, create)
        return deleted, created, [*faults, *(error for error in errors if not is_namespace_terminating(error))]

    async def release(self, job: Object, pods: Sequence[Object]) -> tuple[list[Object], list[Exception]]:
        """Remove the finalizers; returns the pods that have none now, and what failed."""
        released: list[Object] = []
        faults: list[Exception] = []
        for pod in pods:
            try:
                await self._release(object_key(job), pod)
                released.append(pod)
            except ApiError as error:
                faults.append(error)
        return released, faults

    async def release_orphan(self, pod: Object) -> None:
        """Remove the finalizer from a pod that no Job counts any more."""
        await self._release("", pod)

    async def _release(self, key: str, pod: Object) -> None:
        if not is_tracked(pod):
            return
        metadata = pod["metadata"]
        patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": [TRACKING_FINALIZER]}}
        try:
            patched = await self._client.patch(
                PODS,
                metadata["namespace"],
                metadata["name"],
                patch,
                patch_type="application/strategic-merge-patch+json",
            )
        except ApiError as error:
            if not is_not_found(error):
                raise
        else:
            if key:
                self._writes.note(key, PODS, patched)

    async def write_status(self, job: Object, status: Object) -> Object:
        """Write a status; returns the Job as it is then."""
        fresh: Object = copy_object(job)
        fresh["status"] = status
        written = await self._client.update(JOBS, job["metadata"]["namespace"], fresh, subresource="status")
        self._writes.note(object_key(job), JOBS, written)
        return written

    def report(self, job: Object, reason: str, message: str) -> None:
        """Tell of suspension."""
        self._events.event(ObjectReference.of(job, JOBS, KIND), "Normal", reason, message)

    def report_end(self, job: Object, status: Object, end: End) -> None:
        """Tell how the Job ended."""
        reference, completions = ObjectReference.of(job, JOBS, KIND), job["spec"].get("completions")
        if end.failed:
            self._events.event(reference, "Warning", end.reason, end.message)
            return
        if completions is not None and status.get("succeeded", 0) > completions:
            text = "Too many succeeded pods running after completion count reached"
            self._events.event(reference, "Warning", "TooManySucceededPods", text)
        self._events.event(reference, "Normal", "Completed", "Job completed")
