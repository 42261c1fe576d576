"""DaemonSets; upstream: pkg/registry/apps/daemonset and pkg/apis/apps/validation."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.columns import (
    AGE,
    NAME,
    cell_column,
    format_labels,
    number_column,
    selector_column,
    template_columns,
    value_at,
)
from minikube_lite.api.kinds.apps.workload import (
    SPEC,
    WorkloadStatusStrategy,
    WorkloadStrategy,
    amount,
    at_most_all,
    int_or_percent,
    rolling_strategy_as_go_shows,
    selector_fault,
    validate_lasting_template,
    validate_selector_unchanged,
)
from minikube_lite.api.kinds.core.pod_fields import nonnegative
from minikube_lite.api.kinds.core.pod_spec import validate_pod_template
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext
from minikube_lite.machinery.selectors import validate_label_selector
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required
from minikube_lite.store import Object

ANNOTATION_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"

_STRATEGIES = ("RollingUpdate", "OnDelete")
_COUNTERS = (
    "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "observedGeneration",
    "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount",
)  # fmt: skip


class DaemonSetStrategy(WorkloadStrategy):
    """Counts changes of its template in an annotation, where a field of old versions went."""

    initial_status = _COUNTERS[:4]

    def default(self, obj: Object) -> None:
        super().default(obj)
        metadata = obj["metadata"]
        metadata["annotations"] = {ANNOTATION_TEMPLATE_GENERATION: "0", **(metadata.get("annotations") or {})}

    def default_spec(self, spec: Object) -> None:
        strategy = spec["updateStrategy"] = dict(spec.get("updateStrategy") or {})
        if not strategy.get("type"):
            strategy["type"] = "RollingUpdate"
        if strategy["type"] == "RollingUpdate":
            rolling = strategy["rollingUpdate"] = dict(strategy.get("rollingUpdate") or {})
            for name, value in (("maxUnavailable", 1), ("maxSurge", 0)):
                if rolling.get(name) is None:
                    rolling[name] = value
        if spec.get("revisionHistoryLimit") is None:
            spec["revisionHistoryLimit"] = 10

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        super().prepare_for_create(context, obj)
        obj["metadata"]["annotations"][ANNOTATION_TEMPLATE_GENERATION] = str(max(template_generation(obj), 1))

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        generation = template_generation(old)
        if not same(value_at(new, self.template_path), value_at(old, self.template_path)):
            generation += 1
        new["metadata"]["annotations"][ANNOTATION_TEMPLATE_GENERATION] = str(generation)

    def spec_errors(self, spec: Object) -> Iterator[FieldError]:
        return validate_spec(spec)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        yield from validate_selector_unchanged(new, old)
        yield from validate_spec(new.get("spec") or {})


def template_generation(obj: Object) -> int:
    """How often the template was changed, and once."""
    text = (obj["metadata"].get("annotations") or {}).get(ANNOTATION_TEMPLATE_GENERATION, "")
    digits = text[1:] if text[:1] in ("-", "+") else text
    return int(text) if digits.isascii() and digits.isdigit() else 0


def validate_spec(spec: Object) -> Iterator[FieldError]:
    """The spec of a DaemonSet."""
    selector, template, place = spec.get("selector"), spec.get("template") or {}, SPEC.child("template")
    yield from validate_label_selector(selector, SPEC.child("selector"))
    fault = selector_fault(selector, template, place)
    if fault:
        yield fault
    if selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid(SPEC.child("selector"), selector, "empty selector is invalid for daemonset")
    yield from validate_pod_template(template, place)
    yield from validate_lasting_template(template, place, "DaemonSet")
    yield from nonnegative(spec.get("minReadySeconds"), SPEC.child("minReadySeconds"))
    yield from _validate_strategy(spec.get("updateStrategy") or {}, SPEC.child("updateStrategy"))
    yield from nonnegative(spec.get("revisionHistoryLimit"), SPEC.child("revisionHistoryLimit"))


def _validate_strategy(strategy: Object, path: Path) -> Iterator[FieldError]:
    sort, rolling, place = strategy.get("type") or "", strategy.get("rollingUpdate"), path.child("rollingUpdate")
    if sort not in _STRATEGIES:
        yield not_supported(path, rolling_strategy_as_go_shows(sort, rolling), _STRATEGIES)
        return
    if sort == "OnDelete":
        return
    if rolling is None:
        yield required(place)
        return
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    both = ((unavailable, place.child("maxUnavailable")), (surge, place.child("maxSurge")))
    for value, at in both:
        yield from int_or_percent(value, at)
    for value, at in both:
        yield from at_most_all(value, at)
    if amount(unavailable) and amount(surge):
        yield invalid(place.child("maxSurge"), surge, "may not be set when maxUnavailable is non-zero")
    elif not amount(unavailable) and not amount(surge):
        yield required(place.child("maxUnavailable"), "cannot be 0 when maxSurge is 0")


def _node_selector(obj: Object) -> str:
    return format_labels(value_at(obj, ("spec", "template", "spec", "nodeSelector")))


COLUMNS = (
    NAME,
    number_column(
        "Desired",
        "status",
        "desiredNumberScheduled",
        description=FieldText("io.k8s.api.apps.v1.DaemonSetStatus", "desiredNumberScheduled"),
    ),
    number_column(
        "Current",
        "status",
        "currentNumberScheduled",
        description=FieldText("io.k8s.api.apps.v1.DaemonSetStatus", "currentNumberScheduled"),
    ),
    number_column(
        "Ready", "status", "numberReady", description=FieldText("io.k8s.api.apps.v1.DaemonSetStatus", "numberReady")
    ),
    number_column(
        "Up-to-date",
        "status",
        "updatedNumberScheduled",
        description=FieldText("io.k8s.api.apps.v1.DaemonSetStatus", "updatedNumberScheduled"),
    ),
    number_column(
        "Available",
        "status",
        "numberAvailable",
        description=FieldText("io.k8s.api.apps.v1.DaemonSetStatus", "numberAvailable"),
    ),
    cell_column("Node Selector", _node_selector, description=FieldText("io.k8s.api.core.v1.PodSpec", "nodeSelector")),
    AGE,
    *template_columns("spec", "template"),
    selector_column("io.k8s.api.apps.v1.DaemonSetSpec", "spec", "selector"),
)

STRATEGY = DaemonSetStrategy()

KIND = Kind(
    group="apps",
    plural="daemonsets",
    strategy=STRATEGY,
    columns=COLUMNS,
    status_strategy=WorkloadStatusStrategy(STRATEGY, _COUNTERS),
)
