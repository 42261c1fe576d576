"""How ended pods get into a Job's counters, each once: pure; upstream: trackJobStatusAndRemoveFinalizers.

A pod that ended goes this way; a sync may break off between any two steps, and the next one goes on from there:

1. its uid is written into `status.uncountedTerminatedPods`;
2. its finalizer is removed;
3. its uid leaves the list, and the counter goes up, in one write.

Of an indexed Job, succeeded pods are counted by their indexes in `completedIndexes`, which need no second step.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from minikube_lite.clock import format_time
from minikube_lite.controllers.job.conditions import SUSPENDED, End, set_condition
from minikube_lite.controllers.job.decide import Plan, is_suspended
from minikube_lite.controllers.job.indexes import Indexes
from minikube_lite.controllers.job.pods import index_of, is_failed, is_terminating, is_tracked, phase_of
from minikube_lite.controllers.job.policies import judge_failed_pod
from minikube_lite.machinery.meta import copy_object, is_deleting, is_pod_ready
from minikube_lite.store import Object

UNCOUNTED_PODS_MAX = 500
"""So many uids stand in a status at most."""
_LISTS = ("succeeded", "failed")


@dataclass(slots=True)
class Count:
    """The status to write before the finalizers of `release` are removed. `event` tells of suspension."""

    status: Object
    release: list[Object]
    end: End | None
    tracked: list[str]
    """The uids of all pods that have the finalizer."""
    reached_max: bool = False
    event: tuple[str, str] | None = None


def count(plan: Plan, deleted: Sequence[Object], created: int) -> Count:
    """What is true after pods were made and deleted as far as it succeeded."""
    status, job, now = plan.status, plan.job, plan.now
    active = len(plan.active) - len(deleted) + created
    gone = [pod["metadata"]["uid"] for pod in deleted]
    ready = sum(is_pod_ready(pod) and pod["metadata"]["uid"] not in gone for pod in plan.active)
    tracked = [pod["metadata"]["uid"] for pod in plan.pods if is_tracked(pod)]
    found = Count(status, [], plan.end, tracked)
    if plan.end is not None:
        if len(deleted) != len(plan.active):
            found.end = None  # pods are left that still have to be stopped
    elif _is_complete(plan, active):
        found.end = End(False, "CompletionsReached", "Reached expected number of succeeded pods", is_new=True)
    elif plan.managed:
        found.event = _note_suspension(job, status, now)
    _set_number(status, "active", active)
    status["ready"] = ready
    status["terminating"] = sum(map(is_terminating, plan.pods)) + len(deleted)
    move_counted(status, tracked)
    _collect(plan, found)
    if found.end is not None and found.end.is_new:
        set_condition(status, found.end.announced_by, True, found.end.reason, found.end.message, now)
    return found


def _is_complete(plan: Plan, active: int) -> bool:
    completions = plan.job["spec"].get("completions")
    return not active and (plan.succeeded > 0 if completions is None else plan.succeeded >= completions)


def _note_suspension(job: Object, status: Object, now: float) -> tuple[str, str] | None:
    """Say that the Job is suspended, or resumed; it then starts anew. Returns the event."""
    if is_suspended(job):
        if not set_condition(status, SUSPENDED, True, "JobSuspended", "Job suspended", now):
            return None
        status.pop("startTime", None)
        return "Suspended", "Job suspended"
    if not set_condition(status, SUSPENDED, False, "JobResumed", "Job resumed", now):
        return None
    status["startTime"] = format_time(now)
    return "Resumed", "Job resumed"


def _set_number(status: Object, part: str, value: int) -> None:
    if value or part in status:
        status[part] = value


def move_counted(status: Object, tracked: Collection[str]) -> bool:
    """Count the listed pods that have no finalizer any more. Whether there were any."""
    uncounted, changed = status["uncountedTerminatedPods"], False
    for part in _LISTS:
        uids = uncounted.get(part) or []
        left = [uid for uid in uids if uid in tracked]
        if len(left) != len(uids):
            changed = True
            status[part] = status.get(part, 0) + len(uids) - len(left)
            _set_list(uncounted, part, left)
    return changed


def _set_list(uncounted: Object, part: str, uids: list[str]) -> None:
    if uids:
        uncounted[part] = uids
    else:
        uncounted.pop(part, None)


def _collect(plan: Plan, found: Count) -> None:
    """List the pods that ended and are to be let go."""
    status, job = plan.status, plan.job
    uncounted = status["uncountedTerminatedPods"]
    lists = {part: list(uncounted.get(part) or ()) for part in _LISTS}
    new_indexes: list[int] = []
    pods = sorted(plan.pods, key=index_of) if plan.indexed else plan.pods
    for pod in pods:
        if not is_tracked(pod) or not _may_be_released(plan, found.end, pod):
            continue
        found.release.append(pod)
        uid = pod["metadata"]["uid"]
        if phase_of(pod) == "Succeeded" and uid not in lists["failed"]:
            if not plan.indexed:
                if uid not in lists["succeeded"]:
                    lists["succeeded"].append(uid)
            elif plan.has_valid_index(pod) and not plan.succeeded_before.has(index_of(pod)):
                new_indexes.append(index_of(pod))
        elif is_failed(job, pod) or (found.end is not None and found.end.failed):
            # Of a Job that failed, what has not ended has failed too.
            if uid not in lists["failed"] and plan.has_valid_index(pod) and judge_failed_pod(job, pod).counts:
                lists["failed"].append(uid)
        if len(new_indexes) + sum(map(len, lists.values())) >= UNCOUNTED_PODS_MAX:
            found.reached_max = True
            break
    for part in _LISTS:
        _set_list(uncounted, part, lists[part])
    if plan.indexed:
        completed = plan.succeeded_before.merged(Indexes.of(new_indexes))
        _set_number(status, "succeeded", completed.total)
        if completed or "completedIndexes" in status:
            status["completedIndexes"] = str(completed)
        if plan.failed_indexes is not None:
            status["failedIndexes"] = str(plan.failed_indexes)


def _may_be_released(plan: Plan, end: End | None, pod: Object) -> bool:
    if is_deleting(plan.job) or end is not None or phase_of(pod) == "Succeeded":
        return True
    return is_failed(plan.job, pod) and plan.waiting_for_replacement.get(index_of(pod)) is not pod


def conclude(counted: Count, status: Object, released: Sequence[Object], now: float) -> tuple[Object, bool]:
    """The status after finalizers were removed, and whether the Job is over. `status` is as it was written last."""
    uids = [pod["metadata"]["uid"] for pod in released]
    new: Object = copy_object(status)
    new.setdefault("uncountedTerminatedPods", {})
    move_counted(new, [uid for uid in counted.tracked if uid not in uids])
    end = counted.end
    is_over = (
        end is not None
        and len(released) == len(counted.release)
        and not counted.reached_max
        and not any(new["uncountedTerminatedPods"].values())
        and not new.get("terminating")
    )
    if is_over and end is not None:
        set_condition(new, end.condition_type, True, end.reason, end.message, now)
        if not end.failed:
            new["completionTime"] = format_time(now)
    return new, is_over
