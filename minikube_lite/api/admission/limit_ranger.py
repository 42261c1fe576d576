"""LimitRanger: what containers, pods and claims ask for stays within the limit ranges of their namespace.

Containers that say nothing get the defaults of the limit ranges first. Upstream: plugin/pkg/admission/limitranger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import created, forbidden_by_admission, written
from minikube_lite.machinery.errors import aggregate_text
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.pod_resources import Amounts, pod_amounts
from minikube_lite.machinery.resources import LIMIT_RANGES, PERSISTENT_VOLUME_CLAIMS, PODS
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

ANNOTATION = "kubernetes.io/limit-ranger"
PLACES = (("containers", "container"), ("initContainers", "init container"))
"""Where containers with amounts stand, and how the annotation calls them."""

Quantities = Mapping[str, Quantity]


class LimitRanger(Plugin):
    """The plugin."""

    async def admit(self, attributes: Attributes) -> None:
        pod = created(attributes, PODS) or _resized(attributes)
        if pod is not None and not _is_going(attributes):
            for limit_range in _limit_ranges(attributes):
                set_defaults(pod, limit_range["spec"].get("limits") or ())

    async def validate(self, attributes: Attributes) -> None:
        pod = created(attributes, PODS) or _resized(attributes)
        claim = written(attributes, PERSISTENT_VOLUME_CLAIMS)
        if (pod is None and claim is None) or _is_going(attributes):
            return
        for limit_range in _limit_ranges(attributes):
            limits = limit_range["spec"].get("limits") or ()
            faults = pod_faults(pod, limits) if pod is not None else claim_faults(claim or {}, limits)
            text = aggregate_text(list(faults))
            if text:
                raise forbidden_by_admission(attributes, text)


def _resized(attributes: Attributes) -> Object | None:
    is_resize = attributes.resource.key == PODS.key and attributes.subresource == "resize"
    return attributes.new if is_resize and attributes.operation == "UPDATE" else None


def _is_going(attributes: Attributes) -> bool:
    return attributes.old is not None and is_deleting(attributes.old)


def _limit_ranges(attributes: Attributes) -> Sequence[Object]:
    return attributes.context.reader.list_objects(LIMIT_RANGES, attributes.context.namespace)


def set_defaults(pod: Object, limits: Sequence[Object]) -> None:
    """Fill in what the containers leave open, and note it in an annotation."""
    requests: dict[str, str] = {}
    maxima: dict[str, str] = {}
    for limit in limits:
        if limit.get("type") == "Container":
            requests.update(limit.get("defaultRequest") or {})
            maxima.update(limit.get("default") or {})
    notes: list[str] = []
    for place, called in PLACES:
        for container in pod["spec"].get(place) or ():
            for sort, word, defaults in (("requests", "request", requests), ("limits", "limit", maxima)):
                missing = _fill(container, sort, defaults)
                if missing:
                    notes.append(f"{', '.join(missing)} {word} for {called} {container.get('name', '')}")
    if notes:
        annotations = pod["metadata"].get("annotations") or {}
        pod["metadata"]["annotations"] = {**annotations, ANNOTATION: f"LimitRanger plugin set: {'; '.join(notes)}"}


def _fill(container: Object, sort: str, defaults: Mapping[str, str]) -> list[str]:
    """Set the amounts that the container does not name; returns their names."""
    given: Mapping[str, str] = (container.get("resources") or {}).get(sort) or {}
    missing = sorted(set(defaults) - set(given))
    if missing:
        amounts = {**given, **{name: defaults[name] for name in missing}}
        container["resources"] = {**(container.get("resources") or {}), sort: amounts}
    return missing


def pod_faults(pod: Object, limits: Sequence[Object]) -> Iterator[str]:
    """How a pod breaks the limits of one limit range."""
    spec = pod["spec"]
    for limit in limits:
        if limit.get("type") == "Container":
            for place, _ in PLACES:
                for container in spec.get(place) or ():
                    resources = container.get("resources") or {}
                    yield from _faults(limit, *(_quantities(resources.get(sort)) for sort in ("requests", "limits")))
        elif limit.get("type") == "Pod":
            yield from _faults(limit, *(pod_amounts(spec, sort, overhead=False) for sort in ("requests", "limits")))


def claim_faults(claim: Object, limits: Sequence[Object]) -> Iterator[str]:
    """How a claim breaks the limits of one limit range; what it is limited to counts for nothing."""
    requests = _quantities((claim["spec"].get("resources") or {}).get("requests"))
    for limit in limits:
        if limit.get("type") == "PersistentVolumeClaim":
            for name, bound in _sorted(limit.get("min")):
                yield from _below(limit["type"], name, bound, requests.get(name), None)
            for name, bound in _sorted(limit.get("max")):
                yield from _above_request(limit["type"], name, bound, requests.get(name))


def _faults(limit: Object, requests: Quantities, limits: Quantities) -> Iterator[str]:
    limit_type = limit["type"]
    for name, bound in _sorted(limit.get("min")):
        yield from _below(limit_type, name, bound, requests.get(name), limits.get(name))
    for name, bound in _sorted(limit.get("max")):
        yield from _above(limit_type, name, bound, requests.get(name), limits.get(name))
    for name, bound in _sorted(limit.get("maxLimitRequestRatio")):
        yield from _ratio(limit_type, name, bound, requests.get(name), limits.get(name))


def _below(what: str, name: str, bound: Quantity, request: Quantity | None, limit: Quantity | None) -> Iterator[str]:
    text = f"minimum {name} usage per {what} is {bound}"
    if request is None:
        yield f"{text}.  No request is specified"
    elif request.milli < bound.milli:
        yield f"{text}, but request is {request}"
    elif limit is not None and limit.milli < bound.milli:
        yield f"{text}, but limit is {limit}"


def _above(what: str, name: str, bound: Quantity, request: Quantity | None, limit: Quantity | None) -> Iterator[str]:
    text = f"maximum {name} usage per {what} is {bound}"
    if limit is None:
        yield f"{text}.  No limit is specified"
    elif limit.milli > bound.milli:
        yield f"{text}, but limit is {limit}"
    elif request is not None and request.milli > bound.milli:
        yield f"{text}, but request is {request}"


def _above_request(what: str, name: str, bound: Quantity, request: Quantity | None) -> Iterator[str]:
    text = f"maximum {name} usage per {what} is {bound}"
    if request is None:
        yield f"{text}.  No request is specified"
    elif request.milli > bound.milli:
        yield f"{text}, but request is {request}"


def _ratio(what: str, name: str, bound: Quantity, request: Quantity | None, limit: Quantity | None) -> Iterator[str]:
    text = f"{name} max limit to request ratio per {what} is {bound}"
    if request is None or request.is_zero:
        yield f"{text}, but no request is specified or request is 0"
    elif limit is None or limit.is_zero:
        yield f"{text}, but no limit is specified or limit is 0"
    elif limit.milli * 1000 > bound.milli * request.milli:
        yield f"{text}, but provided ratio is {limit.milli / request.milli:.6f}"


def _quantities(amounts: Amounts | None) -> dict[str, Quantity]:
    return {name: Quantity.parse(text) for name, text in (amounts or {}).items()}


def _sorted(amounts: Amounts | None) -> list[tuple[str, Quantity]]:
    return sorted(_quantities(amounts).items())
