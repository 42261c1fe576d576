"""The status subresource of Jobs; upstream: validateJobStatus in pkg/apis/batch/validation/validation.go."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.kinds.batch.job_validation import count_indexes
from minikube_lite.api.kinds.core.pod_fields import nonnegative_fields
from minikube_lite.clock import parse_time
from minikube_lite.machinery.kind import RequestContext, StatusStrategy
from minikube_lite.machinery.meta import find_condition
from minikube_lite.schema.field import OMITTED, FieldError, Path, duplicate, invalid, required
from minikube_lite.store import Object

STATUS = Path("status")
CONDITIONS = STATUS.child("conditions")

_COUNTERS = ("active", "succeeded", "failed", "ready", "terminating")
_CONFLICTING = (
    ("Complete", "Failed", "cannot set Complete=True and Failed=true conditions"),
    ("Complete", "FailureTarget", "cannot set Complete=True and FailureTarget=true conditions"),
)
_CONFLICTING_SUCCESS = (
    ("SuccessCriteriaMet", "Failed", "cannot set SuccessCriteriaMet=True and Failed=true conditions"),
    ("SuccessCriteriaMet", "FailureTarget", "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"),
)
_NEEDED = (
    ("Failed", "FailureTarget", "cannot set Failed=True condition without the FailureTarget=true condition"),
    (
        "Complete",
        "SuccessCriteriaMet",
        "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
    ),
)
_TERMINAL = ("Failed", "Complete", "FailureTarget")


class JobStatusStrategy(StatusStrategy):
    """Counters that go up, and an end that stays the end."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        status, before = new.get("status") or {}, old.get("status") or {}
        yield from nonnegative_fields(status, _COUNTERS, STATUS)
        yield from _validate_uncounted(status.get("uncountedTerminatedPods") or {})
        yield from _validate_conditions(new)
        yield from _validate_times(new)
        yield from _validate_finished(new)
        yield from _validate_indexes(new)
        if (status.get("ready") or 0) > (status.get("active") or 0):
            yield invalid(STATUS.child("ready"), status["ready"], "cannot set more ready pods than active")
        for first, second, text in _CONFLICTING_SUCCESS:
            if _is_true(new, first) and _is_true(new, second):
                yield invalid(CONDITIONS, OMITTED, text)
        yield from _validate_changes(new, old, status, before)


def _is_true(job: Object, sort: str) -> bool:
    condition = find_condition(job, sort)
    return condition is not None and condition.get("status") == "True"


def _validate_uncounted(uncounted: Object) -> Iterator[FieldError]:
    seen: set[str] = set()
    for name in ("succeeded", "failed"):
        for position, uid in enumerate(uncounted.get(name) or ()):
            place = STATUS.child("uncountedTerminatedPods", name).index(position)
            if not uid:
                yield invalid(place, uid, "must not be empty")
            elif uid in seen:
                yield duplicate(place, uid)
            seen.add(uid)


def _validate_conditions(job: Object) -> Iterator[FieldError]:
    for first, second, text in _CONFLICTING:
        if _is_true(job, first) and _is_true(job, second):
            yield invalid(CONDITIONS, OMITTED, text)
    for sort, needed, text in _NEEDED:
        if _is_true(job, sort) and not _is_true(job, needed):
            yield invalid(CONDITIONS, OMITTED, text)


def _validate_times(job: Object) -> Iterator[FieldError]:
    status, path = job.get("status") or {}, STATUS.child("completionTime")
    started, completed, complete = status.get("startTime"), status.get("completionTime"), _is_true(job, "Complete")
    if completed and not complete:
        yield invalid(path, completed, "cannot set completionTime when there is no Complete=True condition")
    if complete and not completed:
        yield required(path, "completionTime is required for Complete jobs")
    if started and completed and parse_time(completed) < parse_time(started):
        yield invalid(path, completed, "must be equal to or after `startTime`")


def _validate_finished(job: Object) -> Iterator[FieldError]:
    status, spec = job.get("status") or {}, job.get("spec") or {}
    if not (_is_true(job, "Complete") or _is_true(job, "Failed")):
        return
    uncounted = status.get("uncountedTerminatedPods") or {}
    if (status.get("active") or 0) > 0:
        yield invalid(STATUS.child("active"), status["active"], "active>0 is invalid for finished job")
    if not status.get("startTime") and not (spec.get("suspend") and spec.get("completions") == 0):
        yield required(STATUS.child("startTime"), "startTime is required for finished job")
    if uncounted.get("failed") or uncounted.get("succeeded"):
        yield invalid(STATUS.child("uncountedTerminatedPods"), uncounted, "must be empty for finished job")
    if (status.get("terminating") or 0) > 0:
        yield invalid(STATUS.child("terminating"), status["terminating"], "terminating>0 is invalid for finished job")


def _validate_indexes(job: Object) -> Iterator[FieldError]:
    status, spec = job.get("status") or {}, job.get("spec") or {}
    completions, completed, failed = (
        spec.get("completions"),
        status.get("completedIndexes"),
        status.get("failedIndexes"),
    )
    both = (("completedIndexes", completed), ("failedIndexes", failed))
    for name, text in both:
        if text and completions is not None:
            try:
                count_indexes(text, completions)
            except ValueError as error:
                yield invalid(STATUS.child(name), text, f"error parsing {name}: {error}")
    if completed and spec.get("completionMode") != "Indexed":
        text = "cannot set non-empty completedIndexes when non-indexed completion mode"
        yield invalid(STATUS.child("completedIndexes"), completed, text)
    if failed is not None and spec.get("backoffLimitPerIndex") is None:
        text = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
        yield invalid(STATUS.child("failedIndexes"), failed, text)


def _validate_changes(new: Object, old: Object, status: Object, before: Object) -> Iterator[FieldError]:
    spec = new.get("spec") or {}
    for sort in _TERMINAL:
        if _is_true(old, sort) and not _is_true(new, sort):
            yield invalid(CONDITIONS, OMITTED, f"cannot disable the terminal {sort}=True condition")
    counters = ["failed"]
    if spec.get("completionMode") != "Indexed" or spec.get("completions") != spec.get("parallelism"):
        counters.append("succeeded")
    for name in counters:
        value = status.get(name) or 0
        if value < (before.get(name) or 0):
            yield invalid(STATUS.child(name), value, f"cannot decrease the {name} counter")
    completed, started = status.get("completionTime"), before.get("startTime")
    if completed and before.get("completionTime") and completed != before["completionTime"]:
        yield invalid(STATUS.child("completionTime"), completed, "field is immutable")
    suspended = find_condition(new, "Suspended") or {}
    resuming = _is_true(old, "Suspended") and suspended.get("status") == "False"
    if started and started != status.get("startTime") and not spec.get("suspend") and not resuming:
        text = "field is immutable for unsuspended job once set"
        yield invalid(STATUS.child("startTime"), status.get("startTime"), text)
    if _is_true(old, "SuccessCriteriaMet") and not _is_true(new, "SuccessCriteriaMet"):
        yield invalid(CONDITIONS, OMITTED, "cannot disable the SuccessCriteriaMet=True condition")
