"""PriorityClasses; upstream: pkg/registry/scheduling/priorityclass and pkg/apis/scheduling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from minikube_lite.api.columns import AGE, NAME, boolean_column, number_column, text_column
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.schema.field import FieldError, Path, forbidden, not_supported, required
from minikube_lite.store import Object

HIGHEST_USER_DEFINABLE_PRIORITY = 1_000_000_000
SYSTEM_PREFIX = "system-"
SYSTEM_CLASSES: Mapping[str, int] = {
    "system-node-critical": 2 * HIGHEST_USER_DEFINABLE_PRIORITY + 1000,
    "system-cluster-critical": 2 * HIGHEST_USER_DEFINABLE_PRIORITY,
}
PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")


class PriorityClassStrategy(Strategy):
    """All writes. The generation is 1 for ever."""

    has_status = False
    reset_fields = ()

    def default(self, obj: Object) -> None:
        if obj.get("preemptionPolicy") is None:
            obj["preemptionPolicy"] = "PreemptLowerPriority"

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        name, value = obj["metadata"].get("name", ""), obj.get("value", 0)
        if name.startswith(SYSTEM_PREFIX):
            yield from _system_errors(name, value, bool(obj.get("globalDefault")))
        elif value > HIGHEST_USER_DEFINABLE_PRIORITY:
            text = f"maximum allowed value of a user defined priority is {HIGHEST_USER_DEFINABLE_PRIORITY}"
            yield forbidden(Path("value"), text)
        policy = obj["preemptionPolicy"]
        if not policy:
            yield required(Path("preemptionPolicy"))
        elif policy not in PREEMPTION_POLICIES:
            yield not_supported(Path("preemptionPolicy"), policy, PREEMPTION_POLICIES)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        if new.get("value", 0) != old.get("value", 0):
            yield forbidden(Path("value"), "may not be changed in an update.")
        policies = (new.get("preemptionPolicy"), old.get("preemptionPolicy"))
        yield from validate_immutable_field(*policies, Path("preemptionPolicy"))

    def generation_changes(self, new: Object, old: Object) -> bool:
        return False


def _system_errors(name: str, value: int, global_default: bool) -> Iterator[FieldError]:
    known = SYSTEM_CLASSES.get(name)
    if known is None:
        fault = f"{name} is not a known system priority class"
    elif value != known:
        fault = f"value of {name} PriorityClass must be {known}"
    elif global_default:
        fault = f"globalDefault of {name} PriorityClass must be false"
    else:
        return
    text = f"priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only. error: {fault}"
    yield forbidden(Path("metadata.name"), text)


KIND = Kind(
    group="scheduling.k8s.io",
    plural="priorityclasses",
    strategy=PriorityClassStrategy(),
    columns=(
        NAME,
        number_column("Value", "value", description=FieldText("io.k8s.api.scheduling.v1.PriorityClass", "value")),
        boolean_column(
            "Global-Default",
            "globalDefault",
            description=FieldText("io.k8s.api.scheduling.v1.PriorityClass", "globalDefault"),
        ),
        AGE,
        text_column(
            "PreemptionPolicy",
            "preemptionPolicy",
            description=FieldText("io.k8s.api.scheduling.v1.PriorityClass", "preemptionPolicy"),
        ),
    ),
)
