"""What to do for a CronJob: Jobs to delete, perhaps one to make, and its status; pure. Upstream: syncCronJob, cleanupFinishedJobs."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from minikube_lite.clock import format_time, parse_time
from minikube_lite.controllers.cronjob.times import MISSED_TIMES_MAX, ScheduleFault, due, next_time
from minikube_lite.controllers.job.conditions import COMPLETE, finished_condition
from minikube_lite.machinery.events import Report
from minikube_lite.machinery.meta import controller_reference, copy_object, is_deleting
from minikube_lite.machinery.resources import CRON_JOBS, JOBS
from minikube_lite.machinery.schedule import Schedule, ScheduleError, is_time_zone, parse_schedule
from minikube_lite.schema.field import go_value
from minikube_lite.store import Object

KIND = "CronJob"
SCHEDULED_ANNOTATION = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_SEE = "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
_LIMITS = (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit"))


@dataclass(slots=True)
class Decision:
    """What one sync does.

    The Jobs of `delete` go whatever becomes of the rest; those of `replace` have to go before `create` is made.
    """

    status: Object
    reports: list[Report] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)
    replace: list[Object] = field(default_factory=list)
    create: Object | None = None
    scheduled: float = 0.0
    """The time that `create` is for."""
    wake_at: float | None = None


def decide(cron_job: Object, jobs: Sequence[Object], now: float) -> Decision:
    """What this sync does. `jobs` are those that the CronJob controls."""
    decision = Decision(copy_object(cron_job.get("status") or {}))
    _clean_up(cron_job, jobs, decision)
    _follow_jobs(jobs, decision)
    spec = cron_job["spec"]
    if is_deleting(cron_job) or not _has_known_zone(spec, decision) or spec.get("suspend"):
        return decision
    if "TZ" in spec["schedule"]:
        text = f"CRON_TZ or TZ used in schedule {go_value(spec['schedule'])} is not officially supported, {_SEE}"
        decision.reports.append(Report("Warning", "UnsupportedSchedule", text))
    try:
        schedule = schedule_of(cron_job)
    except ScheduleError as error:
        text = f"unparseable schedule: {go_value(spec['schedule'])} : {error}"
        decision.reports.append(Report("Warning", "UnparseableSchedule", text))
        return decision
    try:
        _start(cron_job, jobs, schedule, now, decision)
    except ScheduleFault as error:
        text = f"invalid schedule: {spec['schedule']} : {error}"
        decision.reports.append(Report("Warning", "InvalidSchedule", text))
    return decision


def schedule_of(cron_job: Object) -> Schedule:
    """The schedule in its time zone. Raises ScheduleError."""
    spec = cron_job["spec"]
    zone = "" if "TZ" in spec["schedule"] else spec.get("timeZone") or ""
    return parse_schedule(spec["schedule"], zone)


def _has_known_zone(spec: Object, decision: Decision) -> bool:
    zone = spec.get("timeZone")
    if zone is None or is_time_zone(zone):
        return True
    text = f"invalid timeZone: {go_value(zone)}: unknown time zone {zone}"
    decision.reports.append(Report("Warning", "UnknownTimeZone", text))
    return False


# The Jobs that are there


def _uid(job: Object) -> str:
    return str(job["metadata"]["uid"])


def _clean_up(cron_job: Object, jobs: Sequence[Object], decision: Decision) -> None:
    """The oldest finished Jobs beyond the history limits go."""
    for condition_type, part in _LIMITS:
        limit = cron_job["spec"].get(part)
        finished = [job for job in jobs if (finished_condition(job) or {}).get("type") == condition_type]
        if limit is not None and len(finished) > limit:
            decision.delete += sorted(finished, key=_start_order)[: len(finished) - limit]


def _start_order(job: Object) -> tuple[bool, str, str]:
    started = job.get("status", {}).get("startTime")
    return started is None, started or "", job["metadata"]["name"]


def _follow_jobs(jobs: Sequence[Object], decision: Decision) -> None:
    """What became of the active Jobs."""
    status = decision.status
    by_uid: Mapping[str, Object] = {_uid(job): job for job in jobs}
    active = {reference["uid"]: reference for reference in status.get("active") or ()}
    leaving = [_uid(job) for job in decision.delete]
    for job in jobs:
        uid, name, condition = _uid(job), job["metadata"]["name"], finished_condition(job)
        if condition is None:
            if uid not in active:
                text = f"Saw a job that the controller did not create or forgot: {name}"
                decision.reports.append(Report("Warning", "UnexpectedJob", text))
            continue
        if active.pop(uid, None) is not None and uid not in leaving:
            text = f"Saw completed job: {name}, condition: {condition['type']}"
            decision.reports.append(Report("Normal", "SawCompletedJob", text))
        completed = job["status"].get("completionTime")
        if condition["type"] == COMPLETE and completed:
            last = status.get("lastSuccessfulTime")
            if not last or parse_time(completed) > parse_time(last):
                status["lastSuccessfulTime"] = completed
    for uid, reference in list(active.items()):
        if uid not in by_uid:
            del active[uid]
            text = f"Active job went missing: {reference['name']}"
            decision.reports.append(Report("Normal", "MissingJob", text))
    set_active(status, list(active.values()))


def set_active(status: Object, active: Sequence[Object]) -> None:
    """The Jobs that run."""
    if active:
        status["active"] = list(active)
    else:
        status.pop("active", None)


def reference_to(job: Object) -> Object:
    """How a Job stands in the list of active ones."""
    metadata = job["metadata"]
    parts = ("namespace", "name", "uid", "resourceVersion")
    return {"kind": "Job", "apiVersion": JOBS.api_version, **{part: metadata[part] for part in parts}}


# The next Job


def _start(cron_job: Object, jobs: Sequence[Object], schedule: Schedule, now: float, decision: Decision) -> None:
    """Make the Job whose time has come. Raises ScheduleFault."""
    spec, status = cron_job["spec"], decision.status
    decision.wake_at = next_time(cron_job, schedule, now)
    found = due(cron_job, schedule, now, with_deadline=True)
    if found.time is None:
        return
    if found.missed > MISSED_TIMES_MAX:
        text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
        decision.reports.append(Report("Warning", "TooManyMissedTimes", text))
    deadline = spec.get("startingDeadlineSeconds")
    if deadline is not None and found.time + deadline < now:
        moment = format_datetime(datetime.fromtimestamp(int(found.time), UTC))
        text = f"Missed scheduled time to start a job: {moment}"
        decision.reports.append(Report("Warning", "MissSchedule", text))
        return
    active, name = status.get("active") or [], job_name(cron_job, found.time)
    if status.get("lastScheduleTime") == format_time(found.time) or name in [job["name"] for job in active]:
        return
    if spec.get("concurrencyPolicy") == "Forbid" and active:
        text = "Not starting job because prior execution is running and concurrency policy is Forbid"
        decision.reports.append(Report("Normal", "JobAlreadyActive", text))
        return
    if spec.get("concurrencyPolicy") == "Replace":
        uids = [job["uid"] for job in active]
        decision.replace = [job for job in jobs if _uid(job) in uids]
    decision.create, decision.scheduled = new_job(cron_job, found.time), found.time


def job_name(cron_job: Object, scheduled: float) -> str:
    """The name of the Job of that time, by which it cannot be made twice."""
    return f"{cron_job['metadata']['name']}-{int(scheduled) // 60}"


def new_job(cron_job: Object, scheduled: float) -> Object:
    """The Job of that time."""
    template = cron_job["spec"]["jobTemplate"]
    described = template.get("metadata") or {}
    zone = cron_job["spec"].get("timeZone")
    local = datetime.fromtimestamp(int(scheduled), zoneinfo.ZoneInfo(zone) if zone else UTC)
    annotations = {
        **(described.get("annotations") or {}),
        SCHEDULED_ANNOTATION: local.isoformat().replace("+00:00", "Z"),
    }
    metadata: Object = {
        "name": job_name(cron_job, scheduled),
        "annotations": annotations,
        "ownerReferences": [controller_reference(cron_job, CRON_JOBS, KIND)],
    }
    if described.get("labels"):
        metadata["labels"] = dict(described["labels"])
    return {"metadata": metadata, "spec": copy_object(template.get("spec") or {})}
