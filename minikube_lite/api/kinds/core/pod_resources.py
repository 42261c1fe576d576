"""What containers and pods ask for: checks and defaults; upstream: validation.go. Sums are in machinery/pod_resources.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from minikube_lite.api.kinds.core.pod_fields import MUST_NOT_BE_NEGATIVE, named
from minikube_lite.machinery.names import is_dns1123_label, is_qualified_name
from minikube_lite.machinery.pod_resources import (
    COMPUTE_RESOURCES,
    HUGE_PAGES_PREFIX,
    Amounts,
    aggregate,
    is_extended_resource,
    is_huge_page,
    is_native_resource,
    is_pod_level_resource,
)
from minikube_lite.schema.field import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
)
from minikube_lite.schema.quantity import NANO, Quantity, QuantityError
from minikube_lite.store import Object

MILLI = NANO // 1000

_CONTAINER_RESOURCES = frozenset({"cpu", "memory", "ephemeral-storage"})
_OBJECT_RESOURCES = frozenset(
    {
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
        "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
    }
)  # fmt: skip
_STANDARD_RESOURCES = (
    _CONTAINER_RESOURCES
    | _OBJECT_RESOURCES
    | {"storage", "requests.storage"}
    | {f"{sort}.{name}" for sort in ("requests", "limits") for name in _CONTAINER_RESOURCES}
)
_POD_LEVEL_TEXTS = ("cpu", HUGE_PAGES_PREFIX, "memory")


def round_up_resources(amounts: dict[str, str]) -> dict[str, str]:
    """Round every amount up to thousandths, as the API stores them."""
    for name, text in amounts.items():
        if text.endswith(("n", "u")) or "." in text or "e" in text:
            quantity = Quantity.parse(text)
            if quantity.nano % MILLI:
                amounts[name] = str(Quantity.of_milli(-(-quantity.nano // MILLI), quantity.format))
    return amounts


# Names


def is_integer_resource(name: str) -> bool:
    """Whether the resource comes in whole pieces."""
    return name in _OBJECT_RESOURCES or is_extended_resource(name)


def is_standard_resource(name: str) -> bool:
    """Whether Kubernetes knows the short name."""
    return name in _STANDARD_RESOURCES or name.startswith((HUGE_PAGES_PREFIX, f"requests.{HUGE_PAGES_PREFIX}"))


def is_overcommit_allowed(name: str) -> bool:
    """Whether less may be requested than is allowed."""
    return is_native_resource(name) and not is_huge_page(name)


def validate_resource_name(name: str, path: Path) -> Iterator[FieldError]:
    """A resource's name anywhere."""
    messages = is_qualified_name(name)
    for message in messages:
        yield invalid(path, name, message)
    if not messages and "/" not in name and not is_standard_resource(name):
        yield invalid(path, name, "must be a standard resource type or fully qualified")


def validate_container_resource_name(name: str, path: Path) -> Iterator[FieldError]:
    """A resource's name in a container."""
    if name in _CONTAINER_RESOURCES:
        return
    yield from validate_resource_name(name, path)
    if "/" not in name:
        if not is_huge_page(name):
            yield invalid(path, name, "must be a standard resource for containers")
    elif not is_native_resource(name) and not is_extended_resource(name):
        yield invalid(path, name, "doesn't follow extended resource name standard")


def _validate_pod_resource_name(name: str, path: Path) -> Iterator[FieldError]:
    errors = list(validate_resource_name(name, path))
    yield from errors
    if not errors and not is_pod_level_resource(name):
        yield not_supported(path, name, _POD_LEVEL_TEXTS)


# Requests and limits


def validate_quantity(name: str, text: str, path: Path) -> Iterator[FieldError]:
    """An amount of a resource: not negative, whole where it comes in pieces."""
    if text.startswith("-"):
        quantity = Quantity.parse(text)
        if quantity.nano < 0:
            yield invalid(path, str(quantity), MUST_NOT_BE_NEGATIVE)
    if name not in _CONTAINER_RESOURCES and is_integer_resource(name) and Quantity.parse(text).milli % 1000:
        yield invalid(path, text, "must be an integer")


def validate_container_resources(resources: Object, claim_names: Sequence[str], path: Path) -> Iterator[FieldError]:
    """The requests, limits and claims of a container."""
    yield from _validate_resources(resources, validate_container_resource_name, claim_names, path)


NameRule = Callable[[str, Path], Iterable[FieldError]]


def _validate_resources(
    resources: Object, name_rule: NameRule, claim_names: Sequence[str], path: Path
) -> Iterator[FieldError]:
    limits: Amounts = resources.get("limits") or {}
    requests: Amounts = resources.get("requests") or {}
    limits_path, requests_path = path.child("limits"), path.child("requests")
    for name in sorted(limits):
        place = limits_path.key(name)
        yield from _validate_amount(name, limits[name], name_rule, place)
        yield from _validate_huge_pages(name, limits[name], place)
    for name in sorted(requests):
        place = requests_path.key(name)
        yield from _validate_amount(name, requests[name], name_rule, place)
        yield from _validate_against_limit(name, requests[name], limits.get(name), limits_path, requests_path)
        yield from _validate_huge_pages(name, requests[name], place)
    named_resources = {**limits, **requests}
    if any(map(is_huge_page, named_resources)) and not any(name in named_resources for name in COMPUTE_RESOURCES):
        yield forbidden(path, "HugePages require cpu or memory")
    if resources.get("claims"):
        yield from _validate_claim_names(resources["claims"], claim_names, path.child("claims"))


def _validate_amount(name: str, text: str, name_rule: NameRule, path: Path) -> Iterator[FieldError]:
    yield from name_rule(name, path)
    yield from validate_quantity(name, text, path)


def _validate_huge_pages(name: str, text: str, path: Path) -> Iterator[FieldError]:
    if not is_huge_page(name):
        return
    try:
        page = Quantity.parse(name.removeprefix(HUGE_PAGES_PREFIX))
    except QuantityError:
        page = Quantity()
    quantity = Quantity.parse(text)
    if page.nano <= 0 or page.nano % NANO or quantity.value % page.value:
        yield invalid(path, str(quantity), f"{quantity} is not positive integer multiple of {name}")


def _validate_against_limit(
    name: str, text: str, limit: str | None, limits_path: Path, requests_path: Path
) -> Iterator[FieldError]:
    if limit is None:
        if not is_overcommit_allowed(name):
            yield required(limits_path, "Limit must be set for non overcommitable resources")
        return
    if text == limit:
        return
    asked, allowed = Quantity.parse(text), Quantity.parse(limit)
    if asked != allowed and not is_overcommit_allowed(name):
        yield invalid(requests_path, str(asked), f"must be equal to {name} limit of {allowed}")
    elif asked > allowed:
        yield invalid(requests_path, str(asked), f"must be less than or equal to {name} limit of {allowed}")


def _validate_claim_names(claims: Sequence[Object], claim_names: Sequence[str], path: Path) -> Iterator[FieldError]:
    seen: list[str] = []
    for position, claim in enumerate(claims):
        name, request, place = claim.get("name") or "", claim.get("request") or "", path.index(position)
        if not name:
            yield required(place)
            continue
        yield from _validate_claim_request(name, request, seen, place)
        if name not in claim_names:
            detail = "must be one of the names in pod.spec.resourceClaims"
            known = ", ".join(sorted(set(claim_names)))
            error = not_found(place, name)
            detail = f"{detail}: {known}" if known else f"{detail} which is empty"
            yield FieldError(error.reason, error.path, error.value, detail)


def _validate_claim_request(name: str, request: str, seen: list[str], path: Path) -> Iterator[FieldError]:
    if name in seen:
        yield duplicate(path, name)
        return
    key = name
    if request:
        yield from named(is_dns1123_label, request, path.child("request"))
        key = f"{name}/{request}"
    if key in seen:
        yield duplicate(path, key)
    elif not request:
        for other in seen:
            if other.startswith(f"{name}/"):
                yield duplicate(path, name)
    seen.append(key)


# Sums


def default_pod_level_resources(spec: Object) -> None:
    """Fill in what a pod as a whole asks for from its containers and its limits."""
    resources = spec["resources"] = dict(spec["resources"])
    limits: dict[str, str] = dict(resources.get("limits") or {})
    requests: dict[str, str] = dict(resources.get("requests") or {})
    if not limits and not requests:
        return
    for name, quantity in sorted(aggregate(spec, "limits").items()):
        if is_huge_page(name) and name not in requests:
            limits.setdefault(name, str(quantity))
    if not limits:
        return
    resources["limits"] = limits
    for name, quantity in sorted(aggregate(spec, "requests").items()):
        if is_pod_level_resource(name) and is_overcommit_allowed(name):
            requests.setdefault(name, str(quantity))
    for name, text in limits.items():
        if is_pod_level_resource(name):
            requests.setdefault(name, text)
    if requests:
        resources["requests"] = requests


def validate_pod_level_resources(spec: Object, claim_names: Sequence[str], path: Path) -> Iterator[FieldError]:
    """What a pod as a whole asks for."""
    resources, place = spec["resources"], path.child("resources")
    if (spec.get("os") or {}).get("name") == "windows":
        yield forbidden(place, "may not be set for a windows pod")
        return
    if resources.get("claims") is not None:
        yield forbidden(place.child("claims"), "claims may not be set for Resources at pod-level")
    yield from _validate_resources(resources, _validate_pod_resource_name, claim_names, place)
    yield from _validate_consistency(spec, resources, place)


def _validate_consistency(spec: Object, resources: Object, path: Path) -> Iterator[FieldError]:
    for sort in ("requests", "limits"):
        of_pod: Amounts = resources.get(sort) or {}
        for name, needed in sorted(aggregate(spec, sort).items()):
            if name not in of_pod or (sort == "limits" and not is_huge_page(name)):
                continue
            given = Quantity.parse(of_pod[name])
            if needed > given:
                text = f"must be greater than or equal to aggregate container {sort} of {needed}"
                yield invalid(path.child(sort).key(name), str(given), text)
    allowed: Amounts = resources.get("limits") or {}
    for position, container in enumerate(spec.get("containers") or ()):
        limits: Amounts = (container.get("resources") or {}).get("limits") or {}
        for name in sorted(limits):
            if name in allowed and Quantity.parse(limits[name]) > Quantity.parse(allowed[name]):
                place = path.child("containers").index(position).key(name).child("limits")
                text = f"must be less than or equal to pod limits of {Quantity.parse(allowed[name])}"
                yield invalid(place, str(Quantity.parse(limits[name])), text)
