"""Clocks: the one object, `cluster`, by which clients of any language move a cluster's time. No counterpart upstream.

What is asked for is a state, never an event (docs/adr/0009-time-is-moved-by-a-total.md): how time flows, and how far it was moved by
hand in all. So the same request twice, from `kubectl apply` or a retry, moves it once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from minikube_lite.clock import format_time
from minikube_lite.machinery.kind import Column, Kind, RequestContext, StatusStrategy, Strategy
from minikube_lite.machinery.own_kind import Model, OwnKind, model_faults
from minikube_lite.machinery.resources import CLOCKS
from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.schema.own_types import META, TYPE_EXTENSION
from minikube_lite.schema.resources import ResourceInfo, SubresourceInfo
from minikube_lite.store import Object

CLOCK_NAME = "cluster"
SETTLED = "Settled"
"""The condition that says whether the cluster became quiet after what was asked for."""
RATE_MAX = 100_000
ADVANCE_SECONDS_MAX = 100 * 366 * 86_400
"""A hundred years."""
COUNT_MAX = 2**63 - 1
SPEC = Path("spec")

Mode = Literal["real", "scaled", "stepped"]


class ClockSpec(Model):
    """How emulated time flows, and how far it was moved by hand."""

    mode: Annotated[
        Mode,
        Field(
            description="How time flows by itself: real as the host's, scaled at another rate, stepped not at all. "
            "It can be moved by hand in each."
        ),
    ] = "real"
    rate: Annotated[
        float, Field(gt=0, le=RATE_MAX, description="Emulated seconds that pass in a second; counts in mode scaled.")
    ] = 1
    advance_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=ADVANCE_SECONDS_MAX,
            description="By how many seconds time was moved by hand in all. To move it by five minutes, add 300 to what "
            "stands here. It never decreases: time does not go back.",
        ),
    ] = 0
    settle_requests: Annotated[
        int,
        Field(
            ge=0,
            le=COUNT_MAX,
            description="How often somebody asked to be told when the cluster has no work left. To ask, add 1 and wait until "
            "status.observedGeneration has reached metadata.generation. It never decreases.",
        ),
    ] = 0


class PendingWork(Model):
    """Work that is under way."""

    name: Annotated[str, Field(description="What it is, as a controller's queue.")]
    count: Annotated[int, Field(description="How many pieces of it.")]


class ClockStatus(Model):
    """How time flows, as last written."""

    observed_generation: Annotated[
        int, Field(description="The metadata.generation up to which everything that was asked for has been done.")
    ] = 0
    now: Annotated[
        datetime | None,
        Field(
            description="Emulated time when this status was written. A write of the status, with dryRun too, reads it afresh.",
            json_schema_extra={"type": "string", "format": "date-time"},
        ),
    ] = None
    mode: Annotated[str, Field(description="How time flows.")] = ""
    rate: Annotated[float, Field(description="Emulated seconds that pass in a second; 0 where time stands still.")] = 0
    advanced_seconds: Annotated[float, Field(description="By how many seconds time has been moved by hand.")] = 0
    pending: Annotated[
        list[PendingWork],
        Field(
            description="Work that was left when the cluster did not become quiet.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = []
    conditions: Annotated[
        list[object],
        Field(
            description="Settled says whether the cluster had no work left after what was asked for.",
            json_schema_extra={
                "items": {TYPE_EXTENSION: f"{META}Condition"},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = []


class Clock(Model):
    """The clock of the cluster. There is one, named cluster."""

    spec: Annotated[ClockSpec, Field(description="What is asked for.")]
    status: Annotated[ClockStatus, Field(description="What is.")]


class ClockStrategy(Strategy):
    """All writes but those of the status. A clock begins as time flows already."""

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        super().prepare_for_create(context, obj)
        flows = {"mode": context.clock.mode, "rate": context.clock.rate}
        obj["spec"] = {**ClockSpec().model_dump(by_alias=True), **flows, **obj.get("spec", {})}

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        # What a writer leaves out stays, and is nobody's, so that whoever applies a part of it meets no conflict.
        new["spec"] = {**old["spec"], **new.get("spec", {})}

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        return model_faults(ClockSpec, obj["spec"], SPEC)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from self.validate(context, new)
        for name in ("advanceSeconds", "settleRequests"):
            if new["spec"][name] < old["spec"][name]:
                yield invalid(
                    SPEC.child(name), new["spec"][name], f"must not be less than before ({old['spec'][name]})"
                )


class ClockStatusStrategy(StatusStrategy):
    """Writes of the status, each of which reads the clock."""

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        new["status"] = {**(new.get("status") or {}), "now": context.clock.micro_timestamp()}


def clock_name(name: str, prefix: bool) -> list[str]:
    """There is one clock."""
    return [] if name == CLOCK_NAME and not prefix else [f'must be "{CLOCK_NAME}": a cluster has one clock']


def _status(name: str) -> Column:
    return Column(name, lambda obj, _now: obj.get("status", {}).get(name.lower(), ""), description="As the clock is.")


def _settled(obj: Object, _now: float) -> str:
    for condition in obj.get("status", {}).get("conditions") or ():
        if condition["type"] == SETTLED:
            return str(condition["status"])
    return ""


CLOCK = OwnKind(
    ResourceInfo(
        group=CLOCKS.group,
        version=CLOCKS.version,
        preferred_version=CLOCKS.version,
        name=CLOCKS.resource,
        singular="clock",
        kind="Clock",
        namespaced=False,
        verbs=("get", "list", "patch", "update", "watch"),
        subresources=(SubresourceInfo("status", "Clock", ("get", "patch", "update")),),
    ),
    Clock.model_json_schema(),
    Kind(
        group=CLOCKS.group,
        plural=CLOCKS.resource,
        strategy=ClockStrategy(),
        status_strategy=ClockStatusStrategy(ClockStrategy()),
        columns=(
            Column("Name", lambda obj, _now: obj["metadata"]["name"], "string", "name"),
            _status("Mode"),
            _status("Rate"),
            Column("Now", lambda _obj, now: format_time(now), "date", description="Emulated time, as you ask."),
            Column("Settled", _settled, description="Whether no work was left after what was asked for."),
        ),
        name_check=clock_name,
    ),
)
