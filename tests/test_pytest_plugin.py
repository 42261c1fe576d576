"""The plugin's options, seen from a project that uses it: pytest in a process of its own, on tests that fail on purpose."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SECONDS_MAX = 120
ORDER = """
import pytest

from minikube_lite.machinery.resources import PODS, REPLICA_SETS

LABELS = {"app": "quiet"}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "main", "image": "quiet"}]}}
SPEC = {"replicas": 6, "selector": {"matchLabels": LABELS}, "template": TEMPLATE}

@pytest.mark.minikube_lite(nodes=3, clock="stepped"SEED)
def test_order(cluster):
    cluster.create(REPLICA_SETS, "default", {"metadata": {"name": "quiet"}, "spec": SPEC})
    cluster.settle()
    pods = cluster.list(PODS, "default")
    pods.sort(key=lambda pod: int(pod["metadata"]["resourceVersion"]))
    print("drawn", [(pod["metadata"]["name"], pod["spec"]["nodeName"]) for pod in pods])
    assert VERDICT
"""
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """What pytest prints of the test with these options; it fails unless told otherwise."""

    def run(*options: str, seed: int | None = None, verdict: str = "False") -> str:
        text = ORDER.replace("SEED", "" if seed is None else f", seed={seed}").replace("VERDICT", verdict)
        (tmp_path / "test_theirs.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rA", "--rootdir", str(tmp_path)]
        done = subprocess.run(
            [*command, *options], cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
        assert done.returncode == (1 if verdict == "False" else 0), done.stdout + done.stderr
        return done.stdout

    return run


def drawn(output: str) -> list[str]:
    """What each run drew, in the order of runs; a report that is printed twice counts once."""
    return list(dict.fromkeys(re.findall(r"^drawn .*$", output, re.MULTILINE)))


def replay(output: str) -> list[str]:
    """The words of the line that is said to repeat the run."""
    (line,) = dict.fromkeys(re.findall(r"to repeat this run: pytest (.*)", output))
    return [word.strip("'") for word in line.split()]


def test_a_failing_test_names_the_line_that_repeats_it(run: Run) -> None:
    first = run()
    (seed,) = replay(first)[1:]
    assert re.fullmatch(r"--cluster-seed=\d+", seed)
    assert drawn(run(*replay(first))) == drawn(first)
    assert drawn(run()) != drawn(first), "without it, chance is chance"


def test_a_test_that_passes_says_nothing(run: Run) -> None:
    assert "to repeat" not in run(verdict="True")


def test_each_of_the_seeds_is_run_and_has_an_order_of_its_own(run: Run) -> None:
    output = run("--cluster-seeds=6", seed=5, verdict="True")
    assert "6 passed" in output
    assert len(drawn(output)) == 6, "the seed is the test's, the orders differ"
    assert drawn(run("--cluster-seeds=6", seed=5, verdict="True")) == drawn(output)


def test_one_of_the_seeds_is_repeated_by_its_line(run: Run) -> None:
    third = "test_theirs.py::test_order[cluster-seed-3]"
    first = run("--cluster-seeds=5", third)
    again = replay(first)
    assert again == [third, "--cluster-seeds=5"]
    assert drawn(run(*again)) == drawn(first)
