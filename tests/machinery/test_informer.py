"""Informers: a cache that is true, handlers that hear each change once and in order, and a fresh list after a fall."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.clock import Clock
from minikube_lite.machinery.errors import bad_request
from minikube_lite.machinery.informer import Informer, Informers
from minikube_lite.machinery.pod_indexes import node_names
from minikube_lite.machinery.resources import NODES, PODS


class Told:
    """A handler that notes what it is told."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str]] = []

    def __call__(self, old: dict | None, new: dict | None) -> None:
        kind = "added" if old is None else "deleted" if new is None else "changed"
        obj: dict[str, Any] = new or old or {}
        self.changes.append((kind, obj["metadata"]["name"]))


@pytest.fixture
async def informers(client):
    informers = Informers(client)
    yield informers
    await informers.stop()


async def test_handlers_hear_every_change_once_and_in_order(clock, client, informers) -> None:
    told = Told()
    client.put(PODS, "a", "x")
    pods = informers.informer(PODS)
    pods.add_handler(told)
    await informers.start()
    client.put(PODS, "a", "y")
    client.put(PODS, "a", "x", phase="Running")
    client.remove(PODS, "a", "y")
    await clock.settle(5)
    assert told.changes == [("added", "x"), ("added", "y"), ("changed", "x"), ("deleted", "y")]


async def test_the_cache_shows_a_change_before_its_handlers_hear_of_it(clock, client, informers) -> None:
    pods = informers.informer(PODS)
    seen = []
    pods.add_handler(
        lambda old, new: seen.append((pods.get("a", "x") is new, len(pods), len(pods.by_index("phase", "Running"))))
    )
    pods.add_index("phase", lambda obj: [obj.get("phase", "")])
    await informers.start()
    client.put(PODS, "a", "x", phase="Running")
    client.put(PODS, "a", "x", phase="Failed")
    client.remove(PODS, "a", "x")
    await clock.settle(5)
    assert seen == [(True, 1, 1), (True, 1, 0), (True, 0, 0)]


async def test_a_late_handler_is_told_what_is_there(clock, client, informers) -> None:
    client.put(PODS, "b", "x")
    client.put(PODS, "a", "y")
    pods = informers.informer(PODS)
    await informers.start()
    told = Told()
    pods.add_handler(told)
    assert told.changes == [("added", "y"), ("added", "x")]


async def test_reading(clock, client, informers) -> None:
    for namespace, name, node in [("b", "x", "n1"), ("a", "y", "n1"), ("a", "x", "n2"), ("a-b", "x", "")]:
        client.put(PODS, namespace, name, node=node)
    pods = informers.informer(PODS)
    pods.add_index("node", lambda obj: [obj["node"]] if obj["node"] else [])
    await informers.start()
    pods.add_index("late", lambda obj: [obj["metadata"]["name"], "all"])

    def names(objects):
        return [f"{obj['metadata']['namespace']}/{obj['metadata']['name']}" for obj in objects]

    assert names(pods) == names(pods.list_objects()) == ["a/x", "a/y", "a-b/x", "b/x"]
    assert names(pods.list_objects("a")) == ["a/x", "a/y"]
    assert names(pods.by_index("node", "n1")) == ["a/y", "b/x"]
    assert names(pods.by_index("late", "all")) == ["a/x", "a/y", "a-b/x", "b/x"]
    assert names(pods.by_index("node", "nosuch")) == []
    assert pods.get("a", "nosuch") is None
    assert len(pods) == 4


def test_an_index_is_of_one_function(informers) -> None:
    pods = informers.informer(PODS)
    pods.add_index("node", node_names)
    pods.add_index("node", node_names)
    with pytest.raises(ValueError, match="there is another index node of pods"):
        pods.add_index("node", lambda pod: ())


async def test_a_watch_that_fell_behind_is_begun_again(clock, client, informers, caplog) -> None:
    told = Told()
    for name in ("gone", "kept", "changed"):
        client.put(PODS, "a", name)
    pods = informers.informer(PODS)
    pods.add_handler(told)
    await informers.start()
    await clock.settle(5)
    told.changes.clear()
    client.remove(PODS, "a", "gone")
    client.put(PODS, "a", "changed", phase="Running")
    for turn in range(50):
        client.put(PODS, "a", "new", turn=turn)
    await clock.settle(5)
    assert sorted(told.changes) == [("added", "new"), ("changed", "changed"), ("deleted", "gone")]
    assert pods.get("a", "new")["turn"] == 49
    assert "fell behind" in caplog.text
    client.put(PODS, "a", "after")
    await clock.settle(5)
    assert told.changes[-1] == ("added", "after")


@pytest.mark.parametrize("failing", [1, 2, 3])
async def test_a_failing_handler_hurts_no_other(clock, client, informers, caplog, failing) -> None:
    told = [Told(), Told(), Told()]
    pods = informers.informer(PODS)

    def fail(old, new):
        raise RuntimeError("no")

    for position, handler in enumerate(told, 1):
        pods.add_handler(fail if position == failing else handler)
    await informers.start()
    client.put(PODS, "a", "x")
    client.put(PODS, "a", "y")
    await clock.settle(5)
    expected = [("added", "x"), ("added", "y")]
    assert [handler.changes for handler in told] == [[] if number == failing else expected for number in (1, 2, 3)]
    assert caplog.text.count("a handler of pods failed") == 2


async def test_a_failing_index_function_finds_nothing_and_hurts_nothing(clock, client, informers, caplog) -> None:
    told = Told()
    pods = informers.informer(PODS)
    pods.add_handler(told)
    pods.add_index("node", lambda obj: [obj["spec"]["nodeName"]])
    await informers.start()
    client.put(PODS, "a", "bad")
    client.put(PODS, "a", "good", spec={"nodeName": "n1"})
    await clock.settle(5)
    assert [obj["metadata"]["name"] for obj in pods.by_index("node", "n1")] == ["good"]
    assert told.changes == [("added", "bad"), ("added", "good")]
    assert "index node of pods failed at a/bad" in caplog.text


async def test_the_changes_are_work_until_they_are_handled(clock, client, informers) -> None:
    informers.informer(PODS)
    await informers.start()
    await clock.settle(5)
    client.put(PODS, "a", "x")
    assert clock.ledger.outstanding() == {"watch": 1}
    await clock.settle(5)
    assert len(informers.informer(PODS)) == 1


async def test_one_informer_serves_all_who_ask(clock, client, informers) -> None:
    assert informers.informer(PODS) is informers.informer(PODS)
    assert not informers.synced
    await informers.start()
    assert informers.synced
    with pytest.raises(RuntimeError, match="informer of nodes asked for after the start"):
        informers.informer(NODES)
    await informers.stop()
    assert client.store.watchers == 0
    assert clock.ledger.idle


async def test_an_informer_that_cannot_go_on_says_so(clock, client, informers, caplog) -> None:
    informers.informer(PODS)
    await informers.start()
    await clock.settle(5)
    client.failures.append(bad_request("no"))
    for _ in range(50):
        client.put(PODS, "a", "x")
    await clock.settle(5)
    assert "the informer of pods ended" in caplog.text


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.booleans(), st.integers(min_value=0, max_value=3)), max_size=40))
def test_what_handlers_are_told_adds_up_to_the_cache(make_client, changes) -> None:
    """However the reader is slowed down, and whether or not it falls behind."""

    async def run() -> None:
        clock = Clock("stepped")
        client = make_client(clock)
        informer = Informer(client, PODS)
        state: dict[str, Any] = {}

        def follow(old, new):
            name = (new or old)["metadata"]["name"]
            assert state.get(name) is old
            state[name] = new

        informer.add_handler(follow)
        await informer.start()
        task = asyncio.create_task(informer.run())
        for name, delete, turns in changes:
            if delete and client.store.get("pods", "a", name):
                client.remove(PODS, "a", name)
            else:
                client.put(PODS, "a", name)
            for _ in range(turns):
                await asyncio.sleep(0)
        await clock.settle(5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        there = {record.name: record.object for record in client.store.scan("pods")}
        assert {name: obj for name, obj in state.items() if obj is not None} == there
        assert [obj["metadata"]["name"] for obj in informer] == sorted(there)

    asyncio.run(run())
