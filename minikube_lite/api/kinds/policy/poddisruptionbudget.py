"""PodDisruptionBudgets; upstream: pkg/registry/policy/poddisruptionbudget and pkg/apis/policy/validation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.api.columns import AGE, NAME, cell_column, number_column
from minikube_lite.api.kinds.go_structs import GoField, go_struct
from minikube_lite.machinery.kind import Kind, RequestContext, StatusStrategy, Strategy
from minikube_lite.machinery.metadata import validate_label_name
from minikube_lite.machinery.names import byte_length, is_valid_percent
from minikube_lite.machinery.selectors import validate_label_selector
from minikube_lite.schema.field import FieldError, Path, duplicate, invalid, not_supported, required, too_long
from minikube_lite.store import Object

CONDITION_MESSAGE_BYTES_MAX = 32 * 1024
CONDITION_REASON_BYTES_MAX = 1024
COUNTS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")

_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_match_reason = re.compile(_REASON).fullmatch

_SPEC_FIELDS = (
    GoField("MinAvailable", "minAvailable"),
    GoField("Selector", "selector"),
    GoField("MaxUnavailable", "maxUnavailable"),
    GoField("UnhealthyPodEvictionPolicy", "unhealthyPodEvictionPolicy"),
)

SPEC = Path("spec")
STATUS = Path("status")


class PodDisruptionBudgetStrategy(Strategy):
    """All writes but those of status."""

    allow_unconditional_update = False

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = dict.fromkeys(COUNTS, 0)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        spec = obj.get("spec", {})
        if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
            yield invalid(SPEC, go_struct(spec, _SPEC_FIELDS), "minAvailable and maxUnavailable cannot be both set")
        for name in ("minAvailable", "maxUnavailable"):
            if spec.get(name) is not None:
                yield from _number_or_percent_errors(spec[name], SPEC.child(name))
        yield from validate_label_selector(spec.get("selector"), SPEC.child("selector"))
        policy = spec.get("unhealthyPodEvictionPolicy")
        if policy is not None and policy not in EVICTION_POLICIES:
            yield not_supported(SPEC.child("unhealthyPodEvictionPolicy"), policy, EVICTION_POLICIES)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)


class PodDisruptionBudgetStatusStrategy(StatusStrategy):
    """The status: how many pods may go."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        status = new.get("status", {})
        yield from conditions_errors(status.get("conditions") or (), STATUS.child("conditions"))
        for name in COUNTS:
            if status.get(name, 0) < 0:
                yield invalid(STATUS.child(name), status[name], "must be greater than or equal to 0")


def _number_or_percent_errors(value: int | str, path: Path) -> Iterator[FieldError]:
    if isinstance(value, int):
        if value < 0:
            yield invalid(path, value, "must be greater than or equal to 0")
        return
    messages = is_valid_percent(value)
    yield from (invalid(path, value, message) for message in messages)
    if not messages and int(value[:-1]) > 100:
        yield invalid(path, value, "must not be greater than 100%")


def conditions_errors(conditions: Sequence[Mapping[str, Any]], path: Path) -> Iterator[FieldError]:
    """The faults of metav1.Conditions."""
    types: set[str] = set()
    for position, condition in enumerate(conditions):
        place, condition_type = path.index(position), condition.get("type", "")
        if condition_type in types:
            yield duplicate(place.child("type"), condition_type)
        types.add(condition_type)
        yield from _condition_errors(condition, place)


def _condition_errors(condition: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    yield from validate_label_name(condition.get("type", ""), path.child("type"))
    if condition.get("status") not in ("False", "True", "Unknown"):
        yield not_supported(path.child("status"), condition.get("status", ""), ("False", "True", "Unknown"))
    if condition.get("observedGeneration", 0) < 0:
        generation = condition["observedGeneration"]
        yield invalid(path.child("observedGeneration"), generation, "must be greater than or equal to zero")
    if not condition.get("lastTransitionTime"):
        yield required(path.child("lastTransitionTime"))
    reason = condition.get("reason", "")
    if not reason:
        yield required(path.child("reason"))
    elif not _match_reason(reason):
        text = (
            "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric"
            " characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',"
            f"  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '{_REASON}')"
        )
        yield invalid(path.child("reason"), reason, text)
    if byte_length(reason) > CONDITION_REASON_BYTES_MAX:
        yield too_long(path.child("reason"), CONDITION_REASON_BYTES_MAX)
    if byte_length(condition.get("message", "")) > CONDITION_MESSAGE_BYTES_MAX:
        yield too_long(path.child("message"), CONDITION_MESSAGE_BYTES_MAX)


def _bound_text(obj: Object, name: str) -> str:
    value = obj.get("spec", {}).get(name)
    return "N/A" if value is None else str(value)


STRATEGY = PodDisruptionBudgetStrategy()

KIND = Kind(
    group="policy",
    plural="poddisruptionbudgets",
    strategy=STRATEGY,
    status_strategy=PodDisruptionBudgetStatusStrategy(STRATEGY),
    columns=(
        NAME,
        cell_column(
            "Min Available",
            lambda obj: _bound_text(obj, "minAvailable"),
            description="The minimum number of pods that must be available.",
        ),
        cell_column(
            "Max Unavailable",
            lambda obj: _bound_text(obj, "maxUnavailable"),
            description="The maximum number of pods that may be unavailable.",
        ),
        number_column(
            "Allowed Disruptions",
            "status",
            "disruptionsAllowed",
            description="Calculated number of pods that may be disrupted at this time.",
        ),
        AGE,
    ),
)
