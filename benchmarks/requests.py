"""Requests: GET, LIST, create, update and the fan-out of a watch."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from benchmarks.baseline import baseline
from benchmarks.measure import Result, beside, cost, each, milliseconds, rate
from benchmarks.target import Target

GETS = 5000
WRITES = 2000
LISTS = 10
LIST_SIZES = (1_000, 10_000)
WATCHERS = 200
WATCHED_WRITES = 50
WORKERS = 16
Scale = float


class Api:
    """A namespace of a server's own for one benchmark."""

    def __init__(self, session: aiohttp.ClientSession, namespace: str) -> None:
        self.session = session
        self.namespace = namespace

    def path(self, plural: str, name: str = "", group: str = "") -> str:
        """A URL's path."""
        base = f"/apis/{group}" if group else "/api/v1"
        return f"{base}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    async def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
        """A request that must succeed; what was answered."""
        async with self.session.request(method, path, json=body, headers=headers) as response:
            answer = await response.read()
            if response.status >= 400:
                raise RuntimeError(f"{method} {path}: {response.status} {answer[:300]!r}")
            return answer

    async def fill(self, count: int) -> None:
        """Make that many config maps."""
        await rate(range(count), WORKERS, lambda number: self.send("POST", self.path("configmaps"), config_map(number)))


def config_map(number: int, text: str = "x") -> dict[str, Any]:
    """A small object."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"object-{number}", "labels": {"app": "bench"}},
        "data": {"key": text, "other": "value"},
    }


@asynccontextmanager
async def api(target: Target) -> AsyncIterator[Api]:
    """A namespace that is deleted afterwards."""
    async with target.session() as session:
        namespace = f"bench-{time.time_ns():x}"
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        made = Api(session, namespace)
        await made.send("POST", "/api/v1/namespaces", body)
        try:
            yield made
        finally:
            await made.send("DELETE", f"/api/v1/namespaces/{namespace}")


async def get(target: Target, scale: Scale) -> list[Result]:
    """GET of one object: how long, how many a second, and beside a bare server."""
    async with api(target) as made:
        await made.fill(1)
        path, count = made.path("configmaps", "object-0"), int(GETS * scale)
        size = len(await made.send("GET", path))
        single = await each(count, lambda: made.send("GET", path))
        many = await rate(range(count), WORKERS, lambda _: made.send("GET", path))
        work = rate(range(count), WORKERS, lambda _: made.send("GET", path))
        ours = await cost(target.pid, count, work)
    async with baseline(size) as bare, Target(bare.url).session() as session:
        echo = Api(session, "")
        await rate(range(count), WORKERS, lambda _: echo.send("GET", "/"))
        least = await cost(bare.pid, count, rate(range(count), WORKERS, lambda _: echo.send("GET", "/")))
    return [
        *milliseconds("GET", single, f"{size} bytes"),
        Result("GET", many, "/s", f"{WORKERS} at once"),
        *beside("GET", ours, least, "a bare aiohttp server"),
    ]


async def list_objects(target: Target, scale: Scale) -> list[Result]:
    """LIST of many objects."""
    results: list[Result] = []
    async with api(target) as made:
        there = 0
        for size in LIST_SIZES:
            wanted = int(size * scale)
            numbers = range(there, wanted)
            await rate(numbers, WORKERS, lambda number: made.send("POST", made.path("configmaps"), config_map(number)))
            there = wanted
            body = await made.send("GET", made.path("configmaps"))
            found = len(json.loads(body)["items"])
            taken = await each(LISTS, lambda: made.send("GET", made.path("configmaps")))
            results += milliseconds(f"LIST of {found}", taken, f"{len(body) / 1e6:.1f} MB")
    return results


async def create(target: Target, scale: Scale) -> list[Result]:
    """POST of config maps."""
    async with api(target) as made:
        numbers = range(int(WRITES * scale))
        path = made.path("configmaps")
        found = await rate(numbers, WORKERS, lambda number: made.send("POST", path, config_map(number)))
    return [Result("create", found, "/s", f"{WORKERS} at once")]


async def update(target: Target, scale: Scale) -> list[Result]:
    """PUT of config maps, each worker its own."""
    async with api(target) as made:
        await made.fill(WORKERS)

        async def put(number: int) -> None:
            one = number % WORKERS
            await made.send("PUT", made.path("configmaps", f"object-{one}"), config_map(one, str(number)))

        found = await rate(range(int(WRITES * scale)), WORKERS, put)
    return [Result("update", found, "/s", f"{WORKERS} at once")]


async def watch(target: Target, scale: Scale) -> list[Result]:
    """One object is written, and many watch: from the first write until all have seen the last."""
    watchers, writes = max(2, int(WATCHERS * scale)), max(2, int(WATCHED_WRITES * scale))
    async with api(target) as made:
        await made.fill(1)
        listed = json.loads(await made.send("GET", made.path("configmaps")))
        url = f"{made.path('configmaps')}?watch=true&resourceVersion={listed['metadata']['resourceVersion']}"
        url += "&fieldSelector=metadata.name=object-0"
        opened = asyncio.Semaphore(0)

        async def follow() -> None:
            async with made.session.get(url) as response:
                opened.release()
                for _ in range(writes):
                    assert await response.content.readline()

        followers = [asyncio.create_task(follow()) for _ in range(watchers)]
        for _ in followers:
            await opened.acquire()
        begun = time.perf_counter()
        for number in range(writes):
            await made.send("PUT", made.path("configmaps", "object-0"), config_map(0, str(number)))
        await asyncio.gather(*followers)
        taken = time.perf_counter() - begun
    note = f"{watchers} watchers, {writes} writes"
    return [Result("watch fan-out", watchers * writes / taken, "events/s", note)]
