"""LimitRanges; upstream: pkg/registry/core/limitrange and ValidateLimitRange."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.kinds.core.pod_resources import (
    is_overcommit_allowed,
    validate_container_resource_name,
    validate_resource_name,
)
from minikube_lite.api.kinds.quantities import sorted_items
from minikube_lite.machinery.kind import Kind, RequestContext, Strategy
from minikube_lite.machinery.names import is_qualified_name
from minikube_lite.schema.field import FieldError, Path, duplicate, forbidden, invalid, required
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

LIMIT_TYPES = ("Pod", "Container", "PersistentVolumeClaim")
AMOUNTS = ("max", "min", "default", "defaultRequest")

LIMITS = Path("spec.limits")

Limit = Mapping[str, Any]


class LimitRangeStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    allow_create_on_update = True
    reset_fields = ()

    def default(self, obj: Object) -> None:
        for limit in obj.get("spec", {}).get("limits") or ():
            if limit.get("type") == "Container":
                default = {**(limit.get("max") or {}), **(limit.get("default") or {})}
                request = {**(limit.get("min") or {}), **default, **(limit.get("defaultRequest") or {})}
                for part, amounts in (("default", default), ("defaultRequest", request)):
                    if amounts:
                        limit[part] = amounts

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        types: set[str] = set()
        for position, limit in enumerate(obj.get("spec", {}).get("limits") or ()):
            path, limit_type = LIMITS.index(position), limit.get("type", "")
            yield from _type_errors(limit_type, path.child("type"))
            if limit_type in types:
                yield duplicate(path.child("type"), limit_type)
            types.add(limit_type)
            yield from _limit_errors(limit, path)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)


def _type_errors(limit_type: str, path: Path) -> Iterator[FieldError]:
    messages = is_qualified_name(limit_type)
    yield from (invalid(path, limit_type, message) for message in messages)
    if not messages and "/" not in limit_type and limit_type not in LIMIT_TYPES:
        yield invalid(path, limit_type, "must be a standard limit type or fully qualified")


def _limit_errors(limit: Limit, path: Path) -> Iterator[FieldError]:
    limit_type = limit.get("type", "")
    check = validate_container_resource_name if limit_type in ("Pod", "Container") else validate_resource_name
    names: dict[str, None] = {}
    for part in AMOUNTS:
        if part.startswith("default") and limit_type == "Pod":
            if limit.get(part):
                yield forbidden(path.child(part), "may not be specified when `type` is 'Pod'")
            continue
        for name, _ in sorted_items(limit.get(part)):
            yield from check(name, path.child(part).key(name))
            names[name] = None
    if limit_type == "PersistentVolumeClaim" and not any(
        "storage" in (limit.get(part) or {}) for part in ("min", "max")
    ):
        text = "either minimum or maximum storage value is required, but neither was provided"
        yield required(path.child("limits"), text)
    for name, _ in sorted_items(limit.get("maxLimitRequestRatio")):
        yield from check(name, path.child("maxLimitRequestRatio").key(name))
        names[name] = None
    for name in sorted(names):
        yield from _amounts_errors(limit, name, path)


def _amounts_errors(limit: Limit, name: str, path: Path) -> Iterator[FieldError]:
    """How the amounts of one resource fit each other."""
    texts = {part: (limit.get(part) or {}).get(name) for part in (*AMOUNTS, "maxLimitRequestRatio")}
    if limit.get("type") == "Pod":
        texts["default"] = texts["defaultRequest"] = None

    def greater(left: str, right: str) -> bool:
        first, second = texts[left], texts[right]
        return first is not None and second is not None and Quantity.parse(first) > Quantity.parse(second)

    low, high, default, request = (texts[part] for part in ("min", "max", "default", "defaultRequest"))
    if greater("min", "max"):
        yield invalid(path.child("min").key(name), low, f"min value {low} is greater than max value {high}")
    place = path.child("defaultRequest").key(name)
    if greater("min", "defaultRequest"):
        yield invalid(place, request, f"min value {low} is greater than default request value {request}")
    if greater("defaultRequest", "max"):
        yield invalid(place, request, f"default request value {request} is greater than max value {high}")
    if greater("defaultRequest", "default"):
        yield invalid(place, request, f"default request value {request} is greater than default limit value {default}")
    # The two texts below show the bound, not the value, as upstream does.
    if greater("min", "default"):
        yield invalid(path.child("default").key(name), low, f"min value {low} is greater than default value {default}")
    if greater("default", "max"):
        yield invalid(
            path.child("default").key(name), high, f"default value {default} is greater than max value {high}"
        )
    yield from _ratio_errors(texts, path.child("maxLimitRequestRatio").key(name))
    if default is not None and request is not None and not is_overcommit_allowed(name):
        if Quantity.parse(default) != Quantity.parse(request):
            text = f"default value {default} must equal to defaultRequest value {request} in {name}"
            yield invalid(place, request, text)


def _ratio_errors(texts: Mapping[str, str | None], path: Path) -> Iterator[FieldError]:
    ratio, low, high = texts["maxLimitRequestRatio"], texts["min"], texts["max"]
    if ratio is None:
        return
    if Quantity.parse(ratio) < Quantity.of(1):
        yield invalid(path, ratio, f"ratio {ratio} is less than 1")
    if low is not None and high is not None and not Quantity.parse(low).is_zero:
        bound = Quantity.parse(high).nano / Quantity.parse(low).nano
        if Quantity.parse(ratio).milli / 1000 > bound:
            yield invalid(path, ratio, f"ratio {ratio} is greater than max/min = {bound:.6f}")


KIND = Kind(group="", plural="limitranges", strategy=LimitRangeStrategy())
