"""Pods that live: many HTTP programs with probes, asked through the API, and port-forward beside a plain socket."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.baseline import baseline
from benchmarks.measure import Result, each, milliseconds, rate, resident_mebibytes
from benchmarks.requests import WORKERS, Api, Scale, api
from benchmarks.target import Target, launched
from benchmarks.workloads import statefulset, until_ready

LIVE_PODS = 500
LIVE_NODES = 5
"""Of 110 pods each."""
ASKED = 2000
FORWARDED = 1000
BULK_PARTS = 50
BULK_PART_BYTES = 1 << 20
FORWARD_SECONDS_MAX = 30
IMAGE = "luksa/kubia-pet"
PORT = 8080


def live_statefulset(replicas: int) -> dict[str, Any]:
    """Pods of an HTTP program whose readiness is asked every ten seconds."""
    body = statefulset(replicas)
    [container] = body["spec"]["template"]["spec"]["containers"]
    container |= {
        "image": IMAGE,
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/", "port": PORT}},
    }
    return body


def open_files(pid: int) -> int:
    """How many descriptors a process has open; 0 where the system does not say."""
    directory = Path(f"/proc/{pid}/fd")
    return len(list(directory.iterdir())) if directory.exists() else 0


async def live(target: Target, scale: Scale) -> list[Result]:
    """Many pods with HTTP programs: time to Ready, memory, descriptors, and how quickly they answer through the API."""
    replicas = max(1, int(LIVE_PODS * scale))
    async with launched("--nodes", str(LIVE_NODES)) as own, api(own) as made:
        before = resident_mebibytes(own.pid)
        begun = time.perf_counter()
        await until_ready(made, live_statefulset(replicas))
        taken = time.perf_counter() - begun
        name = f"many-{replicas}"

        async def ask(number: int) -> None:
            await made.send("GET", made.path("pods", f"{name}-{number % replicas}/proxy/"))

        answers = await rate(range(int(ASKED * scale)), WORKERS, ask)
        after, files = resident_mebibytes(own.pid), open_files(own.pid)
    note = f"{(after - before) * 1024 / replicas:.0f} KiB a pod, {files} descriptors"
    return [
        Result(f"{replicas} pods with HTTP programs to Ready", taken, "s", "readiness probes, Parallel"),
        Result(f"memory with {replicas} HTTP programs", after, "MiB", note),
        Result("GET through the API's proxy", answers, "/s", f"all {replicas} in turn, {WORKERS} at once"),
    ]


@asynccontextmanager
async def forwarded(target: Target, namespace: str, pod: str) -> AsyncIterator[str]:
    """`kubectl port-forward` to a pod; the URL that leads there. Raises OSError where there is no kubectl."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise OSError("kubectl is not in PATH")
    words = ("--server", target.server, "-n", namespace, "port-forward", f"pod/{pod}", f":{PORT}")
    process = await asyncio.create_subprocess_exec(kubectl, *words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(FORWARD_SECONDS_MAX):
            said = (await process.stdout.readline()).decode()
        found = re.search(r"127\.0\.0\.1:\d+", said)
        if found is None:
            raise OSError(f"port-forward did not start: {said}")
        yield f"http://{found.group()}"
    finally:
        process.terminate()
        await process.wait()


async def port_forward(target: Target, scale: Scale) -> list[Result]:
    """Requests and large answers by `kubectl port-forward`, and beside a bare server on a plain socket."""
    count, parts = int(FORWARDED * scale), max(1, int(BULK_PARTS * scale))
    async with api(target) as made:
        await until_ready(made, live_statefulset(1))
        async with forwarded(target, made.namespace, "many-1-0") as url, aiohttp.ClientSession(url) as session:
            through = Api(session, "")
            single = await each(count, lambda: through.send("GET", "/"))
            async with session.post("/", data=b"x" * (BULK_PART_BYTES - 1)) as answer:
                answer.raise_for_status()
            bulk = await rate(range(parts), 1, lambda _: through.send("GET", "/"))
    async with baseline(BULK_PART_BYTES) as bare, aiohttp.ClientSession(bare.url) as session:
        plain = Api(session, "")
        least = await rate(range(parts), 1, lambda _: plain.send("GET", "/"))
    note = f"{parts} times 1 MiB; a plain socket: {least:.0f} MiB/s, {least / bulk:.1f} times"
    return [
        *milliseconds("GET by port-forward", single, "kubectl"),
        Result("download by port-forward", bulk, "MiB/s", note),
    ]
