"""With a seed a run repeats exactly: every name, uid and revision, whatever the hash seed, however busy the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import pytest

SCENARIO = Path(__file__).resolve().parent / "scenario.py"
SECONDS_MAX = 60
BUSY_PROCESSES = 3
Run = Callable[..., list[str]]


@contextmanager
def busy_machine() -> Iterator[None]:
    """More processes that want all of a processor than there are."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY_PROCESSES)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the scenario in a process of its own; all changes, one a line."""

    def run(*words: str, hash_seed: str = "0") -> list[str]:
        file = tmp_path / f"changes-{'-'.join(words)}-{hash_seed}"
        command = [sys.executable, str(SCENARIO), words[0], words[1], str(file), *words[2:]]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=SECONDS_MAX, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return file.read_text().splitlines()

    return run


def first_difference(one: list[str], other: list[str]) -> tuple[str | None, str | None] | None:
    return next(((a, b) for a, b in zip_longest(one, other) if a != b), None)


SIGNS = {
    "story": (" pods ", " persistentvolumes ", " nodes ", " endpointslices.discovery.k8s.io ", " events "),
    "living": ("kubia-0.kubia.default.svc.cluster.local.", "Unhealthy", "CrashLoopBackOff", "Rebooted", '"exitCode":3'),
}
"""What is in a story, so that it tests what it is to test."""


@pytest.mark.parametrize("story", SIGNS)
def test_the_same_seed_gives_the_same_changes(run: Run, story: str) -> None:
    calm = run(story, "5", hash_seed="0")
    with busy_machine():
        busy = run(story, "5", hash_seed="4242")
    assert first_difference(calm, busy) is None
    assert len(calm) > 500
    for sign in SIGNS[story]:
        assert any(sign in line for line in calm), sign


@pytest.mark.parametrize("story", SIGNS)
def test_another_seed_gives_others(run: Run, story: str) -> None:
    one, other = run(story, "5"), run(story, "6")
    assert first_difference(one, other) is not None


def test_a_day_is_1440_minutes(run: Run) -> None:
    """At once or minute by minute; and a watch of a quiet kind, and one from long ago, miss nothing."""
    day = run("time", "5", "24h", "1")
    minutes = run("time", "5", "1m", "1440")
    assert day[:2] == minutes[:2] == ["watch ADDED found", "watch ADDED found"]
    assert first_difference(day, minutes) is None
    leases = [line for line in day if " MODIFIED leases.coordination.k8s.io " in line]
    assert len(leases) > 8000, "the node was alive all day"
