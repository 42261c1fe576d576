"""Jobs whose pods have indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikube_lite.controllers.job.pods import (
    FAILURES_ANNOTATION,
    IGNORED_FAILURES_ANNOTATION,
    INDEX_ANNOTATION,
)
from minikube_lite.machinery.resources import PODS

if TYPE_CHECKING:
    from tests.controllers.job.conftest import JobWorld


async def test_each_index_once(jobs: JobWorld):
    await jobs.start(completions=4, parallelism=2, completionMode="Indexed")
    first = await jobs.of_index(0)
    assert first["metadata"]["generateName"] == "j-0-"
    assert first["metadata"]["labels"][INDEX_ANNOTATION] == "0"
    assert first["spec"]["hostname"] == "j-0"
    variable = first["spec"]["containers"][0]["env"][0]
    assert variable["name"] == "JOB_COMPLETION_INDEX"
    assert variable["valueFrom"]["fieldRef"]["fieldPath"] == f"metadata.labels['{INDEX_ANNOTATION}']"
    await jobs.finish(await jobs.of_index(1))
    assert (await jobs.status())["completedIndexes"] == "1"
    await jobs.finish(await jobs.of_index(0))
    assert (await jobs.status())["completedIndexes"] == "0,1"
    await jobs.finish_all()
    assert (await jobs.status())["completedIndexes"] == "0-3"
    end = await jobs.end()
    assert end is not None
    assert end[0] == "Complete"
    assert await jobs.tracked() == 0


async def test_a_failed_index_is_made_again(jobs: JobWorld):
    await jobs.start(completions=2, parallelism=2, completionMode="Indexed")
    await jobs.finish(await jobs.of_index(1), 1)
    await jobs.world.advance(10)
    assert (await jobs.of_index(1))["status"]["phase"] == "Pending"
    assert await jobs.counts() == (2, 0, 1)


async def test_two_pods_of_an_index_become_one(jobs: JobWorld):
    await jobs.start(completions=2, parallelism=2, completionMode="Indexed")
    await jobs.run()
    pod = await jobs.of_index(0)
    metadata = {part: pod["metadata"][part] for part in ("labels", "annotations", "ownerReferences", "finalizers")}
    double = {"metadata": {"name": "double", **metadata}, "spec": {"containers": [{"name": "c", "image": "v1"}]}}
    await jobs.world.create(PODS, double)
    await jobs.world.settle()
    assert (await jobs.of_index(0))["metadata"]["uid"] == pod["metadata"]["uid"]


async def test_fewer_completions_forget_the_last_indexes(jobs: JobWorld):
    await jobs.start(completions=4, parallelism=4, completionMode="Indexed")
    for index in (0, 3):
        await jobs.finish(await jobs.of_index(index))
    assert (await jobs.status())["completedIndexes"] == "0,3"
    await jobs.change(completions=2, parallelism=2)
    status = await jobs.status()
    assert (status["completedIndexes"], status["succeeded"]) == ("0", 1)
    await jobs.finish(await jobs.of_index(1))
    end = await jobs.end()
    assert end is not None
    assert end[0] == "Complete"


async def test_each_index_has_its_own_limit(jobs: JobWorld):
    await jobs.start(completions=2, parallelism=2, completionMode="Indexed", backoffLimitPerIndex=1)
    await jobs.finish(await jobs.of_index(0), 1)
    assert await jobs.tracked() == 2  # the failed pod stays until the next one counts its failure
    await jobs.world.advance(10)
    second = await jobs.of_index(0)
    assert second["metadata"]["annotations"][FAILURES_ANNOTATION] == "1"
    assert await jobs.counts() == (2, 0, 1)
    await jobs.finish(second, 1)
    assert (await jobs.status())["failedIndexes"] == "0"
    await jobs.world.advance(600)
    assert len(await jobs.pods()) == 1  # the other index goes on
    await jobs.finish(await jobs.of_index(1))
    assert await jobs.end() == ("Failed", "FailedIndexes", "Job has failed indexes")
    assert await jobs.counts() == (0, 1, 2)


async def test_ignored_failures_of_an_index(jobs: JobWorld):
    rule = {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [7]}}
    await jobs.start(
        completions=1,
        parallelism=1,
        completionMode="Indexed",
        backoffLimitPerIndex=0,
        podFailurePolicy={"rules": [rule]},
    )
    await jobs.finish(await jobs.of_index(0), 7)
    await jobs.world.advance(10)
    annotations = (await jobs.of_index(0))["metadata"]["annotations"]
    assert (annotations[FAILURES_ANNOTATION], annotations[IGNORED_FAILURES_ANNOTATION]) == ("0", "1")
    await jobs.finish(await jobs.of_index(0), 7)
    await jobs.world.advance(19)
    assert await jobs.pods() == []  # twice as long
    await jobs.world.advance(1)
    assert len(await jobs.pods()) == 1


async def test_too_many_failed_indexes(jobs: JobWorld):
    await jobs.start(completions=5, parallelism=3, completionMode="Indexed", backoffLimitPerIndex=0, maxFailedIndexes=1)
    for index in (0, 1):
        await jobs.finish(await jobs.of_index(index), 1)
    text = "Job has exceeded the specified maximal number of failed indexes"
    assert await jobs.end() == ("Failed", "MaxFailedIndexesExceeded", text)
    assert await jobs.pods() == []


async def test_a_rule_can_fail_an_index_at_once(jobs: JobWorld):
    rule = {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [9]}}
    await jobs.start(
        completions=2,
        parallelism=2,
        completionMode="Indexed",
        backoffLimitPerIndex=5,
        podFailurePolicy={"rules": [rule]},
    )
    await jobs.finish(await jobs.of_index(1), 9)
    assert (await jobs.status())["failedIndexes"] == "1"


async def test_a_success_policy_stops_the_rest(jobs: JobWorld):
    policy = {"rules": [{"succeededIndexes": "0", "succeededCount": 1}]}
    await jobs.start(completions=3, parallelism=3, completionMode="Indexed", successPolicy=policy)
    await jobs.finish(await jobs.of_index(0))
    assert await jobs.end() == ("Complete", "SuccessPolicy", "Matched rules at index 0")
    assert await jobs.pods() == []
    assert await jobs.counts() == (0, 1, 0)
