"""ReplicationControllers; upstream: pkg/registry/core/replicationcontroller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from minikube_lite.api.columns import cell_column, format_labels, value_at
from minikube_lite.api.kinds.apps.replicas import (
    LIMITS,
    SELECTABLE_NAMES,
    ReplicasStrategy,
    replica_columns,
    selectable_fields,
)
from minikube_lite.api.kinds.apps.workload import (
    SPEC,
    TEMPLATE_LABELS_TEXT,
    WorkloadStatusStrategy,
    validate_lasting_template,
)
from minikube_lite.api.kinds.core.pod_fields import nonnegative
from minikube_lite.api.kinds.core.pod_spec import validate_pod_template
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext
from minikube_lite.machinery.selectors import selector_from_set
from minikube_lite.schema.field import FieldError, Path, invalid, required
from minikube_lite.store import Object

_COUNTERS = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration")


class ReplicationControllerStrategy(ReplicasStrategy):
    """Takes over its template's labels where it has none, and may change its selector."""

    def default(self, obj: Object) -> None:
        super().default(obj)
        labels = value_at(obj, (*self.template_path, "metadata", "labels"))
        if labels is not None:
            if not obj["spec"].get("selector"):
                obj["spec"]["selector"] = dict(labels)
            if not obj["metadata"].get("labels"):
                obj["metadata"]["labels"] = dict(labels)

    def spec_errors(self, spec: Object) -> Iterator[FieldError]:
        return validate_spec(spec)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        return validate_spec(new.get("spec") or {})


def validate_spec(spec: Object) -> Iterator[FieldError]:
    """The spec of a ReplicationController."""
    selector, template = spec.get("selector"), spec.get("template")
    yield from nonnegative(spec.get("minReadySeconds"), SPEC.child("minReadySeconds"))
    if not selector:
        yield required(SPEC.child("selector"))
    if spec.get("replicas") is None:
        yield required(SPEC.child("replicas"))
    yield from nonnegative(spec.get("replicas"), SPEC.child("replicas"))
    if template is None:
        yield required(SPEC.child("template"))
    else:
        yield from _validate_template(template, selector, SPEC.child("template"))


def _validate_template(template: Object, selector: Mapping[str, str] | None, path: Path) -> Iterator[FieldError]:
    labels = (template.get("metadata") or {}).get("labels")
    if selector and not selector_from_set(selector).matches(labels):
        yield invalid(path.child("metadata", "labels"), labels, TEMPLATE_LABELS_TEXT)
    yield from validate_pod_template(template, path)
    yield from validate_lasting_template(template, path, "ReplicationController")


def _selector(obj: Object) -> str:
    return format_labels(value_at(obj, ("spec", "selector")))


SELECTOR = cell_column(
    "Selector", _selector, priority=1, description=FieldText("io.k8s.api.core.v1.ReplicationControllerSpec", "selector")
)

STRATEGY = ReplicationControllerStrategy()

KIND = Kind(
    group="",
    plural="replicationcontrollers",
    strategy=STRATEGY,
    columns=(*replica_columns("io.k8s.api.core.v1.ReplicationController"), SELECTOR),
    status_strategy=WorkloadStatusStrategy(STRATEGY, _COUNTERS, LIMITS),
    selectable=selectable_fields,
    selectable_names=SELECTABLE_NAMES,
    replicas_paths={"v1": ("spec", "replicas")},
)
