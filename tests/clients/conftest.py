"""Clients of other people, against the fixture's cluster."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

SECONDS_MAX = 60


@pytest.fixture
def api_client(cluster: RunningCluster) -> Iterator[Any]:
    """The official Python client, configured by the cluster's kubeconfig."""
    from kubernetes import config

    with config.new_client_from_config(config_file=str(cluster.kubeconfig)) as client:
        yield client


@pytest.fixture
def kubectl(cluster: RunningCluster, kubectl_path: str, tmp_path: Path) -> Callable[..., str]:
    """The real kubectl: it must succeed, unless `code` says otherwise; what it prints, errors too."""
    environment = {"HOME": str(tmp_path), "KUBECONFIG": str(cluster.kubeconfig), "PATH": os.environ["PATH"]}

    def run(*words: str, stdin: str | None = None, code: int = 0, **variables: str) -> str:
        done = subprocess.run(
            [kubectl_path, *words],
            capture_output=True,
            text=True,
            input=stdin,
            env={**environment, **variables},
            timeout=SECONDS_MAX,
            check=False,
        )
        assert done.returncode == code, f"kubectl {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    return run


@pytest.fixture
def needs_kubectl(kubectl: Callable[..., str]) -> Callable[[int, str], None]:
    """Skip a test that an older kubectl than 1.<minor> cannot do, saying why."""
    version = json.loads(kubectl("version", "--client", "-o", "json"))["clientVersion"]["minor"]
    digits = re.match(r"\d+", version)
    assert digits

    def needs(minor: int, why: str) -> None:
        if int(digits.group()) < minor:
            pytest.skip(f"kubectl 1.{version}: {why} since 1.{minor}")

    return needs
