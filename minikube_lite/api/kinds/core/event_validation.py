"""What an Event may say, in both API groups; upstream: pkg/apis/core/validation/events.go.

It looks at events in the form of the core group.
"""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.machinery.metadata import validate_immutable_field, validate_object_meta
from minikube_lite.machinery.names import byte_length, is_dns1123_subdomain, is_qualified_name, name_is_dns_subdomain
from minikube_lite.schema.field import FieldError, Path, invalid, required
from minikube_lite.store import Object

TEXT_BYTES_MAX = 128
NOTE_BYTES_MAX = 1024
NEEDS_TO_BE_UNSET = "needs to be unset"


def event_errors(event: Object, controller_field: str) -> Iterator[FieldError]:
    """The faults that count in every group. `controller_field` is what the group calls the reporting controller."""
    namespace, of_object = event["metadata"].get("namespace", ""), event.get("involvedObject", {}).get("namespace", "")
    mismatch = invalid(Path("involvedObject.namespace"), of_object, "does not match event.namespace")
    if not event.get("eventTime"):
        if (namespace not in ("", "default")) if not of_object else namespace != of_object:
            yield mismatch
    else:
        if not of_object and namespace not in ("default", "kube-system"):
            yield mismatch
        yield from _text_errors(event, controller_field)
    for message in is_dns1123_subdomain(namespace):
        yield invalid(Path("namespace"), namespace, message)


def _text_errors(event: Object, controller_field: str) -> Iterator[FieldError]:
    controller = event.get("reportingComponent", "")
    if not controller:
        yield required(Path(controller_field))
    for message in is_qualified_name(controller):
        yield invalid(Path(controller_field), controller, message)
    for name in ("reportingInstance", "action", "reason"):
        if not event.get(name):
            yield required(Path(name))
        if byte_length(event.get(name) or "") > TEXT_BYTES_MAX:
            yield invalid(Path(name), "", f"can have at most {TEXT_BYTES_MAX} characters")
    if byte_length(event.get("message") or "") > NOTE_BYTES_MAX:
        yield invalid(Path("message"), "", f"can have at most {NOTE_BYTES_MAX} characters")


def strict_event_errors(event: Object) -> Iterator[FieldError]:
    """What the newer group asks of a new event beyond that."""
    yield from validate_object_meta(event["metadata"], True, name_is_dns_subdomain, Path("metadata"))
    yield from _series_errors(event)
    if not event.get("eventTime"):
        yield required(Path("eventTime"))
    if event.get("type") not in ("Normal", "Warning"):
        yield invalid(Path("type"), "", f"has invalid value: {event.get('type', '')}")
    for name in ("firstTimestamp", "lastTimestamp", "count"):
        if event.get(name):
            yield invalid(Path(name), "", NEEDS_TO_BE_UNSET)
    if any(event.get("source", {}).values()):
        yield invalid(Path("source"), "", NEEDS_TO_BE_UNSET)


def _series_errors(event: Object) -> Iterator[FieldError]:
    series = event.get("series")
    if series is not None:
        if series.get("count", 0) < 2:
            yield invalid(Path("series.count"), "", "should be at least 2")
        if not series.get("lastObservedTime"):
            yield required(Path("series.lastObservedTime"))


def strict_event_update_errors(new: Object, old: Object) -> Iterator[FieldError]:
    """What the newer group asks of a changed event: hardly anything but the series may change."""
    if new.get("series") != old.get("series"):
        yield from _series_errors(new)
    for name in (
        "involvedObject",
        "reason",
        "message",
        "source",
        "firstTimestamp",
        "lastTimestamp",
        "count",
        "reason",
        "type",
    ):
        yield from validate_immutable_field(new.get(name), old.get(name), Path(name))
    yield from validate_immutable_field(new.get("eventTime"), old.get("eventTime"), Path("eventTime"))
    for name in ("action", "related"):
        yield from validate_immutable_field(new.get(name), old.get(name), Path(name))
    controller = (new.get("reportingComponent"), old.get("reportingComponent"))
    yield from validate_immutable_field(*controller, Path("reportingController"))
    yield from validate_immutable_field(
        new.get("reportingInstance"), old.get("reportingInstance"), Path("reportingInstance")
    )
