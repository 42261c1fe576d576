"""Our own process: how long it takes to start, and a fresh cluster in a process that is warm."""

from __future__ import annotations

import time

from benchmarks.measure import Result, milliseconds
from benchmarks.requests import Scale
from benchmarks.target import Target, launched
from minikube_lite import Cluster

STARTS = 5
FRESH = 30


async def start(target: Target, scale: Scale) -> list[Result]:
    """From the command until the first answer, and until all nodes are Ready."""
    first, ready = [], []
    for _ in range(max(1, int(STARTS * scale))):
        async with launched("--nodes", "3") as started:
            first.append(started.first_answer_seconds)
            ready.append(started.ready_seconds)
    middle = len(first) // 2
    return [
        Result("start to first answer", sorted(first)[middle], "s", "median"),
        Result("start to Ready", sorted(ready)[middle], "s", "3 nodes, median"),
    ]


async def fresh(target: Target, scale: Scale) -> list[Result]:
    """A new cluster in this process, until its nodes are Ready."""
    taken = []
    for _ in range(max(2, int(FRESH * scale)) + 1):
        begun = time.perf_counter()
        async with Cluster(nodes=3):
            taken.append(time.perf_counter() - begun)
    return milliseconds("fresh cluster in a warm process", taken[1:], "3 nodes")
