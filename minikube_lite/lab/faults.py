"""Faults: objects that break something while they are there. No counterpart upstream; Chaos Mesh's are related.

There is one form for all of them: what is broken and how (one target), and when it strikes (skip, times, probability, a window of
emulated time). Deleting the object heals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated

from pydantic import Field

from minikube_lite.machinery.ages import age
from minikube_lite.machinery.call_faults import DnsFault, RequestFault, WatchFault
from minikube_lite.machinery.fault_specs import ControllerFault, FaultTarget, NodeFault
from minikube_lite.machinery.kind import Column, Kind, RequestContext, StatusStrategy, Strategy
from minikube_lite.machinery.names import name_is_dns_subdomain
from minikube_lite.machinery.own_kind import Model, OwnKind, model_faults
from minikube_lite.machinery.pod_faults import ContainerFault, ImageFault, VolumeFault
from minikube_lite.machinery.resources import FAULTS
from minikube_lite.schema.field import FieldError, Path, forbidden, required
from minikube_lite.schema.resources import ResourceInfo, SubresourceInfo
from minikube_lite.store import Object

SPEC = Path("spec")
TARGETS = ("node", "image", "container", "volume", "controller", "request", "watch", "dns")
"""The fields of a spec that say what is broken."""
SECONDS_MAX = 100 * 366 * 86_400
COUNT_MAX = 2**31 - 1

PENDING, ACTIVE, OVER = "Pending", "Active", "Over"


class FaultSpec(Model):
    """What is broken, how, and when. Exactly one target is given."""

    node: Annotated[NodeFault | None, Field(description="A node that is broken.")] = None
    image: Annotated[ImageFault | None, Field(description="Images that are not pulled as they should.")] = None
    container: Annotated[ContainerFault | None, Field(description="Containers that do not go as they should.")] = None
    volume: Annotated[VolumeFault | None, Field(description="Volumes that cannot be had.")] = None
    controller: Annotated[ControllerFault | None, Field(description="Controllers that do nothing.")] = None
    request: Annotated[RequestFault | None, Field(description="Requests to the API that are struck.")] = None
    watch: Annotated[WatchFault | None, Field(description="Watches of clients that are struck.")] = None
    dns: Annotated[DnsFault | None, Field(description="Questions to the DNS server that are struck.")] = None
    skip: Annotated[
        int, Field(ge=0, le=COUNT_MAX, description="So many matches it lets pass before it strikes for the first time.")
    ] = 0
    times: Annotated[
        int | None,
        Field(ge=1, le=COUNT_MAX, description="How often it strikes at most; without it, whenever it matches."),
    ] = None
    every: Annotated[
        int,
        Field(
            ge=1,
            le=COUNT_MAX,
            description="After those that it lets pass it strikes one of so many matches: 3 is every third.",
        ),
    ] = 1
    probability: Annotated[
        float,
        Field(gt=0, le=1, description="How likely it strikes when it matches. The draw follows the cluster's seed."),
    ] = 1
    start_seconds: Annotated[
        float, Field(ge=0, le=SECONDS_MAX, description="After so many seconds of emulated time it begins.")
    ] = 0
    duration_seconds: Annotated[
        float | None,
        Field(gt=0, le=SECONDS_MAX, description="So many seconds of emulated time it lasts; else until deleted."),
    ] = None

    @property
    def target(self) -> FaultTarget:
        """The one that is given."""
        [found] = [one for name in TARGETS if (one := getattr(self, name)) is not None]
        target: FaultTarget = found
        return target


class FaultStatus(Model):
    """What came of it."""

    observed_generation: Annotated[int, Field(description="The metadata.generation that this is about.")] = 0
    phase: Annotated[
        str, Field(description="Pending before it begins, Active while it breaks something, Over after its duration.")
    ] = ""
    matches: Annotated[int, Field(description="How often something came by that it is meant for.")] = 0
    hits: Annotated[int, Field(description="How often it struck.")] = 0
    last_hit: Annotated[str, Field(description="What it struck last, in words.")] = ""
    last_hit_time: Annotated[
        datetime | None,
        Field(description="When that was.", json_schema_extra={"type": "string", "format": "date-time"}),
    ] = None


class Fault(Model):
    """Something that is broken on purpose while this object is there."""

    spec: Annotated[FaultSpec, Field(description="What is broken, how and when.")]
    status: Annotated[FaultStatus, Field(description="What came of it.")]


class FaultStrategy(Strategy):
    """All writes but those of the status."""

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        spec = obj.get("spec") or {}
        given = [name for name in TARGETS if spec.get(name) is not None]
        if not given:
            yield required(SPEC, f"must say what is broken: {', '.join(TARGETS)}")
        for name in given[1:]:
            yield forbidden(SPEC.child(name), "may not specify more than 1 target")
        yield from model_faults(FaultSpec, spec, SPEC)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)


def fault_spec(obj: Object) -> FaultSpec:
    """The spec of a stored Fault."""
    return FaultSpec.model_validate(obj["spec"])


def _target(obj: Object, _now: float) -> str:
    name = next(name for name in TARGETS if obj["spec"].get(name) is not None)
    return f"{name}/{fault_spec(obj).target.shown_target}"


def _status(name: str, absent: object) -> Callable[[Object, float], object]:
    return lambda obj, _now: obj.get("status", {}).get(name, absent)


FAULT = OwnKind(
    ResourceInfo(
        group=FAULTS.group,
        version=FAULTS.version,
        preferred_version=FAULTS.version,
        name=FAULTS.resource,
        singular="fault",
        kind="Fault",
        namespaced=False,
        verbs=("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"),
        subresources=(SubresourceInfo("status", "Fault", ("get", "patch", "update")),),
    ),
    Fault.model_json_schema(),
    Kind(
        group=FAULTS.group,
        plural=FAULTS.resource,
        strategy=FaultStrategy(),
        status_strategy=StatusStrategy(FaultStrategy()),
        columns=(
            Column("Name", lambda obj, _now: obj["metadata"]["name"], "string", "name"),
            Column("Target", _target, description="What is broken."),
            Column("Type", lambda obj, _now: fault_spec(obj).target.shown_type, description="How it is broken."),
            Column("Phase", _status("phase", ""), description="Whether it has begun, and whether it is over."),
            Column("Hits", _status("hits", 0), "integer", description="How often it struck."),
            Column("Age", age, description="How long ago it was made."),
            Column("Last Hit", _status("lastHit", ""), priority=1, description="What it struck last."),
        ),
        name_check=name_is_dns_subdomain,
    ),
)
