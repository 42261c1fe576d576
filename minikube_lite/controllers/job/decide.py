"""What to do for a Job: whether it ends, and which pods are made and deleted: pure; upstream: syncJob and manageJob.

The ends are looked for in this order: one that was announced before, the podFailurePolicy, the back-off limit, the
deadline, limits of indexes, the successPolicy. That all completions are there is seen after pods were made and deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from minikube_lite.clock import format_time, parse_time
from minikube_lite.controllers.job.back_off import BackOff, index_back_off
from minikube_lite.controllers.job.conditions import End, announced_end
from minikube_lite.controllers.job.indexes import Indexes
from minikube_lite.controllers.job.pods import (
    NO_INDEX,
    failure_counts,
    finished_at,
    in_order_of_removal,
    index_of,
    is_active,
    is_failed,
    is_terminating,
    is_tracked,
    new_pod,
    phase_of,
    replaces_failed_only,
)
from minikube_lite.controllers.job.policies import judge_failed_pod, met_success_rule
from minikube_lite.machinery.meta import copy_object, is_deleting
from minikube_lite.store import Object

PODS_A_SYNC_MAX = 500
"""So many pods are made or deleted before the Job is looked at again; upstream: MaxPodCreateDeletePerSync."""


@dataclass(slots=True)
class Plan:
    """What one sync has found, and what it does with pods. `status` is the Job's own copy of its status, to be changed."""

    job: Object
    pods: Sequence[Object]
    now: float
    status: Object
    back_off: BackOff
    active: list[Object] = field(default_factory=list)
    succeeded: int = 0
    succeeded_before: Indexes = field(default_factory=Indexes)
    succeeded_indexes: Indexes = field(default_factory=Indexes)
    failed_indexes: Indexes | None = None
    waiting_for_replacement: Mapping[int, Object] = field(default_factory=dict)
    """The failed pods whose count of failures the next pod of their index takes over."""
    end: End | None = None
    managed: bool = False
    delete: list[Object] = field(default_factory=list)
    release_deleted: bool = False
    """Whether the pods to delete need not be counted."""
    create: list[Object] = field(default_factory=list)
    look_again_in: list[float] = field(default_factory=list)

    @property
    def indexed(self) -> bool:
        """Whether the Job's pods have indexes."""
        return bool(self.job["spec"].get("completionMode") == "Indexed")

    def has_valid_index(self, pod: Object) -> bool:
        """Whether the pod is of an index that the Job has; of others nothing counts."""
        return not self.indexed or bool(NO_INDEX < index_of(pod) < self.job["spec"]["completions"])


def decide(job: Object, pods: Sequence[Object], back_off: BackOff, now: float) -> Plan:
    """What this sync does."""
    status: Object = copy_object(job.get("status") or {})
    status["uncountedTerminatedPods"] = status.get("uncountedTerminatedPods") or {}
    plan = Plan(job, pods, now, status, back_off)
    plan.active = [pod for pod in pods if is_active(pod)]
    if not status.get("startTime") and not is_suspended(job):
        status["startTime"] = format_time(now)
    failed = _count(plan, back_off)
    plan.end = announced_end(job) or _policy_failure(job, pods) or _limit_failure(plan, failed)
    if plan.indexed:
        _look_at_indexes(plan)
    if plan.end is not None:
        plan.delete = plan.active
    elif not is_deleting(job):
        plan.managed = True
        _manage(plan)
    return plan


def is_suspended(job: Object) -> bool:
    """Whether the Job is not to run."""
    return bool(job["spec"].get("suspend"))


def _count(plan: Plan, back_off: BackOff) -> int:
    """Find the pods that ended since the last count; returns how many have failed in all."""
    uncounted = plan.status["uncountedTerminatedPods"]
    known = {part: uncounted.get(part) or () for part in ("succeeded", "failed")}
    valid = [pod for pod in plan.pods if is_tracked(pod) and plan.has_valid_index(pod)]
    new_succeeded = [
        pod for pod in valid if phase_of(pod) == "Succeeded" and pod["metadata"]["uid"] not in known["succeeded"]
    ]
    new_failed = [pod for pod in valid if is_failed(plan.job, pod) and pod["metadata"]["uid"] not in known["failed"]]
    plan.back_off = back_off.after(new_succeeded, new_failed)
    plan.succeeded = plan.status.get("succeeded", 0) + len(new_succeeded) + len(known["succeeded"])
    counting = sum(judge_failed_pod(plan.job, pod).counts for pod in new_failed)
    return int(plan.status.get("failed", 0) + counting + len(known["failed"]))


# Ends


def _failure(reason: str, message: str) -> End:
    return End(True, reason, message, is_new=True)


def _policy_failure(job: Object, pods: Sequence[Object]) -> End | None:
    for pod in pods if job["spec"].get("podFailurePolicy") else ():
        if is_failed(job, pod):
            verdict = judge_failed_pod(job, pod)
            if verdict.message:
                return _failure("PodFailurePolicy", verdict.message)
    return None


def _limit_failure(plan: Plan, failed: int) -> End | None:
    spec = plan.job["spec"]
    if failed > spec["backoffLimit"] or _restarts_exceed(plan.job, plan.pods):
        return _failure("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    seconds, started = spec.get("activeDeadlineSeconds"), plan.status.get("startTime")
    if seconds is None or is_suspended(plan.job) or not started:
        return None
    left = parse_time(started) + seconds - plan.now
    if left <= 0:
        return _failure("DeadlineExceeded", "Job was active longer than specified deadline")
    plan.look_again_in.append(left)
    return None


def _restarts_exceed(job: Object, pods: Sequence[Object]) -> bool:
    """Pods that restart their containers themselves fail that often without ending."""
    if job["spec"]["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    restarts = 0
    for pod in pods:
        if phase_of(pod) in ("Running", "Pending"):
            status = pod["status"]
            containers = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
            restarts += sum(container.get("restartCount", 0) for container in containers)
    return restarts >= max(int(job["spec"]["backoffLimit"]), 1)


def _look_at_indexes(plan: Plan) -> None:
    job, status = plan.job, plan.status
    spec, completions = job["spec"], job["spec"]["completions"]
    valid = [pod for pod in plan.pods if is_tracked(pod) and plan.has_valid_index(pod)]
    plan.succeeded_before = Indexes.parse(status.get("completedIndexes", ""), completions)
    new = Indexes.of(index_of(pod) for pod in valid if phase_of(pod) == "Succeeded")
    plan.succeeded_indexes = plan.succeeded_before.merged(new)
    plan.succeeded = plan.succeeded_indexes.total
    if spec.get("backoffLimitPerIndex") is not None:
        new = Indexes.of(index_of(pod) for pod in valid if _fails_index(job, pod))
        plan.failed_indexes = Indexes.parse(status.get("failedIndexes") or "", completions).merged(new)
        plan.end = plan.end or _index_failure(plan, plan.failed_indexes.total)
        plan.waiting_for_replacement = _to_be_replaced(plan, valid, plan.failed_indexes)
    message = met_success_rule(job, plan.succeeded_indexes)
    if plan.end is None and message:
        plan.end = End(False, "SuccessPolicy", message, is_new=True)


def _fails_index(job: Object, pod: Object) -> bool:
    if not is_failed(job, pod):
        return False
    verdict = judge_failed_pod(job, pod)
    limit: int = job["spec"]["backoffLimitPerIndex"]
    return verdict.action == "FailIndex" or (verdict.counts and failure_counts(pod)[0] >= limit)


def _index_failure(plan: Plan, failed: int) -> End | None:
    spec = plan.job["spec"]
    limit = spec.get("maxFailedIndexes")
    if limit is not None and failed > limit:
        text = "Job has exceeded the specified maximal number of failed indexes"
        return _failure("MaxFailedIndexesExceeded", text)
    if failed and failed + plan.succeeded >= spec["completions"]:
        return _failure("FailedIndexes", "Job has failed indexes")
    return None


def _to_be_replaced(plan: Plan, valid: Sequence[Object], failed_indexes: Indexes) -> dict[int, Object]:
    """The last failed pod of each index that has no pod now and needs one."""
    settled = plan.succeeded_indexes.merged(failed_indexes).merged(Indexes.of(map(index_of, plan.active)))
    found: dict[int, Object] = {}
    for pod in valid:
        index = index_of(pod)
        if not is_failed(plan.job, pod) or settled.has(index):
            continue
        known = found.get(index)
        if known is None or _failed_later(known, pod):
            found[index] = pod
    return found


def _failed_later(known: Object, pod: Object) -> bool:
    counts = sum(failure_counts(known)), sum(failure_counts(pod))
    return counts[0] <= counts[1] and finished_at(known) <= finished_at(pod)


# Pods


def _manage(plan: Plan) -> None:
    """Delete pods that are too many, or make those that are missing; never both in one sync."""
    job, active = plan.job, len(plan.active)
    wanted = 0 if is_suspended(job) else _wanted(plan)
    surplus = _surplus(plan, max(0, active - wanted))
    if surplus or is_suspended(job):
        plan.delete, plan.release_deleted = surplus, True
        return
    terminating = sum(map(is_terminating, plan.pods)) if replaces_failed_only(job) else 0
    missing = wanted - terminating - active
    if missing <= 0:
        return
    if job["spec"].get("backoffLimitPerIndex") is None:
        left = plan.back_off.remaining(plan.now)
        if left > 0:
            plan.look_again_in.append(left)
            return
    missing = min(missing, PODS_A_SYNC_MAX)
    plan.create = _indexed_pods(plan, missing) if plan.indexed else [new_pod(job) for _ in range(missing)]


def _wanted(plan: Plan) -> int:
    """How many pods should be active."""
    completions, parallelism = plan.job["spec"].get("completions"), plan.job["spec"]["parallelism"]
    if completions is None:
        return len(plan.active) if plan.succeeded else int(parallelism)
    return max(0, min(int(parallelism), int(completions) - plan.succeeded))


def _surplus(plan: Plan, count: int) -> list[Object]:
    """At least that many of the active pods, with all that repeat an index or have no valid one."""
    surplus: list[Object] = []
    left: list[Object] = plan.active
    if plan.indexed:
        surplus = [pod for pod in plan.active if not plan.has_valid_index(pod)]
        best: dict[int, Object] = {}
        for pod in in_order_of_removal(plan.active):
            if plan.has_valid_index(pod):
                if index_of(pod) in best:
                    surplus.append(best[index_of(pod)])
                best[index_of(pod)] = pod
        left = list(best.values())
    surplus += in_order_of_removal(left)[: max(0, count - len(surplus))]
    return surplus if is_suspended(plan.job) else surplus[:PODS_A_SYNC_MAX]


def _indexed_pods(plan: Plan, count: int) -> list[Object]:
    """Pods for the first indexes that have none, as far as their own back-off lets them."""
    job = plan.job
    taken = plan.succeeded_indexes.merged(Indexes.of(map(index_of, filter(plan.has_valid_index, plan.active))))
    if replaces_failed_only(job):
        stopping = [pod for pod in plan.pods if is_terminating(pod) and plan.has_valid_index(pod)]
        taken = taken.merged(Indexes.of(map(index_of, stopping)))
    if plan.failed_indexes is not None:
        taken = taken.merged(plan.failed_indexes)
    pods: list[Object] = []
    waits: list[float] = []
    for _, index in zip(range(count), taken.missing(job["spec"]["completions"]), strict=False):
        failed = plan.waiting_for_replacement.get(index)
        left = index_back_off(failed).remaining(plan.now)
        if left > 0:
            waits.append(left)
        else:
            pods.append(new_pod(job, index, failed))
    # Upstream comes back for the others when these pods change; here it is made sure.
    plan.look_again_in += waits
    return pods
