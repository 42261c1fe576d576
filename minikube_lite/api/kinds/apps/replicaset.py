"""ReplicaSets; upstream: pkg/registry/apps/replicaset and pkg/apis/apps/validation."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.columns import selector_column
from minikube_lite.api.kinds.apps.replicas import (
    LIMITS,
    SELECTABLE_NAMES,
    ReplicasStrategy,
    replica_columns,
    selectable_fields,
)
from minikube_lite.api.kinds.apps.workload import (
    SPEC,
    WorkloadStatusStrategy,
    is_selector_valid,
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


class ReplicaSetStrategy(ReplicasStrategy):
    """All writes."""

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


STRATEGY = ReplicaSetStrategy()

KIND = Kind(
    group="apps",
    plural="replicasets",
    strategy=STRATEGY,
    columns=(
        *replica_columns("io.k8s.api.apps.v1.ReplicaSet"),
        selector_column("io.k8s.api.apps.v1.ReplicaSetSpec", "spec", "selector"),
    ),
    status_strategy=WorkloadStatusStrategy(STRATEGY, _COUNTERS, LIMITS),
    selectable=selectable_fields,
    selectable_names=SELECTABLE_NAMES,
    replicas_paths={f"apps/{version}": ("spec", "replicas") for version in ("v1beta2", "v1")},
)
