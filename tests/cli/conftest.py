"""The program, run as people run it, with a directory of records of its own and a home without anything in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SECONDS_MAX = 60
FREE = ("--api-port", "0", "--dns-port", "0")
Done = subprocess.CompletedProcess[str]


@dataclass
class Program:
    """`minikube-lite` in an environment of its own."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """As a person's, but for the places that it writes to."""
        kept = {name: value for name, value in os.environ.items() if name not in ("KUBECONFIG", "NO_COLOR")}
        own = {"HOME": str(self.home), "MINIKUBE_LITE_RUNTIME_DIR": str(self.home / "run")}
        return {**kept, **own, **self.variables}

    def run(self, *words: str) -> Done:
        """Run a command to its end."""
        command = [sys.executable, "-m", "minikube_lite", *words]
        return subprocess.run(
            command, capture_output=True, text=True, env=self.environment, timeout=SECONDS_MAX, check=False
        )

    def start(self, *words: str) -> Done:
        """A cluster without nodes in the background."""
        done = self.run("start", "--background", "--nodes", "0", *FREE, *words)
        assert (done.returncode, done.stderr) == (0, "")
        return done

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Run a command until it is stopped."""
        command = [sys.executable, "-m", "minikube_lite", *words]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment
        )


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program; what it left running in the background is stopped."""
    program = Program(tmp_path)
    yield program
    program.variables.clear()
    program.run("stop", "--all")
