"""What a write costs the server: create, update and server-side apply of a small, a middling and an intricate kind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from benchmarks.measure import Result, cost, rate
from benchmarks.requests import WORKERS, Api, Scale, api, config_map
from benchmarks.target import Target
from benchmarks.workloads import statefulset

OBJECTS = 500
QUIET_SECONDS = 1.0
"""How long what a write sets off, such as a controller's look at it, is let run before the next is measured."""
Body = dict[str, Any]


def pod(number: int) -> Body:
    """One that no scheduler takes, so that only the write is measured."""
    container = {"name": "main", "image": "registry.k8s.io/pause:3.10", "ports": [{"name": "web", "containerPort": 80}]}
    metadata = {"name": f"object-{number}", "labels": {"app": "bench"}}
    spec = {"containers": [container], "schedulerName": "none"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def empty_statefulset(number: int) -> Body:
    """One without replicas: its controller looks at it and writes a status, which is measured too."""
    body = statefulset(0)
    return {**body, "metadata": {"name": f"object-{number}"}}


KINDS: dict[str, tuple[str, str, Callable[[int], Body]]] = {
    "ConfigMap": ("", "configmaps", config_map),
    "Pod": ("", "pods", pod),
    "StatefulSet": ("apps/v1", "statefulsets", empty_statefulset),
}


async def writes(target: Target, scale: Scale) -> list[Result]:
    """The processor's time of the server for each write; rates where the server is not ours."""
    results: list[Result] = []
    for kind, (group, plural, body) in KINDS.items():
        async with api(target) as made:
            for name, work in _requests(made, made.path(plural, group=group), body):
                results.append(await _measured(f"{name} of a {kind}", target.pid, max(1, int(OBJECTS * scale)), work))
    return results


def _requests(
    made: Api, path: str, body: Callable[[int], Body]
) -> Iterator[tuple[str, Callable[[int], Awaitable[object]]]]:
    """In this order: what is updated was created, and what is applied is applied a second time, changed."""
    created: dict[int, Body] = {}

    async def create(number: int) -> None:
        created[number] = json.loads(await made.send("POST", path, body(number)))

    async def update(number: int) -> None:
        changed = created[number]
        changed["metadata"]["labels"] = {"app": "bench", "turn": "1"}
        del changed["metadata"]["resourceVersion"]
        await made.send("PUT", f"{path}/object-{number}", changed)

    async def apply(number: int, turn: str) -> None:
        changed = body(number)
        changed["metadata"] = {"name": f"applied-{number}", "labels": {"app": "bench", "turn": turn}}
        url = f"{path}/applied-{number}?fieldManager=bench"
        await made.send("PATCH", url, changed, {"Content-Type": "application/apply-patch+yaml"})

    yield "create", create
    yield "update", update
    yield "first apply", lambda number: apply(number, "1")
    yield "second apply", lambda number: apply(number, "2")


async def _measured(name: str, pid: int, count: int, work: Callable[[int], Awaitable[object]]) -> Result:
    """With what the write sets off; a server that is not ours shows only how many it takes."""
    if not pid:
        return Result(name, await rate(range(count), WORKERS, work), "/s", f"{WORKERS} at once")

    async def until_quiet() -> None:
        await rate(range(count), WORKERS, work)
        await asyncio.sleep(QUIET_SECONDS)

    return Result(name, await cost(pid, count, until_quiet()), "µs", "of the processor")
