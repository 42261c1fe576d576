"""Cursors: every change once and in order, or Compacted; wake-ups for those who wait for it, and nobody else."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.clock import Clock, Unsettled
from minikube_lite.ledger import Ledger
from minikube_lite.store import Compacted, Cursor, MemoryStore
from minikube_lite.store.window import WATCH_BATCH_EVENTS_MAX

EVENTS_MAX = 8
"""The window of the store in these tests; it drops in blocks, so it holds some more for a while."""
HELD_MAX = EVENTS_MAX + EVENTS_MAX // 8


def seen(cursor: Cursor) -> list[tuple[str, str, int]]:
    return [(event.type, event.record.name, event.revision) for event in cursor.drain()]


def fill(put, count: int, resource: str = "pods", namespace: str = "default") -> None:
    for number in range(count):
        put(resource, f"n{number % 3}", namespace)


async def started(cursor: Cursor) -> asyncio.Task[list]:
    """A reader that waits for the next batch."""
    task = asyncio.create_task(cursor.next_batch())
    await asyncio.sleep(0)
    return task


# Windows


def test_changes_are_told_once_and_in_order(store, put) -> None:
    cursor = store.watch("pods", after=0)
    put("pods", "x")
    put("pods", "x")
    store.commit("pods", "default", "x", None, expected=2)
    assert seen(cursor) == [("ADDED", "x", 1), ("MODIFIED", "x", 2), ("DELETED", "x", 3)]
    assert seen(cursor) == []


@given(count=st.integers(min_value=0, max_value=40), after=st.integers(min_value=0, max_value=45))
def test_a_watch_begins_at_any_revision_that_is_held(count: int, after: int) -> None:
    store = MemoryStore(Ledger(), window_events_max=EVENTS_MAX)
    for revision in range(count):
        store.commit("pods", "", "x", {"metadata": {}}, expected=revision)
    try:
        cursor = store.watch("pods", after=after)
    except Compacted as error:
        assert (error.revision, after < error.floor) == (after, True)
        assert error.floor <= count - EVENTS_MAX
    else:
        assert [event.revision for event in cursor.drain()] == list(range(after + 1, count + 1))
        assert count - after <= HELD_MAX


def test_a_window_is_bounded(store, put) -> None:
    fill(put, 1000)
    assert EVENTS_MAX <= len(store.watch("pods", after=1000 - EVENTS_MAX).drain()) <= HELD_MAX


def test_a_reader_that_falls_off_the_end_is_told(store, put) -> None:
    cursor = store.watch("pods", after=0)
    fill(put, 3)
    assert len(cursor.drain()) == 3
    fill(put, HELD_MAX + 3)
    with pytest.raises(Compacted, match=r"^too old resource version: 3 \(\d+\)$"):
        cursor.drain()


def test_a_revision_that_fell_off_cannot_be_watched_and_leaves_nothing_behind(store, put) -> None:
    fill(put, 50)
    with pytest.raises(Compacted):
        store.watch("pods", after=1)
    assert store.watchers == 0


@pytest.mark.parametrize("selection", [("quiet", ""), ("quiet", "x"), ("", "x")])
def test_a_quiet_cursor_survives_any_number_of_changes_of_others(store, put, selection) -> None:
    put("pods", "x", "quiet")
    cursor = store.watch("pods", *selection, after=store.revision)
    assert seen(cursor) == []
    fill(put, 1000, namespace="busy")
    assert seen(cursor) == []
    put("pods", "x", "quiet")
    fill(put, 3, namespace="busy")
    assert seen(cursor) == [("MODIFIED", "x", 1002)]


def test_compacting_drops_who_stands_behind_and_nobody_else(store, put) -> None:
    behind = store.watch("pods", after=0)
    fill(put, 3)
    abreast = store.watch("pods", after=3)
    store.compact("pods")
    with pytest.raises(Compacted):
        behind.drain()
    with pytest.raises(Compacted):
        store.watch("pods", after=2)
    with pytest.raises(Compacted):
        store.scan("pods", at=2)
    put("pods", "new")
    assert seen(abreast) == [("ADDED", "new", 4)]
    assert seen(store.watch("pods", after=3)) == [("ADDED", "new", 4)]


def test_very_many_changes_come_in_batches() -> None:
    store = MemoryStore(Ledger())
    for revision in range(WATCH_BATCH_EVENTS_MAX + 5):
        store.commit("pods", "", "x", {"metadata": {}}, expected=revision)
    cursor = store.watch("pods", after=0)
    assert [len(cursor.drain()) for _ in range(3)] == [WATCH_BATCH_EVENTS_MAX, 5, 0]


async def test_a_batch_without_a_match_is_no_end() -> None:
    store = MemoryStore(Ledger())
    for revision in range(WATCH_BATCH_EVENTS_MAX * 2):
        store.commit("pods", "busy", "x", {"metadata": {}}, expected=revision)
    store.commit("pods", "quiet", "y", {"metadata": {}}, expected=0)
    [event] = await store.watch("pods", "quiet", after=0).next_batch()
    assert event.record.name == "y"


# Wake-ups


@pytest.mark.parametrize(
    ("selection", "woken"),
    [
        (("pods", "", ""), {"pods a x", "pods a y", "pods b x"}),
        (("pods", "a", ""), {"pods a x", "pods a y"}),
        (("pods", "a", "x"), {"pods a x"}),
        (("pods", "", "x"), {"pods a x", "pods b x"}),
        (("services", "", ""), {"services a x"}),
    ],
)
async def test_only_who_waits_for_a_change_is_woken(ledger, store, put, selection, woken) -> None:
    found = set()
    for resource, namespace, name in [
        ("pods", "a", "x"),
        ("pods", "a", "y"),
        ("pods", "b", "x"),
        ("services", "a", "x"),
    ]:
        cursor = store.watch(*selection, after=store.revision)
        task = await started(cursor)
        put(resource, name, namespace)
        assert (not ledger.idle) == (f"{resource} {namespace} {name}" in woken)
        for _ in range(3):
            await asyncio.sleep(0)
        if task.done():
            found.add(f"{resource} {namespace} {name}")
            assert [event.record.name for event in task.result()] == [name]
        else:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        cursor.close()
        assert ledger.idle
    assert found == woken


async def test_a_reader_that_gave_up_reads_on_where_it_was(store, put) -> None:
    cursor = store.watch("pods", after=0)
    task = await started(cursor)
    put("pods", "x")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    put("pods", "y")
    assert [event.record.name for event in await cursor.next_batch()] == ["x", "y"]


async def test_a_cursor_that_was_just_woken_is_not_idle(store, put) -> None:
    """Else a reader that stops waiting in that moment would take the new revision for told."""
    cursor = store.watch("pods", after=0)
    assert not cursor.idle
    task = await started(cursor)
    assert cursor.idle
    put("pods", "x")
    assert not cursor.idle
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not cursor.idle


# Work


async def test_changes_are_work_until_the_reader_asks_for_more(ledger, store, put) -> None:
    cursor = store.watch("pods", after=0)
    put("pods", "x")
    assert ledger.outstanding() == {"watch": 1}
    await cursor.next_batch()
    assert ledger.outstanding() == {"watch": 1}
    task = await started(cursor)
    assert ledger.idle
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_an_outside_reader_leaves_lying_is_no_work(ledger, store, put) -> None:
    cursor = store.watch("pods", after=0)
    put("pods", "x")
    await cursor.next_batch()
    cursor.hand_out()
    put("pods", "y")
    assert ledger.idle
    await cursor.next_batch()
    task = await started(cursor)
    put("pods", "z")
    assert not ledger.idle
    await task
    cursor.close()
    assert ledger.idle


async def test_settle_waits_for_what_is_not_delivered() -> None:
    clock = Clock("stepped")
    store = MemoryStore(clock.ledger)
    cursor = store.watch("pods", after=0)
    store.commit("pods", "", "x", {"metadata": {}}, expected=0)
    with pytest.raises(Unsettled, match="'watch': 1"):
        await clock.settle(0.01)
    cursor.close()
    await clock.settle(1)


def test_closed_cursors_are_forgotten(ledger, store, put) -> None:
    cursors = [store.watch("pods", namespace, after=0) for namespace in ("", "a", "a", "b")]
    assert store.watchers == 4
    put("pods", "x", "a")
    for cursor in [*cursors, *cursors]:
        cursor.close()
    again = store.watch("pods", "a", after=0)
    cursors[1].close()
    assert store.watchers == 1
    again.close()
    assert (store.watchers, ledger.idle) == (0, True)
    put("pods", "x", "a")
    assert ledger.idle
