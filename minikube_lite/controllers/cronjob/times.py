"""Which scheduled time counts now, and when the next one comes: pure; upstream: cronjob/utils.go.

Of several times that were missed only the last counts. Upstream wakes a tenth of a second late, for clocks that differ;
here there is one clock.
"""

from __future__ import annotations

from typing import NamedTuple

from minikube_lite.clock import parse_time
from minikube_lite.machinery.schedule import Schedule
from minikube_lite.store import Object

MISSED_TIMES_MAX = 100
"""More missed times than this are worth a warning."""


class ScheduleFault(ValueError):
    """A schedule that can be read, and makes no sense."""


class Due(NamedTuple):
    """The last scheduled time that is not after now, if there is one since `earliest`; and how many there were."""

    earliest: float
    time: float | None
    missed: int


def due(cron_job: Object, schedule: Schedule, now: float, *, with_deadline: bool) -> Due:
    """What is due. `with_deadline`: nothing before the starting deadline counts. Raises ScheduleFault."""
    earliest = parse_time(
        cron_job.get("status", {}).get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"]
    )
    deadline = cron_job["spec"].get("startingDeadlineSeconds")
    if with_deadline and deadline is not None:
        earliest = max(earliest, now - deadline)
    first = schedule.next(earliest)
    second = schedule.next(first) if first is not None else None
    if first is None or second is None:
        raise ScheduleFault("time difference between two schedules is less than 1 second")
    if now < first:
        return Due(earliest, None, 0)
    if now < second:
        return Due(earliest, first, 0)
    # Regular schedules, `@every` too, are found by counting; others from one interval before.
    interval = second - first
    missed = int((now - first) // interval) + 1
    latest: float | None = None
    moment = schedule.next(first + (missed - 2) * interval)
    while moment is not None and moment <= now:
        latest, moment = moment, schedule.next(moment)
    return Due(earliest, latest, missed)


def next_time(cron_job: Object, schedule: Schedule, now: float) -> float | None:
    """When to look at the CronJob again; None for never."""
    try:
        found = due(cron_job, schedule, now, with_deadline=False)
    except ScheduleFault:
        return schedule.next(now)
    if found.time is not None:
        return schedule.next(found.time)
    return schedule.next(now if found.missed else found.earliest)
