"""ResourceQuotas; upstream: pkg/registry/core/resourcequota and ValidateResourceQuota."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.columns import AGE, NAME, cell_column, value_at
from minikube_lite.api.kinds.core.pod_resources import validate_quantity, validate_resource_name
from minikube_lite.api.kinds.go_structs import GoField, go_struct
from minikube_lite.api.kinds.quantities import sorted_items
from minikube_lite.machinery.kind import Kind, RequestContext, StatusStrategy, Strategy
from minikube_lite.machinery.pod_resources import HUGE_PAGES_PREFIX
from minikube_lite.schema.field import FieldError, Path, invalid, required
from minikube_lite.store import Object

COMPUTE_RESOURCES = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
STANDARD_RESOURCES = COMPUTE_RESOURCES | frozenset({
    "ephemeral-storage", "requests.ephemeral-storage", "limits.ephemeral-storage", "requests.storage", "pods",
    "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims",
    "services.nodeports", "services.loadbalancers",
})  # fmt: skip
EXISTS_SCOPES = ("BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity")
SCOPES = frozenset({*EXISTS_SCOPES, "PriorityClass", "VolumeAttributesClass"})
CONFLICTING_SCOPES = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})

_SELECTOR = (
    GoField(
        "MatchExpressions",
        "matchExpressions",
        None,
        (GoField("ScopeName", "scopeName", ""), GoField("Operator", "operator", ""), GoField("Values", "values")),
    ),
)

SPEC = Path("spec")
STATUS = Path("status")


class ResourceQuotaStrategy(Strategy):
    """All writes but those of status."""

    manages_generation = False

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {}

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        spec = obj.get("spec", {})
        yield from _amounts_errors(spec.get("hard"), SPEC.child("hard"))
        yield from _scopes_errors(spec, SPEC.child("scopes"))
        if spec.get("scopeSelector") is not None:
            yield from _selector_errors(spec, SPEC.child("scopeSelector", "matchExpressions"))

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from self.validate(context, new)
        scopes, before = (obj.get("spec", {}).get("scopes") or [] for obj in (new, old))
        if set(scopes) != set(before):
            yield invalid(SPEC.child("scopes"), scopes or None, "field is immutable")


class ResourceQuotaStatusStrategy(StatusStrategy):
    """The status: what is allowed and what is used."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        for name in ("hard", "used"):
            yield from _amounts_errors(new.get("status", {}).get(name), STATUS.child(name))


def _amounts_errors(amounts: Mapping[str, str] | None, path: Path) -> Iterator[FieldError]:
    for name, amount in sorted_items(amounts):
        place = path.key(name)
        yield from validate_resource_name(name, place)
        if "/" not in name and not is_standard_quota_resource(name):
            yield invalid(place, name, "must be a standard resource for quota")
        yield from validate_quantity(name, amount, place)


def is_standard_quota_resource(name: str) -> bool:
    """Whether quotas can be set on that short name."""
    return name in STANDARD_RESOURCES or name.startswith((HUGE_PAGES_PREFIX, f"requests.{HUGE_PAGES_PREFIX}"))


def is_scope_valid_for(scope: str, resource: str) -> bool:
    """Whether objects of that resource can have the scope."""
    if scope in ("Terminating", "NotTerminating", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity"):
        return resource == "pods" or resource in COMPUTE_RESOURCES
    if scope == "BestEffort":
        return resource == "pods"
    if scope == "VolumeAttributesClass":
        return resource in ("persistentvolumeclaims", "requests.storage")
    return True


def _scopes_errors(spec: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    scopes = spec.get("scopes") or []
    for scope in scopes:
        if scope not in SCOPES:
            yield invalid(path, scopes, "unsupported scope")
        yield from _unsuitable(spec, scope, path, scopes)
    for pair in CONFLICTING_SCOPES:
        if pair.issubset(scopes):
            yield invalid(path, scopes, "conflicting scopes")


def _unsuitable(spec: Mapping[str, Any], scope: str, path: Path, shown: Any) -> Iterator[FieldError]:
    for name in sorted(spec.get("hard") or ()):
        if is_standard_quota_resource(name) and not is_scope_valid_for(scope, name):
            yield invalid(path, shown, "unsupported scope applied to resource")


def _selector_errors(spec: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    scopes: set[str] = set()
    for requirement in spec["scopeSelector"].get("matchExpressions") or ():
        scope, operator, values = (
            requirement.get("scopeName", ""),
            requirement.get("operator", ""),
            requirement.get("values"),
        )
        if scope not in SCOPES:
            yield invalid(path.child("scopeName"), scope, "unsupported scope")
        yield from _unsuitable(spec, scope, path, go_struct(spec["scopeSelector"], _SELECTOR))
        if scope in EXISTS_SCOPES and operator != "Exists":
            text = (
                "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating,"
                " ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or"
                " ResourceQuotaScopeCrossNamespacePodAffinity"
            )
            yield invalid(path.child("operator"), operator, text)
        if operator in ("In", "NotIn"):
            if not values:
                text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
                yield required(path.child("values"), text)
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
                yield invalid(path.child("values"), values, text)
        else:
            yield invalid(path.child("operator"), operator, "not a valid selector operator")
        scopes.add(scope)
    for pair in CONFLICTING_SCOPES:
        if pair.issubset(scopes):
            yield invalid(path, spec.get("scopes"), "conflicting scopes")


def amounts_text(obj: Object, *, limits: bool) -> str:
    """The Request and Limit cells: used and allowed amounts."""
    used, pieces = value_at(obj, ("status", "used"), {}), []
    for name, hard in sorted_items(value_at(obj, ("status", "hard"))):
        if name.startswith("limits.") == limits:
            pieces.append(f"{name}: {used.get(name, '0')}/{hard}")
    return ", ".join(pieces)


STRATEGY = ResourceQuotaStrategy()

KIND = Kind(
    group="",
    plural="resourcequotas",
    strategy=STRATEGY,
    status_strategy=ResourceQuotaStatusStrategy(STRATEGY),
    columns=(
        NAME,
        cell_column(
            "Request",
            lambda obj: amounts_text(obj, limits=False),
            description="Request represents a minimum amount of cpu/memory that a container may consume.",
        ),
        cell_column(
            "Limit",
            lambda obj: amounts_text(obj, limits=True),
            description="Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.",
        ),
        AGE,
    ),
    delete_returns_object=True,
)
