"""Whoever follows everything hears of every resource, also of one that is served later, or no more."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.everything import followable
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.resources import PODS, GroupVersionResource
from minikube_lite.schema.resources import ResourceInfo

WIDGETS = GroupVersionResource("example.com", "v1", "widgets")
ALL = ("create", "delete", "list", "watch")


def info(resource: GroupVersionResource, preferred: str = "v1", verbs: tuple[str, ...] = ALL) -> ResourceInfo:
    return ResourceInfo(*resource[:2], preferred, resource.resource, "", resource.resource.title(), True, verbs)


class Heard:
    """A handler that notes what it is told."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str, str]] = []

    def __call__(self, resource: GroupVersionResource, old: dict | None, new: dict | None) -> None:
        kind = "added" if old is None else "deleted" if new is None else "changed"
        self.changes.append((resource.key, kind, (new or old or {})["metadata"]["name"]))


@pytest.fixture
async def informers(client):
    informers = Informers(client)
    yield informers
    await informers.stop()


def test_each_resource_is_followed_in_the_version_that_its_group_prefers() -> None:
    old, new = (GroupVersionResource("autoscaling", version, "horizontalpodautoscalers") for version in ("v1", "v2"))
    unwatchable = info(GroupVersionResource("", "v1", "bindings"), verbs=("create",))
    served = [info(old, "v2"), info(new, "v2"), unwatchable, info(GroupVersionResource("", "v1", "events"))]
    assert followable(served) == {"horizontalpodautoscalers.autoscaling": new}


async def test_what_is_there_and_what_comes_is_told(clock, client, informers) -> None:
    heard = Heard()
    client.served = [info(PODS), info(WIDGETS)]
    informers.everything.add_handler(heard)
    client.put(PODS, "a", "x")
    await informers.start()
    client.put(WIDGETS, "a", "w")
    await clock.settle(5)
    assert heard.changes == [("pods", "added", "x"), ("widgets.example.com", "added", "w")]


async def test_a_resource_that_comes_later_is_followed_and_one_that_goes_is_forgotten(clock, client, informers) -> None:
    heard, told = Heard(), []
    client.served = [info(PODS)]
    informers.everything.add_handler(heard)
    informers.everything.add_listener(lambda: told.append(len(client.served)))
    await informers.start()
    client.served.append(info(WIDGETS))
    informers.everything.refresh()
    informers.everything.refresh()
    client.put(WIDGETS, "a", "early")
    await clock.settle(5)
    client.put(WIDGETS, "a", "late")
    await clock.settle(5)
    client.served.pop()
    informers.everything.refresh()
    await clock.settle(5)
    client.put(WIDGETS, "a", "never")
    await clock.settle(5)
    assert told == [1, 2, 1]  # once a change
    assert heard.changes == [
        ("widgets.example.com", "added", "early"),
        ("widgets.example.com", "added", "late"),
        ("widgets.example.com", "deleted", "early"),
        ("widgets.example.com", "deleted", "late"),
    ]


async def test_nothing_is_followed_where_nobody_asks(client, informers) -> None:
    client.served = [info(PODS)]
    await informers.start()
    assert client.calls == []
