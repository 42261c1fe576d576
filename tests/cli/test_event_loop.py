"""A cluster on another event loop than asyncio's own."""

from __future__ import annotations

import importlib.util
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Program


@pytest.mark.skipif(not importlib.util.find_spec("uvloop"), reason="uvloop does not exist for this system")
def test_another_event_loop(program: Program, kubectl_path: str) -> None:
    program.start("--uvloop", "--nodes", "1")
    kubeconfig = program.home / "kubeconfig"
    kubeconfig.write_text(program.run("kubeconfig").stdout)

    def kubectl(*words: str) -> str:
        command = [kubectl_path, "--kubeconfig", str(kubeconfig), *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, env=program.environment)
        return done.stdout

    kubectl("run", "box", "--image=busybox", "--", "sleep", "infinity")
    kubectl("wait", "pod/box", "--for=condition=Ready", "--timeout=60s")
    assert kubectl("exec", "box", "--", "echo", "there") == "there\n"


def test_where_it_is_not_installed(program: Program, tmp_path: Path) -> None:
    (tmp_path / "uvloop.py").write_text("raise ImportError")
    program.variables["PYTHONPATH"] = str(tmp_path)
    done = program.run("start", "--uvloop", "--nodes", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "minikube-lite: uvloop is not installed: pip install 'minikube-lite[uvloop]'\n"
