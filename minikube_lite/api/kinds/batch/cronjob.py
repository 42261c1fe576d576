"""CronJobs; upstream: pkg/registry/batch/cronjob and pkg/apis/batch."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.columns import (
    AGE,
    NAME,
    NONE,
    cell_column,
    selector_column,
    template_columns,
    text_column,
    value_at,
)
from minikube_lite.api.kinds.apps.workload import SPEC, WorkloadStrategy
from minikube_lite.api.kinds.batch.job import default_failure_policy, job_spec_warnings
from minikube_lite.api.kinds.batch.job_validation import validate_template_spec
from minikube_lite.api.kinds.core.pod_fields import nonnegative, nonnegative_fields, one_of
from minikube_lite.machinery.ages import since
from minikube_lite.machinery.kind import Column, FieldText, Kind, RequestContext, StatusStrategy
from minikube_lite.machinery.names import byte_length
from minikube_lite.machinery.schedule import ScheduleError, is_time_zone, parse_schedule
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required
from minikube_lite.store import Object

NAME_BYTES_MAX = 52
"""A Job's name is the CronJob's and eleven characters more."""

_POLICIES = ("Allow", "Forbid", "Replace")
_JOB_PATH = ("spec", "jobTemplate", "spec")


class CronJobStrategy(WorkloadStrategy):
    """Makes a Job at certain times."""

    template_path = (*_JOB_PATH, "template")
    warns_of_name = True

    def default_spec(self, spec: Object) -> None:
        for name, value in (("suspend", False), ("successfulJobsHistoryLimit", 3), ("failedJobsHistoryLimit", 1)):
            if spec.get(name) is None:
                spec[name] = value
        if not spec.get("concurrencyPolicy"):
            spec["concurrencyPolicy"] = "Allow"
        default_failure_policy(value_at(spec, ("jobTemplate", "spec"), {}))

    def validate(self, context: RequestContext, obj: Object) -> Iterator[FieldError]:
        yield from validate_spec(obj.get("spec") or {}, None)
        name = obj["metadata"].get("name") or ""
        if byte_length(name) > NAME_BYTES_MAX:
            yield invalid(Path("metadata.name"), name, f"must be no more than {NAME_BYTES_MAX} characters")

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        return validate_spec(new.get("spec") or {}, old.get("spec") or {})

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[str]:
        yield from super().warnings_on_update(context, new, old)
        if "TZ" in (value_at(new, ("spec", "schedule")) or ""):
            see = "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
            yield f"cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, {see}"

    def _template_warnings(self, obj: Object) -> Iterator[str]:
        yield from job_spec_warnings(value_at(obj, _JOB_PATH, {}))
        yield from super()._template_warnings(obj)


def validate_spec(spec: Object, old: Object | None) -> Iterator[FieldError]:
    """The spec of a CronJob; what was there before may stay."""
    schedule, zone = spec.get("schedule") or "", spec.get("timeZone")
    if not schedule:
        yield required(SPEC.child("schedule"))
    else:
        had_zone = old is not None and "TZ" in (old.get("schedule") or "")
        yield from _validate_schedule(schedule, zone, had_zone, SPEC.child("schedule"))
    yield from nonnegative(spec.get("startingDeadlineSeconds"), SPEC.child("startingDeadlineSeconds"))
    if zone is not None and (old is None or old.get("timeZone") != zone):
        yield from _validate_time_zone(zone, SPEC.child("timeZone"))
    yield from one_of(spec.get("concurrencyPolicy") or "", _POLICIES, SPEC.child("concurrencyPolicy"))
    job, path = value_at(spec, ("jobTemplate", "spec"), {}), SPEC.child("jobTemplate", "spec")
    yield from validate_template_spec(job, path)
    if job.get("selector") is not None:
        yield invalid(path.child("selector"), job["selector"], "`selector` will be auto-generated")
    if job.get("manualSelector"):
        yield not_supported(path.child("manualSelector"), True, ("nil", "false"))
    yield from nonnegative_fields(spec, ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"), SPEC)


def _validate_schedule(schedule: str, zone: str | None, had_zone: bool, path: Path) -> Iterator[FieldError]:
    try:
        parse_schedule(schedule)
    except ScheduleError as error:
        yield invalid(path, schedule, str(error))
    if "TZ" in schedule:
        if not had_zone:
            yield invalid(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
        elif zone is not None:
            yield invalid(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule")


def _validate_time_zone(zone: str, path: Path) -> Iterator[FieldError]:
    if not zone:
        yield invalid(path, zone, "timeZone must be nil or non-empty string")
    elif zone.lower() == "local":
        text = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        yield invalid(path, zone, text)
    elif not is_time_zone(zone):
        yield invalid(path, zone, f"unknown time zone {zone}")


def _last_schedule(obj: Object, now: float) -> str:
    last = value_at(obj, ("status", "lastScheduleTime"))
    return since(last, now) if last else NONE


def _suspend(obj: Object) -> str:
    suspend = value_at(obj, ("spec", "suspend"))
    return "<unset>" if suspend is None else str(suspend)


COLUMNS = (
    NAME,
    text_column("Schedule", "spec", "schedule", description=FieldText("io.k8s.api.batch.v1.CronJobSpec", "schedule")),
    text_column(
        "Timezone",
        "spec",
        "timeZone",
        absent=NONE,
        description=FieldText("io.k8s.api.batch.v1.CronJobSpec", "timeZone"),
    ),
    cell_column(
        "Suspend", _suspend, column_type="boolean", description=FieldText("io.k8s.api.batch.v1.CronJobSpec", "suspend")
    ),
    Column(
        "Active",
        lambda obj, _now: len(value_at(obj, ("status", "active"), ())),
        "integer",
        description=FieldText("io.k8s.api.batch.v1.CronJobStatus", "active"),
    ),
    Column(
        "Last Schedule", _last_schedule, description=FieldText("io.k8s.api.batch.v1.CronJobStatus", "lastScheduleTime")
    ),
    AGE,
    *template_columns(*_JOB_PATH, "template"),
    selector_column("io.k8s.api.batch.v1.JobSpec", *_JOB_PATH, "selector"),
)

STRATEGY = CronJobStrategy()

KIND = Kind(
    group="batch",
    plural="cronjobs",
    strategy=STRATEGY,
    columns=COLUMNS,
    status_strategy=StatusStrategy(STRATEGY),
)
