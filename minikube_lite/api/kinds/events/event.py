"""Events in the form of the group events.k8s.io, strictly validated; upstream: pkg/registry/core/event.

They are kept apart from those of the core group; `to_core` shows one in the other's form, for columns and rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minikube_lite.api.kinds.core import event as core_event
from minikube_lite.api.kinds.core.event_validation import event_errors, strict_event_errors, strict_event_update_errors
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import Column, Kind, RequestContext, Strategy
from minikube_lite.schema.field import FieldError
from minikube_lite.store import Object

CORE_NAMES: Mapping[str, str] = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
"""What the core group calls the fields of this one."""


_ALWAYS_IN_CORE: Mapping[str, Any] = {
    "firstTimestamp": None,
    "lastTimestamp": None,
    "reportingComponent": "",
    "reportingInstance": "",
}


def to_core(event: Object) -> Object:
    """The event as the core group shows it, with the fields that are always there."""
    core = {CORE_NAMES.get(name, name): value for name, value in event.items()}
    return {**_ALWAYS_IN_CORE, "eventTime": None, "involvedObject": {}, "source": {}, **core}


class EventStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    allow_create_on_update = True
    reset_fields = ()

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        event = to_core(obj)
        faults = [*event_errors(event, "reportingController"), *strict_event_errors(event)]
        return _refuse(obj, faults)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        event = to_core(new)
        faults = [*event_errors(event, "reportingController"), *strict_event_update_errors(event, to_core(old))]
        return _refuse(new, faults)


def _refuse(obj: Object, faults: list[FieldError]) -> Iterable[FieldError]:
    """Upstream names the kind without this group in its errors."""
    if faults:
        raise errors.invalid("", "Event", obj["metadata"].get("name", ""), faults)
    return ()


def _as_core(column: Column) -> Column:
    return Column(
        column.name,
        lambda obj, now: column.cell(to_core(obj), now),
        column.type,
        column.format,
        column.priority,
        column.description,
    )


KIND = Kind(
    group="events.k8s.io",
    plural="events",
    strategy=EventStrategy(),
    columns=tuple(map(_as_core, core_event.COLUMNS)),
    selectable=lambda obj: core_event.selectable(to_core(obj)),
    selectable_names=core_event.KIND.selectable_names,
)
