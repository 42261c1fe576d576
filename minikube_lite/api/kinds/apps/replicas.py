"""What ReplicaSets share with ReplicationControllers, which were there before them; upstream: pkg/apis/core and pkg/apis/apps."""

from __future__ import annotations

from collections.abc import Mapping

from minikube_lite.api.columns import AGE, NAME, number_column, template_columns, value_at
from minikube_lite.api.kinds.apps.workload import WorkloadStrategy, replica_limits
from minikube_lite.store import Object

SELECTABLE_NAMES = ("status.replicas",)
LIMITS = replica_limits("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
COLUMNS = (
    NAME,
    number_column("Desired", "spec", "replicas", description="How many pods are wanted."),
    number_column("Current", "status", "replicas", description="How many pods there are."),
    number_column("Ready", "status", "readyReplicas", description="How many pods are ready."),
    AGE,
    *template_columns("spec", "template"),
)
"""All but the selector's, which is of another type in each."""


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
