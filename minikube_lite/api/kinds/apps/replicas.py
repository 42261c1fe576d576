"""What ReplicaSets share with ReplicationControllers, which were there before them; upstream: pkg/apis/core and pkg/apis/apps."""

from __future__ import annotations

from collections.abc import Mapping

from minikube_lite.api.columns import AGE, NAME, number_column, template_columns, value_at
from minikube_lite.api.kinds.apps.workload import WorkloadStrategy, replica_limits
from minikube_lite.machinery.kind import Column, FieldText
from minikube_lite.store import Object

SELECTABLE_NAMES = ("status.replicas",)
LIMITS = replica_limits("fullyLabeledReplicas", "readyReplicas", "availableReplicas")


def replica_columns(type_name: str) -> tuple[Column, ...]:
    """All columns but the selector's; `type_name` is the kind's type, as in OpenAPI."""
    spec, status = f"{type_name}Spec", f"{type_name}Status"
    return (
        NAME,
        number_column("Desired", "spec", "replicas", description=FieldText(spec, "replicas")),
        number_column("Current", "status", "replicas", description=FieldText(status, "replicas")),
        number_column("Ready", "status", "readyReplicas", description=FieldText(status, "readyReplicas")),
        AGE,
        *template_columns("spec", "template"),
    )


class ReplicasStrategy(WorkloadStrategy):
    """A number of pods from one template, one if nobody says."""

    initial_status = ("replicas",)
    warns_of_name = True

    def default_spec(self, spec: Object) -> None:
        if spec.get("replicas") is None:
            spec["replicas"] = 1


def selectable_fields(obj: Object) -> Mapping[str, str]:
    """What field selectors may ask beside name and namespace."""
    return {"status.replicas": str(value_at(obj, ("status", "replicas"), 0))}
