"""Events, one list that two groups serve; upstream: pkg/registry/core/event.

They are stored in the form of the core group, which hardly validates them; what comes by events.k8s.io is held to more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from minikube_lite.api.columns import cell_column, name_of, text_column
from minikube_lite.api.kinds.core.event_validation import event_errors, strict_event_errors, strict_event_update_errors
from minikube_lite.machinery.ages import since
from minikube_lite.machinery.kind import Column, Conversion, FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.names import path_segment_name
from minikube_lite.schema.field import FieldError
from minikube_lite.store import Object

NEWER_VERSION = "events.k8s.io/v1"
NEWER_NAMES: Mapping[str, str] = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
"""What the newer group calls the fields of the core group."""
CORE_NAMES = {newer: core for core, newer in NEWER_NAMES.items()}
INVOLVED_OBJECT_FIELDS = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")


class EventStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    allow_create_on_update = True
    reset_fields = ()

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        if context.api_version != NEWER_VERSION:
            return event_errors(obj, "reportingComponent")
        return [*event_errors(obj, "reportingController"), *strict_event_errors(obj)]

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        if context.api_version != NEWER_VERSION:
            return event_errors(new, "reportingComponent")
        return [*event_errors(new, "reportingController"), *strict_event_update_errors(new, old)]


def _renamed(names: Mapping[str, str]) -> Callable[[Object], Object]:
    return lambda event: {names.get(name, name): value for name, value in event.items()}


def first_seen_text(obj: Object, now: float) -> str:
    """The First Seen cell."""
    return since(obj.get("firstTimestamp") or obj.get("eventTime"), now)


def last_seen_text(obj: Object, now: float) -> str:
    """The Last Seen cell."""
    series = obj.get("series")
    if series is not None:
        return since(series.get("lastObservedTime"), now)
    last = obj.get("lastTimestamp")
    return since(last, now) if last else first_seen_text(obj, now)


def count_of(obj: Object) -> int:
    """How often the event happened."""
    series = obj.get("series")
    return int(series.get("count", 0) if series is not None else obj.get("count") or 1)


def object_text(obj: Object) -> str:
    """The Object cell."""
    involved = obj.get("involvedObject", {})
    kind, name = involved.get("kind", "").lower(), involved.get("name", "")
    return f"{kind}/{name}" if name else str(kind)


def source_text(obj: Object) -> str:
    """The Source cell."""
    source = obj.get("source", {})
    component = source.get("component") or obj.get("reportingComponent") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    return f"{component}, {host}" if host else component


COLUMNS = (
    Column("Last Seen", last_seen_text, description=FieldText("io.k8s.api.core.v1.Event", "lastTimestamp")),
    text_column("Type", "type", description=FieldText("io.k8s.api.core.v1.Event", "type")),
    text_column("Reason", "reason", description=FieldText("io.k8s.api.core.v1.Event", "reason")),
    cell_column("Object", object_text, description=FieldText("io.k8s.api.core.v1.Event", "involvedObject")),
    text_column(
        "Subobject",
        "involvedObject",
        "fieldPath",
        priority=1,
        description=FieldText("io.k8s.api.core.v1.ObjectReference", "fieldPath"),
    ),
    cell_column("Source", source_text, priority=1, description=FieldText("io.k8s.api.core.v1.Event", "source")),
    cell_column(
        "Message",
        lambda obj: (obj.get("message") or "").strip(),
        description=FieldText("io.k8s.api.core.v1.Event", "message"),
    ),
    Column(
        "First Seen", first_seen_text, priority=1, description=FieldText("io.k8s.api.core.v1.Event", "firstTimestamp")
    ),
    Column(
        "Count", lambda obj, _now: count_of(obj), priority=1, description=FieldText("io.k8s.api.core.v1.Event", "count")
    ),
    Column(
        "Name",
        name_of,
        format="name",
        priority=1,
        description=FieldText("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "name"),
    ),
)


def selectable(obj: Object) -> Mapping[str, str]:
    """The fields by which events can be selected."""
    involved = obj.get("involvedObject", {})
    fields = {f"involvedObject.{name}": involved.get(name, "") for name in INVOLVED_OBJECT_FIELDS}
    controller = obj.get("reportingComponent", "")
    fields["reason"] = obj.get("reason", "")
    fields["reportingComponent"] = controller
    fields["source"] = obj.get("source", {}).get("component") or controller
    fields["type"] = obj.get("type", "")
    return fields


KIND = Kind(
    group="",
    plural="events",
    strategy=EventStrategy(),
    columns=COLUMNS,
    selectable=selectable,
    selectable_names=(
        *(f"involvedObject.{name}" for name in INVOLVED_OBJECT_FIELDS), "reason", "reportingComponent",
        "source", "type",
    ),
    name_check=path_segment_name,
    conversions={NEWER_VERSION: Conversion(from_stored=_renamed(NEWER_NAMES), to_stored=_renamed(CORE_NAMES))},
)  # fmt: skip
