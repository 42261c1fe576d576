"""Jobs; upstream: pkg/registry/batch/job and pkg/apis/batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from minikube_lite.api.columns import AGE, NAME, cell_column, selector_column, template_columns, value_at
from minikube_lite.api.kinds.apps.workload import SPEC, WorkloadStrategy
from minikube_lite.api.kinds.batch.job_status import JobStatusStrategy
from minikube_lite.api.kinds.batch.job_validation import (
    COMPLETIONS_SOFT_LIMIT,
    MANY_COMPLETIONS_PARALLELISM_MAX,
    validate_job_spec,
)
from minikube_lite.api.kinds.core.pod_fields import INT32_MAX
from minikube_lite.clock import parse_time
from minikube_lite.machinery.ages import human_duration
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.kind import Column, FieldText, Kind, RequestContext
from minikube_lite.machinery.meta import find_condition, is_deleting
from minikube_lite.machinery.metadata import FIELD_IS_IMMUTABLE, validate_immutable_field
from minikube_lite.machinery.names import is_dns1123_label
from minikube_lite.machinery.selectors import SelectorError, label_selector_as_selector
from minikube_lite.schema.field import FieldError, Path, invalid, required
from minikube_lite.store import Object

LABEL_CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
LABEL_JOB_NAME = "batch.kubernetes.io/job-name"
LABEL_LEGACY_CONTROLLER_UID = "controller-uid"
LABEL_LEGACY_JOB_NAME = "job-name"

_IMMUTABLE = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
_SCHEDULING = ("nodeSelector", "tolerations", "schedulingGates")
_TRACKING_TEXT = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4,"
    " Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
)


class JobStrategy(WorkloadStrategy):
    """A Job's selector is made for it, and little of it changes afterwards."""

    warns_of_name = True

    def default(self, obj: Object) -> None:
        super().default(obj)
        metadata, labels = obj["metadata"], value_at(obj, (*self.template_path, "metadata", "labels"))
        if labels is not None and not metadata.get("labels"):
            # The same map, as upstream shares it: what the template gets later, the Job gets too.
            metadata["labels"] = labels

    def default_spec(self, spec: Object) -> None:
        default_job_spec(spec)

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        super().prepare_for_create(context, obj)
        if not obj["spec"].get("manualSelector"):
            generate_selector(obj)

    def validate(self, context: RequestContext, obj: Object) -> Iterator[FieldError]:
        return validate_job(obj)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        yield from validate_job(new)
        yield from _validate_spec_update(new, old)

    def allocate(self, context: RequestContext, obj: Object, old: Object | None) -> None:
        if old is None and not obj["metadata"].get("labels"):
            # What is stored is filled in again when it is read; so a Job without labels shows its template's.
            obj["metadata"]["labels"] = dict(obj["spec"]["template"]["metadata"].get("labels") or {})

    def _template_warnings(self, obj: Object) -> Iterator[str]:
        yield from job_spec_warnings(obj.get("spec") or {})
        yield from super()._template_warnings(obj)


def default_job_spec(spec: Object) -> None:
    """Fill in a Job's spec."""
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    per_index = spec.get("backoffLimitPerIndex") is not None
    with_failures = spec.get("podFailurePolicy") is not None
    defaults = {
        "parallelism": 1,
        "backoffLimit": INT32_MAX if per_index else 6,
        "completionMode": "NonIndexed",
        "suspend": False,
        "podReplacementPolicy": "Failed" if with_failures else "TerminatingOrFailed",
        "manualSelector": False,
    }
    for name, value in defaults.items():
        if spec.get(name) is None:
            spec[name] = value
    default_failure_policy(spec)


def default_failure_policy(spec: Object) -> None:
    """Patterns ask for conditions that are True."""
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"


def generate_selector(job: Object) -> None:
    """Give the Job's pods labels that no other Job's have, and select them."""
    metadata, spec = job["metadata"], job["spec"]
    template = spec.setdefault("template", {})
    labels = (template.setdefault("metadata", {})).get("labels")
    shared = labels is not None and labels == metadata.get("labels")
    is_shared = labels is not None and (labels is metadata.get("labels") or (shared and "generateName" in metadata))
    made = dict(labels or {})
    name, uid = metadata.get("name") or "", metadata.get("uid") or ""
    keys = (LABEL_CONTROLLER_UID, LABEL_JOB_NAME, LABEL_LEGACY_CONTROLLER_UID, LABEL_LEGACY_JOB_NAME)
    for key, value in zip(keys, (uid, name, uid, name), strict=True):
        made.setdefault(key, value)
    template["metadata"]["labels"] = made
    if is_shared:
        metadata["labels"] = dict(made)
    selector = spec["selector"] = dict(spec.get("selector") or {})
    selector["matchLabels"] = {LABEL_CONTROLLER_UID: uid, **(selector.get("matchLabels") or {})}


def job_spec_warnings(spec: Object) -> Iterator[str]:
    """Of a Job that is too large to be followed."""
    large = (spec.get("completions") or 0) > COMPLETIONS_SOFT_LIMIT
    wide = (spec.get("parallelism") or 0) > MANY_COMPLETIONS_PARALLELISM_MAX
    if spec.get("completionMode") == "Indexed" and large and wide:
        yield _TRACKING_TEXT


def validate_job(job: Object) -> Iterator[FieldError]:
    """A Job, on creation and on update."""
    spec, name = job.get("spec") or {}, job["metadata"].get("name") or ""
    if not spec.get("manualSelector") and spec.get("selector") is not None:
        yield from _validate_generated(job, spec)
    yield from validate_job_spec(spec, SPEC)
    completions = spec.get("completions") or 0
    if spec.get("completionMode") == "Indexed" and completions > 0:
        host = f"{name}-{completions - 1}"
        if is_dns1123_label(host):
            text = f"will not able to create pod with invalid DNS label: {host}"
            yield invalid(Path("metadata.name"), name, text)


def _validate_generated(job: Object, spec: Object) -> Iterator[FieldError]:
    """Labels and selector are those that were generated."""
    metadata, labels = job["metadata"], value_at(job, ("spec", "template", "metadata", "labels"), {})
    expected = {
        LABEL_LEGACY_CONTROLLER_UID: metadata.get("uid") or "",
        LABEL_LEGACY_JOB_NAME: metadata.get("name") or "",
        LABEL_CONTROLLER_UID: metadata.get("uid") or "",
        LABEL_JOB_NAME: metadata.get("name") or "",
    }
    path = SPEC.child("template", "metadata", "labels")
    for key, value in expected.items():
        if key not in labels:
            yield required(path.key(key), f"must be '{value}'")
        elif labels[key] != value:
            yield invalid(path.key(key), labels, f"must be '{value}'")
    try:
        matches = label_selector_as_selector(spec["selector"]).matches(expected)
    except SelectorError:
        return
    if not matches:
        yield invalid(SPEC.child("selector"), spec["selector"], "`selector` not auto-generated")


def _validate_spec_update(new: Object, old: Object) -> Iterator[FieldError]:
    after, before = new.get("spec") or {}, old.get("spec") or {}
    yield from validate_job_spec(after, SPEC)
    yield from _validate_completions(after, before)
    yield from _unchanged(after.get("selector"), before.get("selector"), SPEC.child("selector"))
    yield from _validate_template_update(after, old)
    for name in _IMMUTABLE:
        yield from _unchanged(after.get(name), before.get(name), SPEC.child(name))


def _unchanged(new: object, old: object, path: Path) -> Iterator[FieldError]:
    if not same(new, old):
        yield from validate_immutable_field(new, old, path)


def _validate_completions(new: Object, old: Object) -> Iterator[FieldError]:
    path, value = SPEC.child("completions"), new.get("completions")
    if new.get("completionMode") != "Indexed":
        yield from _unchanged(value, old.get("completions"), path)
    elif value is not None and value != old.get("completions") and value != new.get("parallelism"):
        yield invalid(path, value, "can only be modified in tandem with spec.parallelism")


def _validate_template_update(spec: Object, old: Object) -> Iterator[FieldError]:
    """While a Job is suspended and runs nothing, where its pods may go and what they may use can change."""
    template, before = spec.get("template") or {}, (old.get("spec") or {}).get("template") or {}
    is_mutable = _may_change_template(old)
    if is_mutable:
        before = _with_new_directives(template, before)
    if not is_mutable:
        yield from _unchanged(template, before, SPEC.child("template"))
        return
    after_spec = template.get("spec") or {}
    if not same(after_spec, _with_new_resources(after_spec, before.get("spec") or {})):
        yield invalid(SPEC.child("template", "spec"), after_spec, FIELD_IS_IMMUTABLE)


def _may_change_template(job: Object) -> bool:
    spec, status = job.get("spec") or {}, job.get("status") or {}
    suspended = find_condition(job, "Suspended")
    stopped = not status.get("startTime") or (suspended is not None and suspended["status"] == "True")
    return bool(spec.get("suspend")) and stopped and not status.get("active")


def _with_new_directives(new: Object, old: Object) -> Object:
    """The old template with the new one's labels, annotations and scheduling directives."""
    after, spec = new.get("spec") or {}, dict(old.get("spec") or {})
    for name in _SCHEDULING:
        spec[name] = after.get(name)
    affinity, wanted = dict(spec.get("affinity") or {}), after.get("affinity") or {}
    affinity["nodeAffinity"] = wanted.get("nodeAffinity")
    spec["affinity"] = {name: value for name, value in affinity.items() if value is not None}
    return {"metadata": new.get("metadata"), "spec": spec}


def _with_new_resources(new: Object, old: Object) -> Object:
    spec = dict(old)
    for name in ("containers", "initContainers"):
        after, before = new.get(name) or (), old.get(name) or ()
        if len(after) == len(before):
            spec[name] = [
                {**item, "resources": other.get("resources")} if item.get("name") == other.get("name") else item
                for item, other in zip(before, after, strict=True)
            ]
    return spec


# Columns


def _status(job: Object) -> str:
    for sort in ("Complete", "Failed", "", "Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if not sort:
            if is_deleting(job):
                return "Terminating"
            continue
        condition = find_condition(job, sort)
        if condition is not None and condition["status"] == "True":
            return sort
    return "Running"


def _completions(job: Object) -> str:
    succeeded, wanted = value_at(job, ("status", "succeeded"), 0), value_at(job, ("spec", "completions"))
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    parallelism = value_at(job, ("spec", "parallelism"), 0)
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(job: Object, now: float) -> str:
    started, completed = (value_at(job, ("status", name)) for name in ("startTime", "completionTime"))
    if not started:
        return ""
    return human_duration((parse_time(completed) if completed else now) - parse_time(started))


def selectable_fields(job: Object) -> Mapping[str, str]:
    """What field selectors may ask of a Job."""
    return {"status.successful": str(value_at(job, ("status", "succeeded"), 0))}


COLUMNS = (
    NAME,
    cell_column("Status", _status, description="Status of the job."),
    cell_column("Completions", _completions, description=FieldText("io.k8s.api.batch.v1.JobStatus", "succeeded")),
    Column("Duration", _duration, description="Time required to complete the job."),
    AGE,
    *template_columns("spec", "template"),
    selector_column("io.k8s.api.batch.v1.JobSpec", "spec", "selector"),
)

STRATEGY = JobStrategy()

KIND = Kind(
    group="batch",
    plural="jobs",
    strategy=STRATEGY,
    columns=COLUMNS,
    status_strategy=JobStatusStrategy(STRATEGY),
    selectable=selectable_fields,
    selectable_names=("status.successful",),
)
