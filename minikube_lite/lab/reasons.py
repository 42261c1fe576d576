"""What an explanation consists of, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from minikube_lite.clock import format_time, parse_time
from minikube_lite.machinery.decisions import Decision, Decisions
from minikube_lite.machinery.fault_specs import ControllerFault
from minikube_lite.machinery.faults import Faults
from minikube_lite.machinery.kind import Reader
from minikube_lite.machinery.resources import EVENTS, GroupVersionResource
from minikube_lite.store import Object

NORMAL_CONDITIONS = ("Pressure", "Failed", "Failure", "Unavailable", "Deadlock", "Target", "Lost")
"""Ends of the names of conditions that are False while all is well."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one part of the cluster has to say. `text` is a clause, `since` in emulated unix seconds or 0."""

    component: str
    text: str
    code: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class World:
    """What explanations rest on."""

    reader: Reader
    decisions: Sequence[Decisions]
    faults: Faults

    def decided(self, resource: GroupVersionResource, namespace: str, name: str, after: float = 0) -> list[Decision]:
        """What was decided about an object since a moment, the newest first."""
        found = [one for each in self.decisions for one in each.about(resource, namespace, name)]
        return sorted((one for one in found if one.since >= after), key=lambda one: -one.since)

    def newest_event(self, obj: Object, suits: Callable[[Object], bool] = lambda event: True) -> Reason | None:
        """What was told last about an object."""
        metadata = obj["metadata"]
        events = [
            event
            for event in self.reader.list_objects(EVENTS, metadata.get("namespace") or "default")
            if event["involvedObject"].get("uid") == metadata["uid"] and suits(event)
        ]
        newest = max(events, key=event_time, default=None)
        if newest is None:
            return None
        component = (newest.get("source") or {}).get("component") or newest.get("reportingComponent") or "event"
        return Reason(component, newest.get("message", ""), newest.get("reason", ""), event_time(newest))


@dataclass(slots=True)
class Account:
    """An explanation in the making: what the object is, in words, and why."""

    state: str
    reasons: list[Reason] = field(default_factory=list)

    def because(self, reasons: Iterable[Reason | None]) -> Account:
        """Add reasons, unless their words are there already."""
        for reason in reasons:
            if reason is not None and reason.text and all(reason.text != one.text for one in self.reasons):
                self.reasons.append(reason)
        return self

    @property
    def sentence(self) -> str:
        """All of it in a sentence."""
        clauses = "; ".join(" ".join(reason.text.split()).rstrip(" :.") for reason in self.reasons)
        return f"{self.state}: {clauses}." if clauses else f"{self.state}."


def of_decision(decision: Decision) -> Reason:
    """A decision as a reason."""
    return Reason(decision.component, decision.text, decision.code, decision.since)


def event_time(event: Object) -> float:
    """When an event was told last, in unix seconds."""
    series = event.get("series") or {}
    text = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return parse_time(text or event["metadata"]["creationTimestamp"])


def bad_conditions(obj: Object) -> Iterator[Reason]:
    """The conditions of a status that are not as they are when all is well."""
    for condition in (obj.get("status") or {}).get("conditions") or ():
        name, state = str(condition.get("type", "")), condition.get("status")
        expected = "False" if name.endswith(NORMAL_CONDITIONS) else "True"
        if state != expected:
            said = condition.get("message") or condition.get("reason") or ""
            text = f"{name} is {state}" + (f", {said}" if said else "")
            since = condition.get("lastTransitionTime")
            yield Reason("status", text, condition.get("reason", ""), parse_time(since) if since else 0.0)


def is_warning(event: Object) -> bool:
    """Whether an event tells of something that is wrong."""
    return bool(event.get("type") == "Warning")


def deleted_at(obj: Object) -> str:
    """When somebody deleted an object; its timestamp is the end of its grace period."""
    metadata = obj["metadata"]
    return format_time(parse_time(metadata["deletionTimestamp"]) - metadata.get("deletionGracePeriodSeconds", 0))


def paused(world: World, controller: str) -> Iterator[Reason]:
    """The faults that keep a controller from doing anything."""
    for fault in world.faults.of(ControllerFault):
        spec = fault.spec
        if isinstance(spec, ControllerFault) and spec.means(controller):
            yield Reason(f"fault {fault.name}", f"fault {fault.name} pauses the {controller}", spec.type)


def deletion(obj: Object) -> list[Reason]:
    """Why an object that is being deleted is still there, as far as its metadata say it."""
    finalizers = obj["metadata"].get("finalizers") or ()
    return [Reason("metadata", f"it waits for its finalizers {', '.join(finalizers)}")] if finalizers else []
