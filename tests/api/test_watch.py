"""Watches over HTTP: every change once and in order, in the form asked for, and an end for who cannot follow."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.resources import CONFIG_MAPS, PODS

PATH = "/api/v1/namespaces/default/configmaps"
TABLE = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
PARTIAL = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
WATCH_LIST = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}


def told(events: list[dict]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def revision(obj: dict) -> int:
    return int(obj["metadata"]["resourceVersion"])


async def label(client, name: str, **labels: str | None) -> dict:
    return await client.patch(CONFIG_MAPS, "default", name, {"metadata": {"labels": labels}})


# Where a watch begins


async def test_changes_since_a_list(client, watching, http, config_map) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("old"))
    listed = (await http.get(PATH)).json()
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    async with watching(PATH, resourceVersion=listed["metadata"]["resourceVersion"]) as events:
        await client.patch(CONFIG_MAPS, "default", "a", {"data": {"k": "v"}})
        await client.delete(CONFIG_MAPS, "default", "a")
        found = await events.take(3)
    assert told(found) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
    assert [revision(event["object"]) for event in found] == [revision(listed) + step for step in (1, 2, 3)]
    assert found[0]["object"]["kind"] == "ConfigMap"
    assert found[2]["object"]["data"] == {"k": "v"}


@pytest.mark.parametrize("start", [{}, {"resourceVersion": "0"}, {"resourceVersion": "0", "timeoutSeconds": "1000"}])
async def test_a_watch_from_anywhere_begins_with_what_is_there(client, watching, config_map, start) -> None:
    for name in ("b", "a"):
        await client.create(CONFIG_MAPS, "default", config_map(name))
    async with watching(PATH, **start) as events:
        assert told(await events.take(2)) == [("ADDED", "a"), ("ADDED", "b")]
        await client.create(CONFIG_MAPS, "default", config_map("c"))
        assert told([await events.next()]) == [("ADDED", "c")]


async def test_initial_events_end_with_a_bookmark_that_says_so(client, watching, config_map) -> None:
    made = await client.create(CONFIG_MAPS, "default", config_map("a"))
    async with watching(PATH, **WATCH_LIST) as events:
        added, bookmark = await events.take(2)
        assert (added["type"], added["object"]["metadata"]["name"]) == ("ADDED", "a")
        assert bookmark == {
            "type": "BOOKMARK",
            "object": {
                "kind": "ConfigMap",
                "apiVersion": "v1",
                "metadata": {
                    "resourceVersion": made["metadata"]["resourceVersion"],
                    "annotations": {"k8s.io/initial-events-end": "true"},
                },
            },
        }
        await client.create(CONFIG_MAPS, "default", config_map("b"))
        assert told([await events.next()]) == [("ADDED", "b")]


async def test_a_bookmark_of_a_typed_kind_carries_its_empty_parts(watching) -> None:
    async with watching("/api/v1/namespaces/default/pods", **WATCH_LIST) as events:
        bookmark = await events.next()
    assert set(bookmark["object"]) == {"kind", "apiVersion", "metadata", "spec", "status"}


async def test_without_bookmarks_initial_events_just_come(client, watching, config_map) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    async with watching(PATH, **{**WATCH_LIST, "allowWatchBookmarks": "false"}) as events:
        await client.create(CONFIG_MAPS, "default", config_map("b"))
        assert told(await events.take(2)) == [("ADDED", "a"), ("ADDED", "b")]


async def test_initial_events_may_be_declined(client, watching, config_map) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    query = {"sendInitialEvents": "false", "resourceVersionMatch": "NotOlderThan"}
    async with watching(PATH, **query) as events:
        await client.create(CONFIG_MAPS, "default", config_map("b"))
        assert told([await events.next()]) == [("ADDED", "b")]


async def test_a_revision_that_is_gone_is_an_error_event(client, store, watching, config_map) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    store.compact(CONFIG_MAPS.key)
    async with watching(PATH, resourceVersion="1") as events:
        assert events.response.status_code == 200
        [error] = await events.rest()
    assert error["type"] == "ERROR"
    assert (error["object"]["kind"], error["object"]["code"], error["object"]["reason"]) == ("Status", 410, "Expired")
    assert error["object"]["message"].startswith("too old resource version: 1 (")


async def test_other_kinds_never_make_a_revision_too_old(client, http, watching, config_map) -> None:
    start = (await http.get(PATH)).json()["metadata"]["resourceVersion"]
    for turn in range(200):
        await client.patch(
            PODS._replace(resource="serviceaccounts"), "default", "default", {"metadata": {"labels": {"n": str(turn)}}}
        )
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    async with watching(PATH, resourceVersion=start) as events:
        assert told([await events.next()]) == [("ADDED", "a")]


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ({"resourceVersion": "abc"}, 500, 'parsing "abc": invalid syntax'),
        ({"resourceVersion": "9" * 5000}, 500, "value out of range"),
        ({"labelSelector": "("}, 400, "found '('"),
        ({"fieldSelector": "spec.x=1"}, 400, "not a known field selector"),
        ({"sendInitialEvents": "true"}, 422, "sendInitialEvents requires setting resourceVersionMatch"),
        ({"resourceVersionMatch": "NotOlderThan"}, 422, "forbidden for watch unless sendInitialEvents"),
        ({"sendInitialEvents": "true", "resourceVersionMatch": "Exact"}, 422, "sendInitialEvents requires setting"),
        ({"sendInitialEvents": "true", "resourceVersionMatch": "Exact"}, 422, 'Unsupported value: "Exact": supported'),
        ({**WATCH_LIST, "continue": "x"}, 422, "resourceVersionMatch is forbidden when continue is provided"),
        ({"continue": "x"}, 422, "resourceVersionMatch is forbidden when continue is provided"),
        ({"timeoutSeconds": "x"}, 400, "invalid syntax"),
    ],
)
async def test_a_watch_that_cannot_be_meant_is_refused_at_once(http, store, query, code, text) -> None:
    answer = await http.get(PATH, params={"watch": "1", **query})
    assert answer.status_code == code
    assert text in answer.json()["message"]
    assert store.watchers == 0


async def test_what_is_there_cannot_be_had_from_the_future(store, watching) -> None:
    async with watching(PATH, **{**WATCH_LIST, "resourceVersion": "99999"}) as events:
        assert events.response.status_code == 200
        [error] = await events.rest()
    status = error["object"]
    assert (error["type"], status["code"], status["reason"]) == ("ERROR", 504, "Timeout")
    assert status["message"] == f"Timeout: Too large resource version: 99999, current: {store.revision}"
    assert status["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


@pytest.mark.parametrize("query", [{}, {"sendInitialEvents": "false", "resourceVersionMatch": "NotOlderThan"}])
async def test_a_watch_from_the_future_waits_for_it(client, store, watching, config_map, query) -> None:
    async with watching(PATH, resourceVersion=str(store.revision + 2), **query) as events:
        for name in "abcd":
            await client.create(CONFIG_MAPS, "default", config_map(name))
        assert told(await events.take(2)) == [("ADDED", "c"), ("ADDED", "d")]


@pytest.mark.parametrize("version", ["", "0"])
async def test_a_watch_from_anywhere_ends_what_is_there_with_a_bookmark(client, watching, config_map, version) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    async with watching(PATH, resourceVersion=version, allowWatchBookmarks="true") as events:
        added, bookmark = await events.take(2)
    assert (added["type"], bookmark["type"]) == ("ADDED", "BOOKMARK")
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_a_name_in_the_path_and_in_a_selector_must_be_one(http, client, config_map, watching) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    path = "/api/v1/watch/namespaces/default/configmaps/a"
    for selector in ("metadata.name=b", "metadata.namespace=default"):
        answer = await http.get(path, params={"fieldSelector": selector})
        text = "fieldSelector metadata.name doesn't match requested name"
        assert (answer.status_code, answer.json()["message"]) == (400, text)
    async with watching(path, fieldSelector="metadata.name=a") as events:
        assert told([await events.next()]) == [("ADDED", "a")]


async def test_one_objects_url_is_no_watch(client, http, config_map) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    assert (await http.get(f"{PATH}/a?watch=true")).json()["kind"] == "ConfigMap"


@pytest.mark.parametrize(
    ("path", "query", "names"),
    [
        ("/api/v1/watch/namespaces/default/configmaps", {}, ["a", "b"]),
        ("/api/v1/watch/configmaps", {}, ["a", "b"]),
        ("/api/v1/watch/namespaces/default/configmaps/b", {}, ["b"]),
        (PATH, {"fieldSelector": "metadata.name=b"}, ["b"]),
        ("/api/v1/configmaps", {"fieldSelector": "metadata.name=b,metadata.namespace=default"}, ["b"]),
        (PATH, {"fieldSelector": "metadata.name!=b"}, ["a"]),
    ],
)
async def test_ways_to_say_what_is_watched(client, watching, config_map, path, query, names) -> None:
    for name in ("a", "b"):
        await client.create(CONFIG_MAPS, "default", config_map(name))
    async with watching(path, timeoutSeconds="1", **query) as events:
        assert [name for _, name in told(await events.take(len(names)))] == names


# Selectors


@pytest.mark.parametrize("late", [False, True])
async def test_what_enters_and_leaves_a_selection_is_told(client, store, watching, config_map, late) -> None:
    """Also when the watch begins at an older revision, when the labels have long changed again."""
    start = str(store.revision)
    query = {"labelSelector": "app=x", "resourceVersion": start}

    async def change() -> list[dict]:
        return [
            await client.create(CONFIG_MAPS, "default", config_map("a", {"v": "0"}, labels={"app": "y"})),
            await label(client, "a", app="x"),
            await client.patch(CONFIG_MAPS, "default", "a", {"data": {"v": "1"}}),
            await label(client, "a", app="y"),
            await client.patch(CONFIG_MAPS, "default", "a", {"data": {"v": "2"}}),
            await label(client, "a", app="x"),
            await client.delete(CONFIG_MAPS, "default", "a"),
        ]

    if late:
        done = await change()
    async with watching(PATH, **query) as events:
        if not late:
            done = await change()
        found = await events.take(5)
    assert [event["type"] for event in found] == ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]
    changed = [revision(obj) for obj in done]
    assert [revision(event["object"]) for event in found] == [*changed[1:4], changed[5], changed[5] + 1]
    left = found[2]["object"]
    assert (left["metadata"]["labels"], left["data"]) == ({"app": "x"}, {"v": "1"})


async def test_fields_select_too(client, watching, pod) -> None:
    for name, node in (("a", "n1"), ("b", "n2")):
        await client.create(PODS, "default", pod(name, node))
    path = "/api/v1/namespaces/default/pods"
    async with watching(path, fieldSelector="spec.nodeName=n2,status.phase=Running", resourceVersion="1") as events:
        for name in ("a", "b"):
            await client.patch(PODS, "default", name, {"status": {"phase": "Running"}}, subresource="status")
        await client.patch(PODS, "default", "b", {"status": {"phase": "Failed"}}, subresource="status")
        assert told(await events.take(2)) == [("ADDED", "b"), ("DELETED", "b")]


# Forms


async def test_a_table_names_its_columns_once(client, watching, config_map) -> None:
    async with watching(PATH, TABLE, resourceVersion="1") as events:
        for name in ("a", "b"):
            await client.create(CONFIG_MAPS, "default", config_map(name, {"k": "v"}))
        await client.delete(CONFIG_MAPS, "default", "a")
        found = await events.take(3)
    tables = [event["object"] for event in found]
    assert [event["type"] for event in found] == ["ADDED", "ADDED", "DELETED"]
    assert {table["kind"] for table in tables} == {"Table"}
    assert [column["name"] for column in tables[0]["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert [table["columnDefinitions"] for table in tables[1:]] == [None, None]
    assert [table["rows"][0]["cells"] for table in tables] == [["a", 1, "0s"], ["b", 1, "0s"], ["a", 1, "0s"]]
    assert tables[0]["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


async def test_a_table_of_what_is_there_names_its_columns_once(client, watching, config_map) -> None:
    for name in ("a", "b"):
        await client.create(CONFIG_MAPS, "default", config_map(name))
    async with watching(PATH, TABLE, **WATCH_LIST) as events:
        first, second, bookmark = await events.take(3)
        await client.create(CONFIG_MAPS, "default", config_map("c"))
        third = await events.next()
    assert first["object"]["columnDefinitions"]
    assert [event["object"]["columnDefinitions"] for event in (second, bookmark, third)] == [None] * 3
    assert bookmark["object"]["rows"] == []


async def test_metadata_alone(client, watching, config_map) -> None:
    async with watching(PATH, PARTIAL, **WATCH_LIST) as events:
        bookmark = await events.next()
        made = await client.create(CONFIG_MAPS, "default", config_map("a", {"k": "v"}))
        added = await events.next()
    api = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    assert added == {"type": "ADDED", "object": {**api, "metadata": made["metadata"]}}
    assert {key: bookmark["object"][key] for key in api} == api


@pytest.mark.parametrize("start", [{}, {"resourceVersion": "1"}])
async def test_a_form_that_cannot_be_given_leaves_no_watch_behind(
    client, http, store, clock, config_map, start
) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    answer = await http.get(PATH, params={"watch": "1", "includeObject": "Nonsense", **start}, headers=TABLE)
    assert answer.status_code == 400
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    answer = await http.get(PATH, params={"watch": "1", **start}, headers={"Accept": accept})
    assert answer.status_code == 406
    assert store.watchers == 0
    await client.patch(CONFIG_MAPS, "default", "a", {"data": {"k": "v"}})
    await clock.settle(1)


async def test_yaml_is_not_streamed(http, store) -> None:
    answer = await http.get(PATH, params={"watch": "1"}, headers={"Accept": "application/yaml"})
    assert (answer.status_code, "application/json;stream=watch" in answer.json()["message"]) == (406, True)
    assert store.watchers == 0
