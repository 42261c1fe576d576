"""The command: what is measured, and where."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.clusters import fresh, start
from benchmarks.live import live, port_forward
from benchmarks.measure import BENCHMARK_SECONDS_MAX, Result
from benchmarks.requests import create, get, list_objects, update, watch
from benchmarks.resolving import dns
from benchmarks.target import Target, launched, of_kubeconfig
from benchmarks.workloads import memory, pods_to_ready
from benchmarks.writes import writes

Benchmark = Callable[[Target, float], Awaitable[list[Result]]]
OF_OUR_OWN: dict[str, Benchmark] = {
    "start": start,
    "fresh": fresh,
    "memory": memory,
    "live": live,
    "forward": port_forward,
    "dns": dns,
}
"""What needs our own process."""
OF_ANY: dict[str, Benchmark] = {
    "get": get,
    "list": list_objects,
    "create": create,
    "update": update,
    "writes": writes,
    "watch": watch,
    "pods": pods_to_ready,
}
OWN_OPTIONS = ("--nodes", "10")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    names = (*OF_OUR_OWN, *OF_ANY)
    top = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure a Kubernetes API server.")
    top.add_argument("--server", metavar="URL", help="measure this one; without it, minikube-lite is started")
    top.add_argument("--kubeconfig", type=Path, metavar="FILE", help="measure the one of its current context")
    top.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there too")
    top.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    top.add_argument("--scale", type=float, default=1.0, metavar="N", help="do N times as much (%(default)s)")
    return top


async def run(name: str, benchmark: Benchmark, target: Target, scale: float) -> list[Result]:
    """One benchmark, which may take so long and no longer; a failure is a line too."""
    try:
        async with asyncio.timeout(BENCHMARK_SECONDS_MAX):
            return await benchmark(target, scale)
    except TimeoutError:
        return [Result(name, 0.0, "failed", f"not done after {BENCHMARK_SECONDS_MAX} s")]
    except Exception as error:
        return [Result(name, 0.0, "failed", f"{type(error).__name__}: {error}")]


async def run_all(options: argparse.Namespace) -> list[Result]:
    """All that were chosen and can be done; each against a fresh process of ours, or against the server named."""
    given = Target(options.server) if options.server else None
    given = of_kubeconfig(options.kubeconfig) if options.kubeconfig else given
    offered = OF_ANY if given else {**OF_OUR_OWN, **OF_ANY}
    results: list[Result] = []
    for name, benchmark in offered.items():
        if options.only and name not in options.only:
            continue
        if given:
            found = await run(name, benchmark, given, options.scale)
        else:
            async with launched(*OWN_OPTIONS) as target:
                found = await run(name, benchmark, target, options.scale)
        for result in found:
            print(f"{result.name:44} {result.value:12.3f} {result.unit:9} {result.note}", flush=True)
        results += found
    return results


def main() -> int:
    """Run; 1 when something failed."""
    options = parser().parse_args()
    results = asyncio.run(run_all(options))
    if options.json:
        options.json.write_text(json.dumps([result.as_json() for result in results], indent=1) + "\n")
    return 1 if any(result.unit == "failed" for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
