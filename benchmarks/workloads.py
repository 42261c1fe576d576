"""Pods: how long a StatefulSet takes to be Ready, and what many pods weigh."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.measure import Result, rate, resident_mebibytes, seconds
from benchmarks.requests import WORKERS, Api, Scale, api
from benchmarks.target import Target, launched

STATEFUL_SETS = (100, 500)
PODS = 2000
MEMORY_NODES = 20
"""Of 110 pods each."""
IMAGE = "registry.k8s.io/pause:3.10"


def statefulset(replicas: int) -> dict[str, Any]:
    """One of that many pods, which start side by side."""
    labels = {"app": f"many-{replicas}"}
    spec = {"containers": [{"name": "main", "image": IMAGE}], "terminationGracePeriodSeconds": 0}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": f"many-{replicas}"},
        "spec": {
            "serviceName": "many",
            "replicas": replicas,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


async def pods_to_ready(target: Target, scale: Scale) -> list[Result]:
    """From the StatefulSet's creation until its status says that all are Ready."""
    results = []
    async with api(target) as made:
        for size in STATEFUL_SETS:
            replicas = max(1, int(size * scale))
            body = statefulset(replicas)
            taken = await seconds(until_ready(made, body))
            results.append(Result(f"StatefulSet of {replicas} pods to Ready", taken, "s", "Parallel"))
            await made.send("DELETE", made.path("statefulsets", body["metadata"]["name"], "apps/v1"))
    return results


async def until_ready(made: Api, body: dict[str, Any]) -> None:
    """Create a StatefulSet, and wait until its status says that all its pods are Ready."""
    name, replicas = body["metadata"]["name"], body["spec"]["replicas"]
    await made.send("POST", made.path("statefulsets", group="apps/v1"), body)
    await _until(made, "apps/v1", "statefulsets", name, lambda obj: _ready(obj) == replicas)


def _ready(obj: dict[str, Any]) -> int:
    return int(obj.get("status", {}).get("readyReplicas", 0))


async def _until(made: Api, group: str, plural: str, name: str, holds: Any) -> None:
    """Watch one object until something holds."""
    url = f"{made.path(plural, group=group)}?watch=true&fieldSelector=metadata.name={name}"
    async with made.session.get(url) as response:
        async for line in response.content:
            if holds(json.loads(line)["object"]):
                return


async def memory(target: Target, scale: Scale) -> list[Result]:
    """What our own process holds when idle, and with many pods that run."""
    async with launched("--nodes", "3") as small:
        idle = resident_mebibytes(small.pid)
    async with launched("--nodes", str(MEMORY_NODES)) as large:
        empty = resident_mebibytes(large.pid)
        await _run_pods(large, count := int(PODS * scale))
        full = resident_mebibytes(large.pid)
    note = f"{MEMORY_NODES} nodes; {(full - empty) * 1024 / max(count, 1):.0f} KiB a pod"
    return [Result("memory when idle", idle, "MiB", "3 nodes"), Result(f"memory with {count} pods", full, "MiB", note)]


async def _run_pods(target: Target, count: int) -> None:
    async with api(target) as made:

        async def make(number: int) -> None:
            body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod-{number}"}}
            spec = {"containers": [{"name": "main", "image": IMAGE}], "terminationGracePeriodSeconds": 0}
            await made.send("POST", made.path("pods"), {**body, "spec": spec})

        await rate(range(count), WORKERS, make)
        running: set[str] = set()
        async with made.session.get(f"{made.path('pods')}?watch=true") as response:
            async for line in response.content:
                pod = json.loads(line)["object"]
                if pod["status"].get("phase") == "Running":
                    running.add(pod["metadata"]["name"])
                if len(running) == count:
                    return
