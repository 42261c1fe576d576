"""Jobs in a control plane whose kubelets are the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.controllers.job import JobController
from minikube_lite.controllers.job.pods import INDEX_ANNOTATION, TRACKING_FINALIZER
from minikube_lite.machinery.meta import find_condition, is_deleting
from minikube_lite.machinery.resources import JOBS, PODS
from minikube_lite.store import Object

if TYPE_CHECKING:
    from tests.controllers.conftest import World


def manifest(name: str = "j", *, policy: str = "Never", **spec: Any) -> Object:
    template = {"spec": {"restartPolicy": policy, "containers": [{"name": "c", "image": "v1"}]}}
    return {"metadata": {"name": name}, "spec": {"template": template, **spec}}


class JobWorld:
    """A Job, and what becomes of its pods."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def start(self, **spec: Any) -> None:
        await self.world.start(JobController)
        await self.world.create(JOBS, manifest(**spec))
        await self.world.settle()

    async def job(self) -> Object:
        found = await self.world.get(JOBS, "j")
        assert found is not None
        return found

    async def status(self) -> Object:
        status: Object = (await self.job())["status"]
        return status

    async def counts(self) -> tuple[int, int, int]:
        """Active, succeeded, failed."""
        status = await self.status()
        return tuple(status.get(part, 0) for part in ("active", "succeeded", "failed"))

    async def end(self) -> tuple[str, str, str] | None:
        """How the Job ended: type, reason and message of the condition."""
        job = await self.job()
        for name in ("Complete", "Failed"):
            condition = find_condition(job, name)
            if condition is not None and condition["status"] == "True":
                return name, condition["reason"], condition["message"]
        return None

    async def pods(self, *, active: bool = True) -> list[Object]:
        pods = await self.world.items(PODS)
        return [
            pod
            for pod in pods
            if not active or not (is_deleting(pod) or pod["status"]["phase"] in ("Failed", "Succeeded"))
        ]

    async def of_index(self, index: int) -> Object:
        (pod,) = [one for one in await self.pods() if one["metadata"]["annotations"][INDEX_ANNOTATION] == str(index)]
        return pod

    async def run(self) -> None:
        """All pods that wait begin to run."""
        for pod in await self.pods():
            if pod["status"]["phase"] == "Pending":
                await self.world.report_pod(pod["metadata"]["name"], "10.0.0.1")
        await self.world.settle()

    async def finish(self, pod: Object, code: int = 0, **status: Any) -> None:
        """The pod's container ends."""
        now = self.world.clock.timestamp()
        state = {"terminated": {"exitCode": code, "startedAt": now, "finishedAt": now}}
        container = {"name": "c", "image": "v1", "imageID": "", "ready": False, "restartCount": 0, "state": state}
        new = {"phase": "Failed" if code else "Succeeded", "containerStatuses": [container], **status}
        name = pod["metadata"]["name"]
        await self.world.change(PODS, name, lambda obj: obj["status"].update(new), subresource="status")
        await self.world.settle()

    async def finish_all(self, code: int = 0) -> None:
        for pod in await self.pods():
            await self.finish(pod, code)

    async def confirm_deletions(self) -> None:
        """The kubelets say that deleted pods are gone."""
        for pod in await self.world.items(PODS):
            if is_deleting(pod):
                await self.world.client.delete(PODS, "default", pod["metadata"]["name"], {"gracePeriodSeconds": 0})
        await self.world.settle()

    async def tracked(self) -> int:
        pods = await self.world.items(PODS)
        return sum(TRACKING_FINALIZER in (pod["metadata"].get("finalizers") or ()) for pod in pods)

    async def change(self, **spec: Any) -> None:
        await self.world.client.patch(JOBS, "default", "j", {"spec": spec})
        await self.world.settle()

    async def reasons(self) -> list[str]:
        """The reasons of events, without those of single pods."""
        reported = await self.world.reported()
        return [reason for _, reason, _ in reported if reason not in ("SuccessfulCreate", "SuccessfulDelete")]


@pytest.fixture
def jobs(world: World) -> JobWorld:
    return JobWorld(world)


@pytest.fixture(scope="session")
def job_world() -> Callable[[World], JobWorld]:
    return JobWorld
