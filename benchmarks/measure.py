"""Measuring: time, repeated work, many workers at once, and what came out."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

BENCHMARK_SECONDS_MAX = 180
"""How long one benchmark may take before it is given up."""


@dataclass(frozen=True)
class Result:
    """One number."""

    name: str
    value: float
    unit: str
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


async def seconds(work: Awaitable[object]) -> float:
    """How long something takes."""
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


async def each(count: int, work: Callable[[], Awaitable[object]]) -> list[float]:
    """Do it one after the other; how long each took, in seconds."""
    return [await seconds(work()) for _ in range(count)]


async def rate(items: Iterable[Any], workers: int, work: Callable[[Any], Awaitable[object]]) -> float:
    """Work through the items with so many workers at once; items a second."""
    queue = iter(list(items))
    done = 0

    async def worker() -> None:
        nonlocal done
        for item in queue:
            await work(item)
            done += 1

    taken = await seconds(asyncio.gather(*(worker() for _ in range(workers))))
    return done / taken


def milliseconds(name: str, taken: list[float], note: str = "") -> list[Result]:
    """The median and the slow end of several durations."""
    ordered = sorted(taken)
    slow = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return [
        Result(f"{name}, median", statistics.median(ordered) * 1000, "ms", note),
        Result(f"{name}, 99 of 100", slow * 1000, "ms"),
    ]


def processor_seconds(pid: int) -> float:
    """What a process has used of processors; 0 where the system does not say.

    Clients written in Python are no quicker than the servers they ask, so that rates alone would measure the client.
    """
    stat = Path(f"/proc/{pid}/stat")
    if not pid or not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def cost(pid: int, count: int, work: Awaitable[Any]) -> float:
    """The processor's microseconds that the process `pid` used for each of `count` pieces of work; 0 if unknown."""
    before = processor_seconds(pid)
    await work
    return (processor_seconds(pid) - before) / count * 1e6


def beside(name: str, ours: float, least: float, what: str) -> list[Result]:
    """A server's work for one request, and beside the least that Python could do; nothing where it is unknown."""
    if not ours or not least:
        return []
    return [
        Result(f"{name}, of the processor", ours, "µs", f"{what}: {least:.0f} µs"),
        Result(f"{name}, beside {what}", ours / least, "times"),
    ]


def resident_mebibytes(pid: int) -> float:
    """What a process holds in memory; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024
