"""Questions about the pods of a Job, and the pods that it makes: pure; upstream: job_controller.go, indexed_job_utils.go."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.clock import parse_time
from minikube_lite.controllers.job.policies import judge_failed_pod
from minikube_lite.controllers.pod_control import pod_from_template
from minikube_lite.machinery.meta import find_condition, is_deleting, is_pod_ready, is_pod_terminal
from minikube_lite.machinery.resources import JOBS
from minikube_lite.store import Object

KIND = "Job"
TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX_ANNOTATION = "batch.kubernetes.io/job-completion-index"
FAILURES_ANNOTATION = "batch.kubernetes.io/job-index-failure-count"
IGNORED_FAILURES_ANNOTATION = "batch.kubernetes.io/job-index-ignored-failure-count"
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
NO_INDEX = -1
GENERATED_PREFIX_LENGTH_MAX = 58

_PHASE_ORDER = {"Pending": 0, "Unknown": 1, "Running": 2}


def is_tracked(pod: Object) -> bool:
    """Whether the pod still has to be counted."""
    return TRACKING_FINALIZER in (pod["metadata"].get("finalizers") or ())


def is_active(pod: Object) -> bool:
    """Whether the pod works, or will."""
    return not is_pod_terminal(pod) and not is_deleting(pod)


def is_terminating(pod: Object) -> bool:
    """Whether the pod was deleted and has not ended yet."""
    return is_deleting(pod) and not is_pod_terminal(pod)


def phase_of(pod: Object) -> str:
    """The phase."""
    return str(pod.get("status", {}).get("phase", ""))


def replaces_failed_only(job: Object) -> bool:
    """Whether a pod that is being deleted is replaced only after it ended."""
    spec = job["spec"]
    return spec.get("podReplacementPolicy") == "Failed" or spec.get("podFailurePolicy") is not None


def is_failed(job: Object, pod: Object) -> bool:
    """Whether the pod counts as failed; one that is being deleted may never get to say so itself."""
    if phase_of(pod) == "Failed":
        return True
    return not replaces_failed_only(job) and is_deleting(pod) and phase_of(pod) != "Succeeded"


def index_of(pod: Object) -> int:
    """The completion index, NO_INDEX where it has none."""
    text = (pod["metadata"].get("annotations") or {}).get(INDEX_ANNOTATION, "")
    return int(text) if text.isascii() and text.isdigit() else NO_INDEX


def failure_counts(pod: Object) -> tuple[int, int]:
    """How often its index failed before, and how often that was ignored."""
    annotations = pod["metadata"].get("annotations") or {}
    texts = [annotations.get(key, "") for key in (FAILURES_ANNOTATION, IGNORED_FAILURES_ANNOTATION)]
    failures, ignored = (int(text) if text.isascii() and text.isdigit() else 0 for text in texts)
    return failures, ignored


def finished_at(pod: Object) -> float:
    """When the pod ended: by its containers, else by its Ready condition, its deletion, or its creation."""
    status, metadata = pod.get("status", {}), pod["metadata"]
    names = [spec["name"] for spec in pod["spec"].get("initContainers") or () if spec.get("restartPolicy") == "Always"]
    sidecars = [one for one in status.get("initContainerStatuses") or () if one["name"] in names]
    containers = (*(status.get("containerStatuses") or ()), *sidecars)
    ends: list[str] = [(one["state"].get("terminated") or {}).get("finishedAt") or "" for one in containers]
    if ends and all(ends):
        return max(map(parse_time, ends))
    ready = find_condition(pod, "Ready")
    if ready is not None and ready["status"] == "False" and ready.get("lastTransitionTime"):
        return parse_time(ready["lastTransitionTime"])
    if is_deleting(pod):
        return parse_time(metadata["deletionTimestamp"]) - (metadata.get("deletionGracePeriodSeconds") or 0)
    return parse_time(metadata["creationTimestamp"])


def in_order_of_removal(pods: Iterable[Object]) -> list[Object]:
    """Which of the active pods are missed least first; upstream: controller.ActivePods."""
    return sorted(pods, key=_removal_order)


def _removal_order(pod: Object) -> tuple[bool, int, bool, float, int, float]:
    status, ready = pod.get("status", {}), is_pod_ready(pod)
    condition = find_condition(pod, "Ready") or {}
    since = parse_time(condition["lastTransitionTime"]) if ready and condition.get("lastTransitionTime") else 0.0
    restarts = max((one.get("restartCount", 0) for one in status.get("containerStatuses") or ()), default=0)
    created = parse_time(pod["metadata"]["creationTimestamp"])
    phase = _PHASE_ORDER.get(phase_of(pod), 0)
    return bool(pod["spec"].get("nodeName")), phase, ready, -since, -restarts, -created


def new_pod(job: Object, index: int = NO_INDEX, replaced: Object | None = None) -> Object:
    """A pod of the Job, of that index; `replaced` is the failed pod whose failures it goes on counting."""
    pod = pod_from_template(job, JOBS, KIND, job["spec"]["template"])
    metadata, spec = pod["metadata"], pod["spec"]
    finalizers = metadata.setdefault("finalizers", [])
    if TRACKING_FINALIZER not in finalizers:
        finalizers.append(TRACKING_FINALIZER)
    if index == NO_INDEX:
        return pod
    name, suffix = job["metadata"]["name"], f"-{index}-"
    metadata["generateName"] = name[: GENERATED_PREFIX_LENGTH_MAX - len(suffix)] + suffix
    metadata["labels"][INDEX_ANNOTATION] = str(index)
    annotations = metadata.setdefault("annotations", {})
    annotations[INDEX_ANNOTATION] = str(index)
    spec["hostname"] = f"{name}-{index}"
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        variables = container["env"] = container.get("env") or []
        if all(variable["name"] != INDEX_VARIABLE for variable in variables):
            field = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX_ANNOTATION}']"}}
            variables.append({"name": INDEX_VARIABLE, "valueFrom": field})
    if job["spec"].get("backoffLimitPerIndex") is not None:
        _count_failures(job, annotations, replaced)
    return pod


def _count_failures(job: Object, annotations: dict[str, str], replaced: Object | None) -> None:
    failures = ignored = 0
    if replaced is not None:
        failures, ignored = failure_counts(replaced)
        counts = judge_failed_pod(job, replaced).counts
        failures, ignored = failures + counts, ignored + (not counts)
    annotations[FAILURES_ANNOTATION] = str(failures)
    if ignored:
        annotations[IGNORED_FAILURES_ANNOTATION] = str(ignored)
