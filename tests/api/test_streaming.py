"""Streams of events: how long they last, bookmarks, readers that are slow or leave, and errors in the middle."""

from __future__ import annotations

import asyncio
import json
import socket

from minikube_lite.api import watch as module
from minikube_lite.machinery.resources import CONFIG_MAPS

PATH = "/api/v1/namespaces/default/configmaps"


def told(events: list[dict]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def revision(obj: dict) -> int:
    return int(obj["metadata"]["resourceVersion"])


# Time


async def test_a_watch_ends_after_its_time(watching, store) -> None:
    async with watching(PATH, resourceVersion="1", timeoutSeconds="1") as events:
        assert await events.rest() == []
    assert store.watchers == 0


async def test_a_quiet_watch_is_answered_before_anything_happens(watching) -> None:
    async with watching(PATH, resourceVersion="1") as events:
        assert events.response.status_code == 200
        assert events.response.headers["Content-Type"] == "application/json"
        assert events.response.headers["Transfer-Encoding"] == "chunked"


async def test_bookmarks_tell_the_revision_of_a_quiet_watch(client, store, watching, config_map, monkeypatch) -> None:
    monkeypatch.setattr(module, "BOOKMARK_SECONDS", 0.01)
    async with watching(PATH, resourceVersion="1", allowWatchBookmarks="true", labelSelector="no=one") as events:
        await client.create(CONFIG_MAPS, "default", config_map("a"))
        while True:
            bookmark = await events.next()
            assert bookmark["type"] == "BOOKMARK"
            if revision(bookmark["object"]) == store.revision:
                break


async def test_a_busy_kind_keeps_no_bookmark_from_who_selects_nothing_of_it(
    client, store, watching, config_map, monkeypatch
) -> None:
    monkeypatch.setattr(module, "BOOKMARK_SECONDS", 0.05)
    done = False

    async def write() -> None:
        await client.create(CONFIG_MAPS, "default", config_map("busy"))
        number = 0
        while not done:
            number += 1
            await client.patch(CONFIG_MAPS, "default", "busy", {"data": {"n": str(number)}})
            await asyncio.sleep(0)

    async with watching(PATH, resourceVersion="1", allowWatchBookmarks="true", labelSelector="no=one") as events:
        writer = asyncio.create_task(write())
        first, second = await events.take(2)
        done = True
        await writer
    assert [first["type"], second["type"]] == ["BOOKMARK", "BOOKMARK"]
    assert 1 < revision(first["object"]) < revision(second["object"])


async def test_shortly_before_its_end_a_watch_is_told_where_the_next_can_begin(store, watching, monkeypatch) -> None:
    monkeypatch.setattr(module, "BOOKMARK_BEFORE_END_SECONDS", 0.9)
    async with watching(PATH, resourceVersion="1", allowWatchBookmarks="true", timeoutSeconds="1") as events:
        [bookmark] = await events.rest()
    assert (bookmark["type"], revision(bookmark["object"])) == ("BOOKMARK", store.revision)


async def test_no_bookmark_overtakes_an_event(client, watching, config_map, monkeypatch) -> None:
    """What a bookmark promises has been told before it, however closely they come."""
    monkeypatch.setattr(module, "BOOKMARK_SECONDS", 0.0005)
    told_revisions: list[int] = []
    made: list[int] = []
    async with watching(PATH, resourceVersion="1", allowWatchBookmarks="true") as events:

        async def write() -> None:
            for number in range(200):
                made.append(revision(await client.create(CONFIG_MAPS, "default", config_map(f"c{number}"))))
                for _ in range(number % 7):
                    await asyncio.sleep(0)

        writer = asyncio.create_task(write())
        while len(told_revisions) < 200:
            event = await events.next()
            if event["type"] == "ADDED":
                told_revisions.append(revision(event["object"]))
            else:
                assert [done for done in made if done <= revision(event["object"])] == told_revisions
        await writer
    assert told_revisions == made


# Readers


async def test_a_client_that_leaves_ends_its_watch(client, http, store, watching, clock) -> None:
    before = store.watchers
    for _ in range(3):
        async with watching(PATH, resourceVersion="1"), watching("/api/v1/pods", resourceVersion="1"):
            assert store.watchers == before + 2
    while store.watchers > before:
        await http.get("/healthz")
    await clock.settle(1)


async def test_a_reader_that_does_not_read_holds_nobody_up_and_is_told_in_the_end(
    client, url, store, clock, watching
) -> None:
    host, port = url.removeprefix("http://").split(":")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(slow, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=slow, limit=1 << 10)
    writer.write(f"GET {PATH}?watch=1&resourceVersion=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    count = 200
    async with watching(PATH, resourceVersion="1") as fast:
        for number in range(count):
            big = {"metadata": {"name": f"c{number:03}"}, "data": {"k": "x" * 100_000}}
            await client.create(CONFIG_MAPS, "default", big)
            assert told([await fast.next()]) == [("ADDED", f"c{number:03}")]
    await clock.settle(1)
    lines = b"".join(await read_chunks(reader)).splitlines()
    writer.close()
    await writer.wait_closed()
    *events, error = (json.loads(line) for line in lines)
    assert told(events) == [("ADDED", f"c{number:03}") for number in range(len(events))]
    assert 0 < len(events) < count
    assert (error["type"], error["object"]["code"]) == ("ERROR", 410)


async def read_chunks(reader: asyncio.StreamReader) -> list[bytes]:
    """The chunks of an answer, to its end."""
    chunks = []
    while size := int(await reader.readline(), 16):
        chunks.append(await reader.readexactly(size))
        await reader.readline()
    return chunks


async def test_many_watchers_are_told_the_same(client, watching, store, config_map) -> None:
    async def follow() -> list[tuple[str, str]]:
        async with watching(PATH, resourceVersion="1") as events:
            await ready.wait()
            return told(await events.take(20))

    ready = asyncio.Barrier(21)
    followers = [asyncio.create_task(follow()) for _ in range(20)]
    await ready.wait()
    for number in range(20):
        await client.create(CONFIG_MAPS, "default", config_map(f"c{number:02}"))
    expected = [("ADDED", f"c{number:02}") for number in range(20)]
    assert await asyncio.gather(*followers) == [expected] * len(followers)


async def test_a_server_that_stops_ends_its_watches_in_order(api, http, watching) -> None:
    async with watching(PATH, resourceVersion="1") as events:
        stop = asyncio.create_task(api.stop())
        assert await events.rest() == []
    await stop


async def test_a_watch_that_crashes_is_told_and_ends(
    client, scheme, store, clock, options, watching, monkeypatch, caplog
) -> None:
    """Its answer has begun, so that the error can only be an event."""

    def fail(*_: object) -> bytes:
        raise RuntimeError("a bug")

    monkeypatch.setattr(module, "object_bytes", fail)
    async with watching(PATH, resourceVersion="1") as events:
        await client.create(CONFIG_MAPS, "default", {"metadata": {"name": "a"}})
        [error] = await events.rest()
    assert (error["type"], error["object"]["code"]) == ("ERROR", 500)
    assert "a watch failed" in caplog.text
    await clock.settle(1)
