"""ReplicaSets; upstream: pkg/registry/apps/replicaset and pkg/apis/apps/validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from minikube_lite.api.columns import AGE, NAME, number_column, selector_column, template_columns, value_at
from minikube_lite.api.kinds.apps.workload import (
    SPEC,
    WorkloadStatusStrategy,
    WorkloadStrategy,
    is_selector_valid,
    replica_limits,
    validate_replica_template,
    validate_selector,
)
from minikube_lite.api.kinds.core.pod_fields import nonnegative_fields
from minikube_lite.machinery.kind import Kind
from minikube_lite.schema.field import FieldError, invalid
from minikube_lite.store import Object

_COUNTERS = (
    "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration",
    "terminatingReplicas",
)  # fmt: skip


class ReplicaSetStrategy(WorkloadStrategy):
    """A number of pods from one template."""

    initial_status = ("replicas",)
    warns_of_name = True

    def default_spec(self, spec: Object) -> None:
        if spec.get("replicas") is None:
            spec["replicas"] = 1

    def spec_errors(self, spec: Object) -> Iterator[FieldError]:
        return validate_spec(spec)


def validate_spec(spec: Object) -> Iterator[FieldError]:
    """The spec of a ReplicaSet; where the selector is empty, upstream speaks of a deployment."""
    yield from nonnegative_fields(spec, ("replicas", "minReadySeconds"), SPEC)
    selector = spec.get("selector")
    yield from validate_selector(selector, SPEC.child("selector"), "deployment")
    if is_selector_valid(selector):
        place = SPEC.child("template")
        yield from validate_replica_template(spec.get("template") or {}, selector, place, "ReplicaSet")
    else:
        yield invalid(SPEC.child("selector"), selector, "invalid label selector")


def selectable_fields(obj: Object) -> Mapping[str, str]:
    """What field selectors may ask of a ReplicaSet."""
    return {"status.replicas": str(value_at(obj, ("status", "replicas"), 0))}


COLUMNS = (
    NAME,
    number_column("Desired", "spec", "replicas", description="How many pods are wanted."),
    number_column("Current", "status", "replicas", description="How many pods there are."),
    number_column("Ready", "status", "readyReplicas", description="How many pods are ready."),
    AGE,
    *template_columns("spec", "template"),
    selector_column("spec", "selector"),
)

STRATEGY = ReplicaSetStrategy()

KIND = Kind(
    group="apps",
    plural="replicasets",
    strategy=STRATEGY,
    columns=COLUMNS,
    status_strategy=WorkloadStatusStrategy(
        STRATEGY, _COUNTERS, replica_limits("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    ),
    selectable=selectable_fields,
    selectable_names=("status.replicas",),
    emulated=False,
)
