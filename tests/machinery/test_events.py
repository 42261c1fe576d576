"""Events: written in the order in which they were reported; a repetition raises the count of the one that is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from minikube_lite.machinery import events as module
from minikube_lite.machinery.errors import forbidden
from minikube_lite.machinery.events import Events, ObjectReference
from minikube_lite.machinery.resources import EVENTS, PODS

POD = ObjectReference("v1", "Pod", "a", "x", "uid-x", "7")


@pytest.fixture
async def events(client, clock):
    events = Events(client, clock)
    events.start()
    yield events
    await events.stop()
    assert clock.ledger.idle


def written(client) -> list[tuple[str, str, int]]:
    """The reason, the message and the count of every event, in the order in which they were made."""
    records = sorted(client.store.scan(EVENTS.key), key=lambda record: record.name)
    return [(record.object["reason"], record.object["message"], record.object["count"]) for record in records]


async def test_an_event_tells_who_reported_what_about_whom(clock, client, events) -> None:
    about = ObjectReference.of(
        {"metadata": {"namespace": "a", "name": "x", "uid": "u", "resourceVersion": "7"}}, PODS, "Pod"
    )
    events.recorder("kubelet", "node-1").event(about, "Warning", "Failed", "it failed")
    await clock.settle(5)
    [record] = client.store.scan(EVENTS.key)
    event = record.object
    assert record.name == f"x.{int(clock.now() * 1e9):x}"
    assert event["involvedObject"] == {
        "kind": "Pod", "namespace": "a", "name": "x", "uid": "u", "apiVersion": "v1", "resourceVersion": "7",
    }  # fmt: skip
    assert event["source"] == {"component": "kubelet", "host": "node-1"}
    assert (event["type"], event["reason"], event["message"], event["count"]) == ("Warning", "Failed", "it failed", 1)
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2026-01-01T00:00:00Z"
    assert (event["reportingComponent"], event["reportingInstance"], event["eventTime"]) == ("kubelet", "node-1", None)


async def test_an_event_about_a_node_stands_in_the_default_namespace(clock, client, events) -> None:
    events.recorder("c").event(ObjectReference("v1", "Node", "", "n", "u"), "Normal", "Ready", "ready")
    await clock.settle(5)
    [record] = client.store.scan(EVENTS.key)
    assert record.namespace == "default"
    assert "namespace" not in record.object["involvedObject"]


async def test_a_repetition_is_counted_by_a_patch(clock, client, events) -> None:
    recorder = events.recorder("c")
    for _ in range(3):
        recorder.event(POD, "Normal", "Pulled", "image is here")
        await clock.advance(10)
    assert written(client) == [("Pulled", "image is here", 3)]
    [record] = client.store.scan(EVENTS.key)
    assert (record.object["firstTimestamp"], record.object["lastTimestamp"]) == (
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:20Z",
    )
    assert [call.split()[0] for call in client.calls] == ["create", "patch", "patch"]


@pytest.mark.parametrize(
    "change",
    [
        {"about": replace(POD, name="y")},
        {"about": replace(POD, uid="another")},
        {"about": replace(POD, field_path="spec.containers{c}")},
        {"event_type": "Warning"},
        {"reason": "Other"},
        {"message": "other"},
        {"component": "d"},
        {"host": "node-2"},
    ],
)
async def test_what_differs_is_no_repetition(clock, client, events, change) -> None:
    first = {"about": POD, "component": "c", "host": "node-1", "event_type": "Normal", "reason": "R", "message": "m"}
    events.report(**first)
    events.report(**{**first, **change})
    await clock.settle(5)
    assert [count for _, _, count in written(client)] == [1, 1]


async def test_events_are_written_in_the_order_in_which_they_were_reported(clock, client, events) -> None:
    recorder = events.recorder("c")
    for number in range(20):
        recorder.event(POD, "Normal", f"R{number}", "m")
    await clock.settle(5)
    assert [reason for reason, _, _ in written(client)] == [f"R{number}" for number in range(20)]
    assert len(set(client.calls)) == 20


async def test_a_repetition_of_an_event_that_is_gone_is_written_anew(clock, client, events) -> None:
    recorder = events.recorder("c")
    recorder.event(POD, "Normal", "R", "m")
    await clock.settle(5)
    [record] = client.store.scan(EVENTS.key)
    client.remove(EVENTS, "a", record.name)
    recorder.event(POD, "Normal", "R", "m")
    await clock.settle(5)
    assert written(client) == [("R", "m", 1)]


@pytest.mark.parametrize("failure", [forbidden(EVENTS, "x", "no"), RuntimeError("no")])
async def test_an_event_that_cannot_be_written_holds_nothing_up(clock, client, events, failure) -> None:
    recorder = events.recorder("c")
    client.failures.append(failure)
    recorder.event(POD, "Normal", "Lost", "m")
    recorder.event(POD, "Normal", "Written", "m")
    await clock.settle(5)
    assert written(client) == [("Written", "m", 1)]


async def test_remembered_and_waiting_events_are_bounded(clock, client, monkeypatch, caplog) -> None:
    monkeypatch.setattr(module, "RECENT_EVENTS_MAX", 2)
    monkeypatch.setattr(module, "WAITING_EVENTS_MAX", 3)
    events = Events(client, clock)
    for reason in ("A", "B", "C", "dropped"):
        events.report(POD, "c", "", "Normal", reason, "m")
    assert "too many events wait to be written: dropped of x dropped" in caplog.text
    events.start()
    await clock.settle(5)
    events.report(POD, "c", "", "Normal", "A", "m")
    events.report(POD, "c", "", "Normal", "C", "m")
    await clock.settle(5)
    assert written(client) == [("A", "m", 1), ("B", "m", 1), ("C", "m", 2), ("A", "m", 1)]
    await events.stop()


async def test_what_is_not_written_when_it_stops_is_no_work(clock, client) -> None:
    events = Events(client, clock)
    events.report(POD, "c", "", "Normal", "R", "m")
    await events.stop()
    assert clock.ledger.idle
