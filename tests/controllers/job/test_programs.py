"""Jobs and CronJobs over real kubelets: the programs in their pods end."""

from __future__ import annotations

from typing import Any

from minikube_lite import Cluster
from minikube_lite.machinery.resources import CRON_JOBS, JOBS, PODS
from minikube_lite.programs.program import PodContext
from minikube_lite.store import Object


def job(name: str, *, policy: str = "Never", **spec: Any) -> Object:
    template = {"spec": {"restartPolicy": policy, "containers": [{"name": "c", "image": "example/work"}]}}
    return {"metadata": {"name": name}, "spec": {"template": template, **spec}}


def cluster() -> Cluster:
    return Cluster(nodes=2, clock="stepped", serve_api=False, serve_dns=False, detect_mutation=True)


async def test_a_program_knows_its_index() -> None:
    seen: list[tuple[str, str]] = []

    async def work(context: PodContext) -> int:
        seen.append((context.env["JOB_COMPLETION_INDEX"], context.hostname))
        return 0

    async with cluster() as one:
        one.programs["example/work"] = work
        await one.client.create(JOBS, "default", job("j", completions=3, parallelism=3, completionMode="Indexed"))
        await one.settle()
        status = (await one.client.get(JOBS, "default", "j"))["status"]
    assert sorted(seen) == [("0", "j-0"), ("1", "j-1"), ("2", "j-2")]
    assert status["completedIndexes"] == "0-2"


async def test_on_failure_the_container_starts_again_in_its_pod() -> None:
    runs: list[float] = []

    async def work(context: PodContext) -> int:
        runs.append(context.clock.now())
        return 0 if len(runs) == 3 else 1

    async with cluster() as one:
        one.programs["example/work"] = work
        await one.client.create(JOBS, "default", job("j", policy="OnFailure"))
        await one.advance("1m")
        (pod,) = (await one.client.list_objects(PODS)).items
        status = (await one.client.get(JOBS, "default", "j"))["status"]
    assert pod["status"]["phase"] == "Succeeded"
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 2
    assert (status["succeeded"], status.get("failed", 0)) == (1, 0)


async def test_an_hour_of_a_cron_job() -> None:
    runs: list[float] = []

    async def work(context: PodContext) -> int:
        runs.append(context.clock.now())
        return 0

    async with cluster() as one:
        one.programs["example/work"] = work
        start = one.clock.now()
        spec = {"schedule": "*/5 * * * *", "jobTemplate": {"spec": job("")["spec"]}}
        await one.client.create(CRON_JOBS, "default", {"metadata": {"name": "c"}, "spec": spec})
        await one.advance("1h")
        assert [moment - start for moment in runs] == [300.0 * number for number in range(1, 13)]
        jobs = (await one.client.list_objects(JOBS)).items
        pods = (await one.client.list_objects(PODS)).items
    assert len(jobs) == len(pods) == 3
    assert all(found["status"]["succeeded"] == 1 for found in jobs)
