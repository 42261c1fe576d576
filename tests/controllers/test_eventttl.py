"""Events go an hour after they were last written."""

from __future__ import annotations

from typing import Any

from minikube_lite.controllers.eventttl import EventTTL
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.resources import EVENTS

HOUR = 3600.0


def tell(world: Any, name: str) -> None:
    """Report an event about something."""
    about = ObjectReference("v1", "ConfigMap", "default", name, f"uid-{name}")
    world.events.recorder("tests").event(about, "Normal", "Told", f"about {name}")


async def names(world: Any) -> list[str]:
    """What the events that are left are about."""
    return sorted(event["involvedObject"]["name"] for event in await world.items(EVENTS))


async def test_events_go_in_their_order(world: Any) -> None:
    await world.start(EventTTL)
    tell(world, "first")
    await world.advance(600)
    tell(world, "second")
    await world.advance(HOUR - 601)
    assert await names(world) == ["first", "second"]
    await world.advance(2)
    assert await names(world) == ["second"]
    await world.advance(HOUR)
    assert await names(world) == []


async def test_a_repeated_event_lives_on(world: Any) -> None:
    await world.start(EventTTL)
    for _ in range(5):
        tell(world, "same")
        await world.advance(HOUR / 2)
    (event,) = await world.items(EVENTS)
    assert event["count"] == 5
    await world.advance(HOUR / 2 + 1)
    assert await names(world) == []


async def test_deleted_events_do_not_matter(world: Any) -> None:
    await world.start(EventTTL)
    tell(world, "gone")
    await world.settle()
    (event,) = await world.items(EVENTS)
    await world.client.delete(EVENTS, "default", event["metadata"]["name"])
    tell(world, "other")
    await world.advance(HOUR + 1)
    assert await names(world) == []


async def test_a_failed_write_is_made_again(world: Any) -> None:
    await world.start(EventTTL)
    tell(world, "first")
    await world.settle()
    world.failures.nth = world.failures.count + 1
    await world.advance(HOUR + 1)
    assert await names(world) == []
