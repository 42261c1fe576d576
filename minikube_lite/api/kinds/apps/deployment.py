"""Deployments; upstream: pkg/registry/apps/deployment and pkg/apis/apps/validation."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.columns import AGE, NAME, cell_column, template_columns, value_at
from minikube_lite.api.kinds.apps.workload import (
    SPEC,
    WorkloadStatusStrategy,
    WorkloadStrategy,
    amount,
    at_most_all,
    int_or_percent,
    is_selector_valid,
    replica_limits,
    replicas_column,
    rolling_strategy_as_go_shows,
    validate_replica_template,
    validate_selector,
)
from minikube_lite.api.kinds.core.pod_fields import nonnegative, nonnegative_fields
from minikube_lite.machinery.kind import Column, FieldText, Kind
from minikube_lite.machinery.selectors import SelectorError, label_selector_as_selector
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required
from minikube_lite.store import Object

_STRATEGIES = ("Recreate", "RollingUpdate")
_COUNTERS = (
    "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas",
    "terminatingReplicas", "collisionCount",
)  # fmt: skip


class DeploymentStrategy(WorkloadStrategy):
    """A change of annotations counts as a generation too, as they were once part of rollbacks."""

    warns_of_name = True

    def default_spec(self, spec: Object) -> None:
        for name, value in (("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)):
            if spec.get(name) is None:
                spec[name] = value
        strategy = spec["strategy"] = dict(spec.get("strategy") or {})
        if not strategy.get("type"):
            strategy["type"] = "RollingUpdate"
        if strategy["type"] == "RollingUpdate":
            rolling = strategy["rollingUpdate"] = dict(strategy.get("rollingUpdate") or {})
            for name in ("maxUnavailable", "maxSurge"):
                if rolling.get(name) is None:
                    rolling[name] = "25%"

    def spec_errors(self, spec: Object) -> Iterator[FieldError]:
        return validate_spec(spec)

    def generation_changes(self, new: Object, old: Object) -> bool:
        after, before = (obj["metadata"].get("annotations") or {} for obj in (new, old))
        return super().generation_changes(new, old) or after != before


def validate_spec(spec: Object) -> Iterator[FieldError]:
    """The spec of a Deployment."""
    yield from nonnegative(spec.get("replicas"), SPEC.child("replicas"))
    selector = spec.get("selector")
    yield from validate_selector(selector, SPEC.child("selector"), "deployment")
    if is_selector_valid(selector):
        place = SPEC.child("template")
        yield from validate_replica_template(spec.get("template") or {}, selector, place, "ReplicaSet")
    else:
        yield invalid(SPEC.child("selector"), selector, "invalid label selector")
    yield from _validate_strategy(spec.get("strategy") or {}, SPEC.child("strategy"))
    names = ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    yield from nonnegative_fields(spec, names, SPEC)
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= (spec.get("minReadySeconds") or 0):
        yield invalid(SPEC.child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds")


def _validate_strategy(strategy: Object, path: Path) -> Iterator[FieldError]:
    sort, rolling, place = strategy.get("type") or "", strategy.get("rollingUpdate"), path.child("rollingUpdate")
    if sort not in _STRATEGIES:
        yield not_supported(path, rolling_strategy_as_go_shows(sort, rolling), _STRATEGIES)
    elif sort == "Recreate":
        if rolling is not None:
            yield forbidden(place, "may not be specified when strategy `type` is 'Recreate'")
    elif rolling is None:
        yield required(place, "this should be defaulted and never be nil")
    else:
        unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
        yield from int_or_percent(unavailable, place.child("maxUnavailable"))
        yield from int_or_percent(surge, place.child("maxSurge"))
        if amount(unavailable) == 0 and amount(surge) == 0:
            yield invalid(place.child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0")
        yield from at_most_all(unavailable, place.child("maxUnavailable"))


def _selector(obj: Object) -> str:
    try:
        return str(label_selector_as_selector(value_at(obj, ("spec", "selector"))))
    except SelectorError:
        return "<invalid>"


COLUMNS = (
    NAME,
    Column("Ready", replicas_column("spec", "replicas"), description="Number of the pod with ready state"),
    Column(
        "Up-to-date",
        lambda obj, _now: value_at(obj, ("status", "updatedReplicas"), 0),
        description=FieldText("io.k8s.api.apps.v1.DeploymentStatus", "updatedReplicas"),
    ),
    Column(
        "Available",
        lambda obj, _now: value_at(obj, ("status", "availableReplicas"), 0),
        description=FieldText("io.k8s.api.apps.v1.DeploymentStatus", "availableReplicas"),
    ),
    AGE,
    *template_columns("spec", "template"),
    cell_column(
        "Selector", _selector, priority=1, description=FieldText("io.k8s.api.apps.v1.DeploymentSpec", "selector")
    ),
)

STRATEGY = DeploymentStrategy()

KIND = Kind(
    group="apps",
    plural="deployments",
    strategy=STRATEGY,
    columns=COLUMNS,
    status_strategy=WorkloadStatusStrategy(
        STRATEGY,
        _COUNTERS,
        replica_limits("updatedReplicas", "readyReplicas", "availableReplicas"),
        kept_metadata=("labels",),
    ),
    replicas_paths={f"apps/{version}": ("spec", "replicas") for version in ("v1beta1", "v1beta2", "v1")},
)
