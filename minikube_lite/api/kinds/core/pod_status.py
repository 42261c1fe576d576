"""The status subresource of pods; upstream: ValidatePodStatusUpdate in pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minikube_lite.api.kinds.core.pod_fields import address, named, spec_of
from minikube_lite.api.kinds.core.pod_update import validate_annotation_changes
from minikube_lite.machinery.addresses import parse_ip_sloppy
from minikube_lite.machinery.kind import RequestContext, Strategy, keep
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.machinery.names import is_qualified_name, is_valid_user_id, name_is_dns_subdomain
from minikube_lite.schema.field import FieldError, Path, duplicate, forbidden, invalid, not_supported
from minikube_lite.store import Object

STATUS = Path("status")
MUST_NOT_BE_NEGATIVE = "must be a non-negative integer"

_SYSTEM_CONDITIONS = ("PodScheduled", "Ready", "Initialized")
_HEALTH = ("Healthy", "Unhealthy", "Unknown")
_STATUS_LISTS = (
    ("containerStatuses", "containers"),
    ("initContainerStatuses", "initContainers"),
    ("ephemeralContainerStatuses", ""),
)


class PodStatusStrategy(Strategy):
    """What kubelets and the scheduler write; everything else stays as it is."""

    reset_fields = (("spec",), ("metadata", "deletionTimestamp"), ("metadata", "ownerReferences"))

    def __init__(self, main: Strategy) -> None:
        self.main = main

    def default(self, obj: Object) -> None:
        self.main.default(obj)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        keep(new, old, "spec")
        keep(new["metadata"], old["metadata"], "ownerReferences")
        status, before = new.setdefault("status", {}), old.get("status") or {}
        if not status.get("qosClass"):
            keep(status, before, "qosClass")
        if not status.get("observedGeneration"):
            keep(status, before, "observedGeneration")
        _keep_observed_generations(status.get("conditions") or (), before.get("conditions") or ())

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        yield from validate_annotation_changes(new, old)
        yield from validate_status(new, old)

    def generation_changes(self, new: Object, old: Object) -> bool:
        return False


def _keep_observed_generations(conditions: Sequence[Object], old: Sequence[Object]) -> None:
    """A writer who does not know the field does not clear it."""
    known: dict[str, list[int]] = {}
    for condition in old:
        known.setdefault(condition["type"], []).append(condition.get("observedGeneration") or 0)
    for condition in conditions:
        generations = known.get(condition["type"])
        generation = generations.pop(0) if generations else 0
        if generation and not condition.get("observedGeneration"):
            condition["observedGeneration"] = generation


def validate_status(new: Object, old: Object) -> Iterator[FieldError]:
    """A pod's new status against its old one."""
    status, before, spec = new.get("status") or {}, old.get("status") or {}, spec_of(old)
    yield from _validate_conditions(status.get("conditions") or (), STATUS.child("conditions"))
    yield from _validate_nominated_node(status, before, spec)
    generation = status.get("observedGeneration") or 0
    if generation < 0:
        yield invalid(STATUS.child("observedGeneration"), generation, MUST_NOT_BE_NEGATIVE)
    yield from validate_immutable_field(
        status.get("qosClass") or "", before.get("qosClass") or "", STATUS.child("qosClass")
    )
    for name, containers in _STATUS_LISTS:
        yield from _validate_transitions(
            status.get(name) or (), before.get(name) or (), spec, containers, STATUS.child(name)
        )
    if status.get("resourceClaimStatuses"):
        yield from _validate_claim_statuses(status["resourceClaimStatuses"], spec)
    yield from _validate_addresses("podIPs", status, before)
    host_addresses = status.get("hostIPs") or ()
    if host_addresses and host_addresses[0].get("ip") != status.get("hostIP"):
        at = STATUS.child("hostIPs").index(0).child("ip")
        yield invalid(at, host_addresses[0].get("ip") or "", "must be equal to `hostIP`")
    yield from _validate_addresses("hostIPs", status, before)
    for name, containers in _STATUS_LISTS:
        for position, item in enumerate(status.get(name) or ()):
            if item.get("user") or item.get("allocatedResourcesStatus"):
                yield from _validate_details(item, spec, containers, STATUS.child(name).index(position))


def _validate_conditions(conditions: Sequence[Object], path: Path) -> Iterator[FieldError]:
    for position, condition in enumerate(conditions):
        generation, sort = condition.get("observedGeneration") or 0, condition.get("type") or ""
        if generation < 0:
            yield invalid(path.index(position).child("observedGeneration"), generation, MUST_NOT_BE_NEGATIVE)
        if sort not in _SYSTEM_CONDITIONS:
            yield from named(is_qualified_name, sort, path.index(position).child("Type"))


def _validate_nominated_node(status: Object, before: Object, spec: Object) -> Iterator[FieldError]:
    name, path = status.get("nominatedNodeName") or "", STATUS.child("nominatedNodeName")
    if name and name != (before.get("nominatedNodeName") or ""):
        yield from named(name_is_dns_subdomain, name, path)
        if spec.get("nodeName"):
            yield forbidden(path, "may not be set on pods that are already bound to a node")


def _validate_transitions(
    new: Sequence[Object], old: Sequence[Object], spec: Object, list_name: str, path: Path
) -> Iterator[FieldError]:
    """A container that has ended for good does not come back."""
    for position, before in enumerate(old):
        terminated = (before.get("state") or {}).get("terminated")
        if terminated is None:
            continue
        name = before.get("name") or ""
        after = next((item for item in new if item.get("name") == name and not _is_terminated(item)), None)
        if after is None or (list_name and _may_restart(spec, list_name, name, terminated.get("exitCode") or 0)):
            continue
        yield forbidden(path.index(position).child("state"), "may not be transitioned to non-terminated state")


def _is_terminated(item: Object) -> bool:
    return (item.get("state") or {}).get("terminated") is not None


def _may_restart(spec: Object, list_name: str, name: str, exit_code: int) -> bool:
    everyone = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    rules = [rule for container in everyone for rule in container.get("restartPolicyRules") or ()]
    if any(rule.get("action") == "RestartAllContainers" for rule in rules):
        return True
    container = next((item for item in spec.get(list_name) or () if item.get("name") == name), None)
    return container is not None and container_should_restart(container, spec.get("restartPolicy") or "", exit_code)


def container_should_restart(container: Object, pod_policy: str, exit_code: int) -> bool:
    """Whether a container that ended with that code starts again; upstream: pkg/api/v1/pod ContainerShouldRestart."""
    own = container.get("restartPolicy")
    for rule in (container.get("restartPolicyRules") or ()) if own else ():
        codes = rule.get("exitCodes") or {}
        listed = exit_code in (codes.get("values") or ())
        if listed == (codes.get("operator") == "In") and codes.get("operator") in ("In", "NotIn"):
            return True
    policy = own or pod_policy
    return policy != "Never" and (policy != "OnFailure" or exit_code != 0)


def _validate_claim_statuses(statuses: Sequence[Object], spec: Object) -> Iterator[FieldError]:
    known = {claim.get("name") for claim in spec.get("resourceClaims") or ()}
    seen: set[str] = set()
    for position, item in enumerate(statuses):
        name, place = item.get("name") or "", STATUS.child("resourceClaimStatuses").index(position)
        if name not in known:
            text = "must match the name of an entry in `spec.resourceClaims`"
            yield invalid(place.child("name"), name, text)
        if name in seen:
            yield duplicate(place.child("name"), name)
        seen.add(name)
        if item.get("resourceClaimName") is not None:
            yield from named(name_is_dns_subdomain, item["resourceClaimName"], place.child("resourceClaimName"))


def _validate_addresses(name: str, status: Object, before: Object) -> Iterator[FieldError]:
    """Valid addresses, one of each family at most; bad ones that were there may stay."""
    given = [item.get("ip") or "" for item in status.get(name) or ()]
    known = [item.get("ip") or "" for item in before.get(name) or ()]
    path = STATUS.child(name)
    for position, text in enumerate(given):
        yield from address(text, path.index(position), known)
    if len(given) > 1:
        parsed = [parse_ip_sloppy(text) for text in given]
        families = {found[0].version for found in parsed if found}
        if len(families) < 2 or len(given) > 2:
            yield invalid(path, status[name], "may specify no more than one IP for each IP family")


def _validate_details(item: Object, spec: Object, list_name: str, path: Path) -> Iterator[FieldError]:
    linux = (item.get("user") or {}).get("linux")
    if linux is not None:
        place = path.child("user", "linux")
        if (spec.get("os") or {}).get("name") == "windows":
            yield forbidden(place, "cannot be set for a windows pod")
        else:
            yield from _validate_user(linux, place)
    allocated = item.get("allocatedResourcesStatus")
    if not allocated:
        return
    place = path.child("allocatedResourcesStatus")
    if not list_name:
        yield forbidden(place, "must not be specified in container status")
        return
    container = next((one for one in spec.get(list_name) or () if one.get("name") == item.get("name")), None)
    for position, resource in enumerate(allocated):
        yield from _validate_allocated(resource, container, place.index(position))


def _validate_user(user: Object, path: Path) -> Iterator[FieldError]:
    for name in ("uid", "gid"):
        for message in is_valid_user_id(user.get(name) or 0):
            yield invalid(path.child(name), user.get(name) or 0, message)
    for position, group in enumerate(user.get("supplementalGroups") or ()):
        for message in is_valid_user_id(group):
            yield invalid(path.child("supplementalGroups").index(position), group, message)


def _validate_allocated(resource: Object, container: Object | None, path: Path) -> Iterator[FieldError]:
    name = resource.get("name") or ""
    asked = (container or {}).get("resources") or {}
    if name.startswith("claim:"):
        known = ["/".join(filter(None, (c.get("name"), c.get("request")))) for c in asked.get("claims") or ()]
        found = name.removeprefix("claim:") in known
        form = "in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
        text = f"must match one of the container's resource claims {form}"
    else:
        found = name in (asked.get("requests") or {})
        text = "must match one of the container's resource requests"
    if container is not None and not found:
        yield invalid(path.child("name"), name, text)
    seen: set[str] = set()
    for position, item in enumerate(resource.get("resources") or ()):
        place, identity = path.child("resources").index(position), item.get("resourceID") or ""
        if item.get("health") not in _HEALTH:
            yield not_supported(place.child("health"), item.get("health") or "", _HEALTH)
        if identity in seen:
            yield duplicate(place.child("resourceID"), identity)
        seen.add(identity)
