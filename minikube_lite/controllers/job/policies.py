"""What a Job's own policies say of failed pods and of succeeded indexes: pure; upstream: pod_failure_policy.go, success_policy.go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from minikube_lite.controllers.job.indexes import Indexes
from minikube_lite.store import Object

Action = Literal["", "Ignore", "FailIndex", "Count", "FailJob"]


class Verdict(NamedTuple):
    """What a failed pod means. `message` says why the whole Job fails, where it does."""

    action: Action = ""
    message: str = ""

    @property
    def counts(self) -> bool:
        """Whether the failure counts against the back-off limits."""
        return self.action != "Ignore"


def judge_failed_pod(job: Object, pod: Object) -> Verdict:
    """The first rule of the Job's podFailurePolicy that the pod matches."""
    policy = job["spec"].get("podFailurePolicy") or {}
    for position, rule in enumerate(policy.get("rules") or ()):
        action, why = rule["action"], ""
        if rule.get("onExitCodes") is not None:
            why = _exit_text(pod, rule["onExitCodes"])
        elif rule.get("onPodConditions"):
            why = _condition_text(pod, rule["onPodConditions"])
        if why:
            message = f"{why} matching {action} rule at index {position}"
            return Verdict(action, message if action == "FailJob" else "")
    return Verdict()


def _exit_text(pod: Object, requirement: Object) -> str:
    """The container that ended with one of those codes; "" where none did."""
    status, values = pod.get("status", {}), requirement.get("values") or ()
    wanted = requirement.get("containerName")
    for container in (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())):
        ended = container["state"].get("terminated")
        if ended is None or not ended["exitCode"] or wanted not in (None, container["name"]):
            continue
        if (ended["exitCode"] in values) == (requirement["operator"] == "In"):
            name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
            return f"Container {container['name']} for pod {name} failed with exit code {ended['exitCode']}"
    return ""


def _condition_text(pod: Object, patterns: Sequence[Object]) -> str:
    """The pod's first condition that one of the patterns means; "" where none does."""
    wanted = [(pattern["type"], pattern["status"]) for pattern in patterns]
    for condition in pod.get("status", {}).get("conditions") or ():
        if (condition["type"], condition["status"]) in wanted:
            name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
            return f"Pod {name} has condition {condition['type']}"
    return ""


def met_success_rule(job: Object, succeeded: Indexes) -> str:
    """Which rule of the Job's successPolicy is met, in the words of a condition; "" for none."""
    policy = job["spec"].get("successPolicy") or {}
    if not succeeded:
        return ""
    for position, rule in enumerate(policy.get("rules") or ()):
        count = rule.get("succeededCount")
        met = count is not None and succeeded.total >= count
        if rule.get("succeededIndexes") is not None:
            needed = Indexes.parse(rule["succeededIndexes"], job["spec"]["completions"])
            common = needed.common(succeeded)
            met = bool(needed) and (common == needed.total or (count is not None and common >= count))
        if met:
            return f"Matched rules at index {position}"
    return ""
