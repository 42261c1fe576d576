"""Revisions: commits that compare, number and append in one step, and lists as they were."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.ledger import Ledger
from minikube_lite.store import Compacted, Event, MemoryStore, MutatedObject, Object, RevisionMismatch

RESOURCES = ("configmaps", "pods")
NAMESPACES = ("a", "b")
NAMES = ("x", "y", "z")

writes = st.lists(
    st.tuples(st.sampled_from(RESOURCES), st.sampled_from(NAMESPACES), st.sampled_from(NAMES), st.booleans()),
    max_size=60,
)
Held = dict[tuple[str, str], tuple[int, int]]
"""What a list shows: the revision and the content of every namespace and name."""


def write(store: MemoryStore, resource: str, namespace: str, name: str, delete: bool) -> None:
    """Delete the object if it is there and that is wanted, else write it; its content is the revision before."""
    current = store.get(resource, namespace, name)
    expected = current.revision if current else 0
    obj: Object = {"metadata": {"namespace": namespace, "name": name}, "content": store.revision}
    if delete and current is not None:
        store.commit(resource, namespace, name, None, expected=expected)
    else:
        store.commit(resource, namespace, name, obj, expected=expected)


def held(store: MemoryStore, resource: str, namespace: str = "", at: int | None = None) -> Held:
    records = store.scan(resource, namespace, at=at)
    found = {(record.namespace, record.name): (record.revision, record.object["content"]) for record in records}
    assert list(found) == sorted(found)
    return found


def apply(state: Held, event: Event) -> None:
    key = (event.record.namespace, event.record.name)
    assert (event.type == "ADDED") == (key not in state)
    assert (event.previous.revision if event.previous else None) == (state[key][0] if key in state else None)
    if event.type == "DELETED":
        del state[key]
    else:
        state[key] = (event.revision, event.record.object["content"])


# Commits


def test_every_commit_is_one_revision_of_the_whole_cluster(store, put) -> None:
    revisions = [put("pods", "x").revision, put("configmaps", "x").revision, put("pods", "x").revision]
    deleted = store.commit("pods", "default", "x", None, expected=3)
    assert [*revisions, deleted.revision, store.revision] == [1, 2, 3, 4, 4]
    assert store.get("pods", "default", "x") is None
    assert [store.count("pods"), store.count("configmaps"), store.count("nodes")] == [0, 1, 0]


def test_an_object_knows_its_revision_and_a_deleted_one_that_of_its_deletion(store, put) -> None:
    first = put("pods", "x", phase="Running")
    deleted = store.commit("pods", "default", "x", None, expected=1)
    assert first.object["metadata"]["resourceVersion"] == "1"
    assert deleted.object == {
        "metadata": {"namespace": "default", "name": "x", "resourceVersion": "2"},
        "phase": "Running",
    }
    assert orjson.loads(deleted.body) == deleted.object


def test_bytes_are_made_once(put) -> None:
    record = put("pods", "x")
    assert record.body is record.body
    assert orjson.loads(record.body) == record.object


@pytest.mark.parametrize("expected", [0, 1, 3, 99])
@pytest.mark.parametrize("obj", [{"metadata": {}}, None])
def test_a_commit_that_expects_another_revision_changes_nothing(store, put, expected, obj) -> None:
    put("pods", "x")
    before = put("pods", "x")
    with pytest.raises(RevisionMismatch) as caught:
        store.commit("pods", "default", "x", obj, expected=expected)
    assert (caught.value.expected, caught.value.actual) == (expected, 2)
    assert store.revision == 2
    assert store.get("pods", "default", "x") is before
    assert len(store.watch("pods", after=0).drain()) == 2


def test_nothing_can_be_deleted_where_nothing_is(store) -> None:
    with pytest.raises(RevisionMismatch):
        store.commit("pods", "default", "x", None, expected=0)
    assert store.revision == 0


# Lists


def test_a_namespace_is_not_its_neighbour(store, put) -> None:
    for namespace in ("a", "a-b", "a0", "aa", "b", "A"):
        put("pods", "x", namespace)
    put("pods", "w", "a")
    assert [(record.namespace, record.name) for record in store.scan("pods", "a")] == [("a", "w"), ("a", "x")]
    assert [record.namespace for record in store.scan("pods", "a-b")] == ["a-b"]
    assert store.scan("pods", "nosuch") == []


def test_a_list_does_not_change_under_its_reader(store, put) -> None:
    put("pods", "x")
    before = store.scan("pods")
    put("pods", "y")
    assert len(before) == 1


@given(writes)
def test_a_list_at_a_revision_is_what_a_list_was_then(done) -> None:
    store = MemoryStore(Ledger(), window_events_max=1000, detect_mutation=True)
    history = [{(resource, namespace): Held() for resource in RESOURCES for namespace in ("", *NAMESPACES)}]
    for change in done:
        write(store, *change)
        history.append({key: held(store, *key) for key in history[0]})
    for revision, expected in enumerate(history):
        assert {key: held(store, *key, at=revision) for key in expected} == expected
    store.check_mutations()


def test_a_revision_that_is_gone_cannot_be_listed(store, put) -> None:
    for _ in range(20):
        put("pods", "x")
    with pytest.raises(Compacted) as caught:
        store.scan("pods", at=3)
    assert str(caught.value).startswith("too old resource version: 3 (")
    floor = caught.value.floor
    assert held_names(store, at=floor) == ["x"]
    with pytest.raises(Compacted):
        store.scan("pods", at=floor - 1)


def held_names(store: MemoryStore, at: int) -> list[str]:
    return [record.name for record in store.scan("pods", at=at)]


def test_other_resources_push_nothing_out(store, put) -> None:
    put("pods", "x")
    put("pods", "x")
    for _ in range(100):
        put("leases", "node")
    assert [record.revision for record in store.scan("pods", at=1)] == [1]
    assert [event.revision for event in store.watch("pods", after=0).drain()] == [1, 2]


# List and watch together


@given(writes, st.data())
def test_a_list_and_a_watch_from_it_rebuild_the_store(done, data) -> None:
    """From any revision, with any selection, and read at any pace."""
    store = MemoryStore(Ledger(), window_events_max=1000)
    for change in done:
        write(store, *change)
    revision = data.draw(st.integers(min_value=0, max_value=store.revision), label="list at")
    resource = data.draw(st.sampled_from(RESOURCES))
    namespace = data.draw(st.sampled_from(("", *NAMESPACES)))
    state = held(store, resource, namespace, at=revision)
    cursor = store.watch(resource, namespace, after=revision)
    for change in data.draw(writes, label="more"):
        write(store, *change)
        if data.draw(st.booleans(), label="read"):
            for event in cursor.drain():
                apply(state, event)
    while not cursor.idle:
        for event in cursor.drain():
            apply(state, event)
    assert state == held(store, resource, namespace)


async def test_a_list_and_a_watch_agree_while_others_write(store, put) -> None:
    state: Held = {}
    cursor = store.watch("pods", after=0)

    async def follow() -> None:
        told = 0
        while told < 75 * len(NAMES):
            for event in await cursor.next_batch():
                apply(state, event)
                told = event.revision

    async def churn(name: str) -> None:
        for turn in range(75):
            write(store, "pods", "default", name, delete=turn % 3 == 2 and turn < 70)
            await asyncio.sleep(0)

    await asyncio.gather(follow(), *(churn(name) for name in NAMES))
    assert state == held(store, "pods")


# The mutation detector


@pytest.mark.parametrize("moment", ["check", "commit"])
def test_who_changes_a_shared_object_is_found_out(moment) -> None:
    store = MemoryStore(Ledger(), detect_mutation=True)
    obj: Object = {"metadata": {"name": "x"}, "data": {"k": "v"}}
    record = store.commit("configmaps", "default", "x", obj, expected=0)
    store.check_mutations()
    record.object["data"]["k"] = "changed"
    with pytest.raises(
        MutatedObject, match="configmaps default/x was changed after its commit at revision 1"
    ) as caught:
        if moment == "check":
            store.check_mutations()
        else:
            store.commit("configmaps", "default", "x", {"metadata": {}}, expected=1)
    assert '"k":"v"' in str(caught.value)
    assert '"k":"changed"' in str(caught.value)


def test_an_object_that_is_only_watched_is_looked_at_too() -> None:
    store = MemoryStore(Ledger(), detect_mutation=True)
    first = store.commit("pods", "default", "x", {"metadata": {}}, expected=0)
    store.commit("pods", "default", "x", {"metadata": {}}, expected=1)
    first.object["metadata"]["labels"] = {}
    with pytest.raises(MutatedObject, match="revision 1"):
        store.check_mutations()


def test_without_the_detector_nothing_is_kept_or_found() -> None:
    store = MemoryStore(Ledger())
    record = store.commit("pods", "default", "x", {"metadata": {}}, expected=0)
    record.object["metadata"]["labels"] = {}
    store.check_mutations()
    assert orjson.loads(record.body)["metadata"]["labels"] == {}
