"""CronJobs over time; the test ends the Jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.controllers.cronjob import CronJobController
from minikube_lite.controllers.ttlafterfinished import TTLAfterFinishedController
from minikube_lite.machinery.resources import CRON_JOBS, JOBS
from minikube_lite.store import Object

if TYPE_CHECKING:
    from tests.controllers.conftest import World

EPOCH_MINUTES = 1_767_225_600 // 60


def manifest(schedule: str = "* * * * *", **spec: Any) -> Object:
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "v1"}]}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"template": {"spec": pod}}}
    return {"metadata": {"name": "c"}, "spec": {"schedule": schedule, "jobTemplate": template, **spec}}


class CronWorld:
    """One CronJob and its Jobs."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def start(self, schedule: str = "* * * * *", **spec: Any) -> None:
        await self.world.start(CronJobController)
        await self.world.create(CRON_JOBS, manifest(schedule, **spec))
        await self.world.settle()

    async def minutes(self) -> list[int]:
        """The times of the Jobs that are there, in minutes after the start of the clock."""
        names = [job["metadata"]["name"] for job in await self.world.items(JOBS)]
        return sorted(int(name.rpartition("-")[2]) - EPOCH_MINUTES for name in names)

    async def status(self) -> Object:
        found = await self.world.get(CRON_JOBS, "c")
        assert found is not None
        status: Object = found.get("status", {})
        return status

    async def active(self) -> int:
        return len((await self.status()).get("active", []))

    async def finish(self, minute: int, *, failed: bool = False) -> None:
        now = self.world.clock.timestamp()
        kinds = ("FailureTarget", "Failed") if failed else ("SuccessCriteriaMet", "Complete")
        conditions = [
            {"type": kind, "status": "True", "lastProbeTime": now, "lastTransitionTime": now, "reason": "r"}
            for kind in kinds
        ]
        status = {"startTime": now, "conditions": conditions, **({} if failed else {"completionTime": now})}
        name = f"c-{EPOCH_MINUTES + minute}"
        await self.world.change(JOBS, name, lambda job: job.update(status=status), subresource="status")
        await self.world.settle()

    async def messages(self, reason: str) -> list[str]:
        return [message for _, _, message in await self.world.reported(reason=reason)]


@pytest.fixture
def crons(world: World) -> CronWorld:
    return CronWorld(world)


async def test_a_job_each_minute(crons: CronWorld):
    await crons.start()
    assert await crons.minutes() == []
    await crons.world.advance(60)
    (job,) = await crons.world.items(JOBS)
    assert job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "2026-01-01T00:01:00Z"
    assert job["metadata"]["labels"]["a"] == "b"
    assert job["metadata"]["ownerReferences"][0]["kind"] == "CronJob"
    status = await crons.status()
    assert status["lastScheduleTime"] == "2026-01-01T00:01:00Z"
    assert status["active"][0]["uid"] == job["metadata"]["uid"]
    await crons.world.advance(120)
    assert await crons.minutes() == [1, 2, 3]
    assert await crons.messages("SuccessfulCreate") == [f"Created job c-{EPOCH_MINUTES + n}" for n in (1, 2, 3)]


async def test_what_ends_leaves_the_active_list(crons: CronWorld):
    await crons.start()
    await crons.world.advance(90)
    await crons.finish(1)
    status = await crons.status()
    assert "active" not in status
    assert status["lastSuccessfulTime"] == "2026-01-01T00:01:30Z"
    assert await crons.messages("SawCompletedJob") == [f"Saw completed job: c-{EPOCH_MINUTES + 1}, condition: Complete"]


async def test_the_oldest_finished_jobs_go(crons: CronWorld):
    await crons.start(successfulJobsHistoryLimit=2, failedJobsHistoryLimit=0)
    for minute in range(1, 6):
        await crons.world.advance(60)
        await crons.finish(minute, failed=minute == 2)
    assert await crons.minutes() == [4, 5]
    assert await crons.active() == 0


@pytest.mark.parametrize(
    ("policy", "minutes", "active"), [("Allow", [1, 2, 3], 3), ("Forbid", [1], 1), ("Replace", [3], 1)]
)
async def test_jobs_that_are_not_done_when_the_next_is_due(
    crons: CronWorld, policy: str, minutes: list[int], active: int
):
    await crons.start(concurrencyPolicy=policy)
    await crons.world.advance(180)
    assert await crons.minutes() == minutes
    assert await crons.active() == active
    told = await crons.messages("JobAlreadyActive")
    assert bool(told) == (policy == "Forbid")


async def test_forbid_makes_up_for_the_last_missed_time(crons: CronWorld):
    await crons.start(concurrencyPolicy="Forbid")
    await crons.world.advance(210)
    await crons.finish(1)
    assert await crons.minutes() == [1, 3]


async def test_suspended_and_resumed(crons: CronWorld):
    await crons.start(suspend=True)
    await crons.world.advance(600)
    assert await crons.minutes() == []
    await crons.world.client.patch(CRON_JOBS, "default", "c", {"spec": {"suspend": False}})
    await crons.world.settle()
    assert await crons.minutes() == [10]


async def test_too_late_is_not_made_up_for(crons: CronWorld):
    await crons.start("0 * * * *", suspend=True, startingDeadlineSeconds=30)
    await crons.world.advance(3631)
    await crons.world.client.patch(CRON_JOBS, "default", "c", {"spec": {"suspend": False}})
    await crons.world.settle()
    assert await crons.minutes() == []
    await crons.world.advance(3600)
    assert await crons.minutes() == [120]


async def test_many_missed_times_are_told(crons: CronWorld):
    await crons.start(suspend=True)
    await crons.world.advance(102 * 60)
    await crons.world.client.patch(CRON_JOBS, "default", "c", {"spec": {"suspend": False}})
    await crons.world.settle()
    assert await crons.minutes() == [102]
    text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
    assert await crons.messages("TooManyMissedTimes") == [text]


async def test_another_schedule_does_not_look_back(crons: CronWorld):
    await crons.start("0 0 1 1 *")
    await crons.world.advance(600)
    await crons.world.client.patch(CRON_JOBS, "default", "c", {"spec": {"schedule": "*/2 * * * *"}})
    await crons.world.settle()
    assert await crons.minutes() == []
    await crons.world.advance(120)
    assert await crons.minutes() == [12]


async def test_times_of_a_zone(crons: CronWorld):
    await crons.start("30 5 * * *", timeZone="Asia/Kolkata")
    await crons.world.advance(86400)
    (job,) = await crons.world.items(JOBS)
    annotations = job["metadata"]["annotations"]
    assert annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "2026-01-02T05:30:00+05:30"


async def test_a_schedule_without_days_is_told(crons: CronWorld):
    await crons.start("59 23 31 2 *")
    text = "invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second"
    assert await crons.messages("InvalidSchedule") == [text]


async def test_an_active_job_that_somebody_deleted(crons: CronWorld):
    await crons.start()
    await crons.world.advance(60)
    await crons.world.client.delete(JOBS, "default", f"c-{EPOCH_MINUTES + 1}", {"propagationPolicy": "Background"})
    await crons.world.settle()
    assert await crons.active() == 0
    assert await crons.messages("MissingJob") == [f"Active job went missing: c-{EPOCH_MINUTES + 1}"]
    assert await crons.minutes() == []


async def test_a_job_of_another_that_has_the_name(crons: CronWorld):
    await crons.start()
    job = {"metadata": {"name": f"c-{EPOCH_MINUTES + 1}"}, "spec": manifest()["spec"]["jobTemplate"]["spec"]}
    await crons.world.create(JOBS, job)
    await crons.world.advance(60)
    assert await crons.active() == 0
    await crons.world.advance(60)
    assert await crons.minutes() == [1, 2]
    assert await crons.active() == 1


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("nth", range(1, 10))
@pytest.mark.parametrize("policy", ["Allow", "Replace"])
async def test_every_write_may_fail(crons: CronWorld, policy: str, nth: int, takes_effect: bool):
    crons.world.failures.nth, crons.world.failures.takes_effect = nth, takes_effect
    await crons.start(concurrencyPolicy=policy, successfulJobsHistoryLimit=1)
    for minute in (1, 2, 3):
        await crons.world.advance(60)
        if minute == 1 and policy == "Allow":
            await crons.finish(1)
    await crons.world.advance(30)
    expected = [1, 2, 3] if policy == "Allow" else [3]
    assert await crons.minutes() == expected
    assert await crons.active() == (2 if policy == "Allow" else 1)
    assert (await crons.status())["lastScheduleTime"] == "2026-01-01T00:03:00Z"


async def test_a_time_to_live_after_the_end(crons: CronWorld):
    await crons.world.start(TTLAfterFinishedController)
    spec = {**manifest()["spec"]["jobTemplate"]["spec"], "ttlSecondsAfterFinished": 100}
    for minute in (1, 2):
        await crons.world.create(JOBS, {"metadata": {"name": f"c-{EPOCH_MINUTES + minute}"}, "spec": spec})
    await crons.finish(1)
    await crons.world.advance(99)
    assert await crons.minutes() == [1, 2]
    await crons.world.client.patch(
        JOBS, "default", f"c-{EPOCH_MINUTES + 1}", {"spec": {"ttlSecondsAfterFinished": 200}}
    )
    await crons.world.advance(50)
    assert await crons.minutes() == [1, 2]
    await crons.world.advance(51)
    remaining = [job for job in await crons.world.items(JOBS) if "deletionTimestamp" not in job["metadata"]]
    assert [job["metadata"]["name"] for job in remaining] == [f"c-{EPOCH_MINUTES + 2}"]
