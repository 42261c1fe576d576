"""The conditions of a Job: pure; upstream: newCondition, ensureJobConditionStatus, pkg/controller/job/util."""

from __future__ import annotations

from dataclasses import dataclass

from minikube_lite.clock import format_time
from minikube_lite.machinery.meta import find_condition
from minikube_lite.store import Object

COMPLETE, FAILED = "Complete", "Failed"
SUCCESS_CRITERIA_MET, FAILURE_TARGET = "SuccessCriteriaMet", "FailureTarget"
"""Each stands there before the end that it announces, while pods are still being counted and stopped."""
SUSPENDED = "Suspended"


@dataclass(frozen=True, slots=True)
class End:
    """How a Job is to end. `is_new`: no condition announces it yet."""

    failed: bool
    reason: str
    message: str
    is_new: bool

    @property
    def announced_by(self) -> str:
        """The condition that announces it."""
        return FAILURE_TARGET if self.failed else SUCCESS_CRITERIA_MET

    @property
    def condition_type(self) -> str:
        """The condition that says it."""
        return FAILED if self.failed else COMPLETE


def is_true(job: Object, condition_type: str) -> bool:
    """Whether the Job has that condition."""
    condition = find_condition(job, condition_type)
    return condition is not None and condition["status"] == "True"


def finished_condition(job: Object) -> Object | None:
    """The condition that says that the Job is over."""
    for condition in job.get("status", {}).get("conditions") or ():
        if condition["type"] in (COMPLETE, FAILED) and condition["status"] == "True":
            return condition  # type: ignore[no-any-return]
    return None


def announced_end(job: Object) -> End | None:
    """The end that an earlier sync has decided."""
    for condition_type in (SUCCESS_CRITERIA_MET, FAILURE_TARGET):
        condition = find_condition(job, condition_type)
        if condition is not None and condition["status"] == "True":
            reason, message = condition.get("reason", ""), condition.get("message", "")
            return End(condition_type == FAILURE_TARGET, reason, message, is_new=False)
    return None


def set_condition(status: Object, condition_type: str, value: bool, reason: str, message: str, now: float) -> bool:
    """Make the status say it; one that was never there need not be denied. Whether something changed."""
    conditions: list[Object] = list(status.get("conditions") or ())
    time = format_time(now)
    condition = {
        "type": condition_type,
        "status": "True" if value else "False",
        "reason": reason,
        "message": message,
        "lastProbeTime": time,
        "lastTransitionTime": time,
    }
    places = [place for place, known in enumerate(conditions) if known["type"] == condition_type]
    if places:
        known = conditions[places[0]]
        if all(known.get(part, "") == condition[part] for part in ("status", "reason", "message")):
            return False
        conditions[places[0]] = condition
    elif not value:
        return False
    else:
        conditions.append(condition)
    status["conditions"] = conditions
    return True
