"""The life of Jobs: completions, failures, deadlines, suspension, and who else has a hand in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.meta import controller_of, find_condition, is_deleting
from minikube_lite.machinery.resources import JOBS, PODS
from minikube_lite.store import Object

if TYPE_CHECKING:
    from tests.controllers.job.conftest import JobWorld

REACHED = ("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
LIMIT = ("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
DEADLINE = ("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")


async def test_so_many_completions_so_many_at_a_time(jobs: JobWorld):
    await jobs.start(completions=5, parallelism=2)
    for done in (0, 2, 4):
        assert await jobs.counts() == (min(2, 5 - done), done, 0)
        await jobs.run()
        assert (await jobs.status())["ready"] == min(2, 5 - done)
        await jobs.finish_all()
    assert await jobs.end() == REACHED
    status = await jobs.status()
    assert status["succeeded"] == 5
    assert status["uncountedTerminatedPods"] == {}
    assert status["startTime"] <= status["completionTime"]
    assert [condition["type"] for condition in status["conditions"]] == ["SuccessCriteriaMet", "Complete"]
    assert await jobs.tracked() == 0
    assert await jobs.reasons() == ["Completed"]


async def test_without_completions_one_success_is_enough(jobs: JobWorld):
    await jobs.start(parallelism=3, completions=None)
    first, second, third = await jobs.pods()
    await jobs.finish(first)
    assert await jobs.counts() == (2, 1, 0)
    await jobs.finish(second, 1)
    assert await jobs.end() is None
    await jobs.finish(third)
    assert await jobs.end() == REACHED
    assert await jobs.counts() == (0, 2, 1)


async def test_failed_pods_are_replaced_later_each_time_until_the_limit(jobs: JobWorld):
    await jobs.start(backoffLimit=3)
    waits = []
    while await jobs.end() is None:
        await jobs.finish_all(1)
        before = jobs.world.clock.now()
        while not await jobs.pods() and await jobs.end() is None:
            await jobs.world.advance(5)
        waits.append(jobs.world.clock.now() - before)
    assert waits == [10, 20, 40, 0]
    assert await jobs.end() == LIMIT
    assert await jobs.counts() == (0, 0, 4)
    assert await jobs.reasons() == ["BackoffLimitExceeded"]
    assert "completionTime" not in await jobs.status()


async def test_a_success_ends_the_back_off(jobs: JobWorld):
    await jobs.start(completions=3, parallelism=1)
    await jobs.finish_all(1)
    await jobs.world.advance(10)
    await jobs.finish_all(0)
    assert len(await jobs.pods()) == 1


async def test_the_limit_stops_pods_that_still_run(jobs: JobWorld):
    await jobs.start(completions=3, parallelism=3, backoffLimit=0)
    first, *others = await jobs.pods()
    await jobs.run()
    await jobs.world.client.create(
        PODS,
        "default",
        {"metadata": {"name": others[0]["metadata"]["name"]}, "target": {"kind": "Node", "name": "node-1"}},
        name=others[0]["metadata"]["name"],
        subresource="binding",
    )
    await jobs.finish(first, 1)
    assert await jobs.pods() == []
    assert await jobs.end() is None  # one of them has to be stopped by its kubelet
    assert (await jobs.status())["terminating"] == 1
    condition = find_condition(await jobs.job(), "FailureTarget")
    assert condition is not None
    assert condition["reason"] == "BackoffLimitExceeded"
    await jobs.confirm_deletions()
    assert await jobs.end() == LIMIT
    assert await jobs.counts() == (0, 0, 3)


async def test_restarts_of_containers_count_too(jobs: JobWorld):
    await jobs.start(policy="OnFailure", backoffLimit=2)
    await jobs.run()
    (pod,) = await jobs.pods()
    for restarts in (1, 2):
        assert await jobs.end() is None
        container = {"name": "c", "image": "v1", "imageID": "", "ready": False, "restartCount": restarts}

        def report(obj: Object, container: Object = container) -> None:
            obj["status"]["containerStatuses"] = [container]

        await jobs.world.change(PODS, pod["metadata"]["name"], report, subresource="status")
        await jobs.world.settle()
    assert await jobs.end() == LIMIT


async def test_the_deadline(jobs: JobWorld):
    await jobs.start(activeDeadlineSeconds=60, parallelism=2, completions=2)
    await jobs.run()
    await jobs.world.advance(59)
    assert len(await jobs.pods()) == 2
    await jobs.world.advance(1)
    await jobs.confirm_deletions()
    assert await jobs.end() == DEADLINE
    assert await jobs.reasons() == ["DeadlineExceeded"]


async def test_suspended_and_resumed(jobs: JobWorld):
    await jobs.start(suspend=True, activeDeadlineSeconds=60)
    assert await jobs.pods() == []
    assert "startTime" not in await jobs.status()
    await jobs.world.advance(100)
    await jobs.change(suspend=False)
    started = (await jobs.status())["startTime"]
    assert started == jobs.world.clock.timestamp()
    await jobs.run()
    await jobs.world.advance(30)
    await jobs.change(suspend=True)
    await jobs.confirm_deletions()
    assert await jobs.counts() == (0, 0, 0)  # what was stopped did not fail
    await jobs.world.advance(100)
    await jobs.change(suspend=False)
    await jobs.world.advance(59)
    assert await jobs.end() is None
    await jobs.finish_all()
    assert await jobs.end() == REACHED
    assert await jobs.reasons() == ["Suspended", "Resumed", "Completed"]  # what is told again is counted
    condition = find_condition(await jobs.job(), "Suspended")
    assert condition is not None
    assert (condition["status"], condition["reason"], condition["message"]) == ("False", "JobResumed", "Job resumed")


async def test_parallelism_can_change(jobs: JobWorld):
    await jobs.start(completions=9, parallelism=2)
    await jobs.run()
    await jobs.change(parallelism=4)
    assert await jobs.counts() == (4, 0, 0)
    await jobs.change(parallelism=1)
    await jobs.confirm_deletions()
    (left,) = await jobs.pods()
    assert left["status"]["phase"] == "Running"  # those that only waited went first
    assert await jobs.counts() == (1, 0, 0)


async def test_a_pod_that_somebody_deletes_has_failed(jobs: JobWorld):
    await jobs.start()
    (pod,) = await jobs.pods()
    await jobs.world.client.delete(PODS, "default", pod["metadata"]["name"])
    await jobs.world.settle()
    assert (await jobs.counts())[2] == 1
    await jobs.world.advance(10)
    assert len(await jobs.pods()) == 1


@pytest.mark.parametrize("policy", ["TerminatingOrFailed", "Failed"])
async def test_when_a_deleted_pod_is_replaced(jobs: JobWorld, policy: str):
    await jobs.start(podReplacementPolicy=policy)
    (pod,) = await jobs.pods()
    name = pod["metadata"]["name"]
    binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": "node-1"}}
    await jobs.world.client.create(PODS, "default", binding, name=name, subresource="binding")
    await jobs.run()
    await jobs.world.client.delete(PODS, "default", name)
    await jobs.world.advance(20)
    assert len(await jobs.pods()) == (0 if policy == "Failed" else 1)
    assert (await jobs.counts())[2] == (0 if policy == "Failed" else 1)
    await jobs.finish(pod, 1)
    await jobs.confirm_deletions()
    await jobs.world.advance(20)
    assert len(await jobs.pods()) == 1
    assert (await jobs.counts())[2] == 1


async def test_a_failure_policy_ends_the_job_at_once(jobs: JobWorld):
    rule = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}
    await jobs.start(completions=2, parallelism=2, podFailurePolicy={"rules": [rule]})
    first, _ = await jobs.pods()
    await jobs.finish(first, 42)
    await jobs.confirm_deletions()
    end = await jobs.end()
    assert end is not None
    name = first["metadata"]["name"]
    assert end[:2] == ("Failed", "PodFailurePolicy")
    assert end[2] == f"Container c for pod default/{name} failed with exit code 42 matching FailJob rule at index 0"


async def test_ignored_failures_do_not_count(jobs: JobWorld):
    rule = {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [7]}}
    await jobs.start(backoffLimit=0, podFailurePolicy={"rules": [rule]})
    for _ in range(3):
        await jobs.finish_all(7)
        await jobs.world.advance(60)
    assert await jobs.counts() == (1, 0, 0)
    await jobs.finish_all(1)
    assert await jobs.end() == LIMIT


async def test_what_another_controller_manages_is_left_alone(jobs: JobWorld):
    await jobs.start(managedBy="example.com/other")
    assert await jobs.pods() == []
    assert (await jobs.job()).get("status", {}) == {}


async def test_an_orphan_is_adopted_with_the_finalizer(jobs: JobWorld, new_pod: Any):
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "v1"}]},
    }
    await jobs.start(manualSelector=True, selector={"matchLabels": {"app": "x"}}, template=template)
    await jobs.finish_all(1)
    await jobs.world.create(PODS, new_pod("orphan", labels={"app": "x"}))
    await jobs.world.settle()
    orphan = await jobs.world.get(PODS, "orphan")
    assert orphan is not None
    assert controller_of(orphan) is not None
    await jobs.finish(orphan)
    assert await jobs.end() == REACHED
    assert await jobs.counts() == (0, 1, 1)


async def test_a_pod_that_matches_no_more_is_let_go_without_the_finalizer(jobs: JobWorld):
    await jobs.start()
    (pod,) = await jobs.pods()
    patch = {"metadata": {"labels": dict.fromkeys(pod["metadata"]["labels"])}}
    await jobs.world.client.patch(PODS, "default", pod["metadata"]["name"], patch)
    await jobs.world.settle()
    released = await jobs.world.get(PODS, pod["metadata"]["name"])
    assert released is not None
    assert controller_of(released) is None
    assert "finalizers" not in released["metadata"]
    assert len(await jobs.pods()) == 2


async def test_pods_of_a_job_that_is_gone_are_let_go(jobs: JobWorld):
    await jobs.start(parallelism=2, completions=2)
    await jobs.world.client.delete(JOBS, "default", "j", {"propagationPolicy": "Orphan"})
    await jobs.world.client.patch(JOBS, "default", "j", {"metadata": {"finalizers": None}})
    await jobs.world.settle()
    assert len(await jobs.pods()) == 2
    assert await jobs.tracked() == 0


async def test_a_job_that_is_being_deleted_makes_no_pods_and_lets_them_go(jobs: JobWorld):
    await jobs.start(completions=4, parallelism=2)
    await jobs.world.client.delete(JOBS, "default", "j", {"propagationPolicy": "Foreground"})
    await jobs.world.settle()
    assert await jobs.tracked() == 0
    for pod in await jobs.pods():
        await jobs.world.client.delete(PODS, "default", pod["metadata"]["name"])
    await jobs.world.settle()
    assert await jobs.world.items(PODS) == []


async def test_nothing_is_written_when_nothing_changes(jobs: JobWorld):
    await jobs.start(completions=2, parallelism=2)
    await jobs.run()
    before = jobs.world.failures.count
    await jobs.world.client.patch(JOBS, "default", "j", {"metadata": {"labels": {"a": "b"}}})
    await jobs.world.settle()
    assert jobs.world.failures.count == before
    assert not any(is_deleting(pod) for pod in await jobs.world.items(PODS))
