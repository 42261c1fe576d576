"""The benchmarks run, against a server that is named too, and write what they found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SECONDS_MAX = 120
SCALE = "0.01"
OF_OUR_OWN = {"start", "fresh", "memory", "dns"}


@pytest.fixture
def benchmarks(root: Path, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Run them; the numbers in JSON."""

    def run(*words: str) -> list[dict[str, Any]]:
        file = tmp_path / "results.json"
        command = [sys.executable, "-m", "benchmarks", "--scale", SCALE, "--json", str(file), *words]
        done = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=SECONDS_MAX, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        results = json.loads(file.read_text())
        assert len(done.stdout.splitlines()) == len(results)
        assert all(result["value"] >= 0 for result in results)
        return results

    return run


def test_of_our_own(benchmarks: Callable[..., list[dict[str, Any]]]) -> None:
    names = [name for name in sorted(OF_OUR_OWN) for name in ("--only", name)]
    found = {result["name"] for result in benchmarks(*names)}
    assert {"start to Ready", "memory when idle", "memory with 20 pods", "DNS, SRV"} <= found


@pytest.mark.parametrize("option", ["--server", "--kubeconfig"])
def test_of_any_server(
    benchmarks: Callable[..., list[dict[str, Any]]], launch: Callable[..., Any], option: str
) -> None:
    with launch("--nodes", "1") as launched:
        where = launched.server if option == "--server" else str(launched.kubeconfig)
        found = {result["name"]: result["value"] for result in benchmarks(option, where)}
    assert {"GET", "LIST of 11, median", "create", "update", "second apply of a Pod", "watch fan-out"} <= set(found)
    assert found["StatefulSet of 5 pods to Ready"] > 0
    assert not any(name.startswith(("start", "memory", "DNS", "fresh")) for name in found)
