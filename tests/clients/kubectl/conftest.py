"""The real kubectl, in every version that was chosen, as people type it: one cluster a module, a namespace a test."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from minikube_lite.machinery.resources import NAMESPACES

if TYPE_CHECKING:
    from kubectls import Kubectl

    from minikube_lite.testing import LoopThread, RunningCluster

SECONDS_MAX = 60
"""How long one run may take on a busy machine; kubectl that hangs fails here."""

OLDEST_MINOR = 25
"""Older ones ask for versions that Kubernetes serves no more, and check what they send by themselves."""

STATEFUL_SET = """\
apiVersion: v1
kind: Service
metadata: {name: kubia}
spec:
  clusterIP: None
  selector: {app: kubia}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: kubia, labels: {app: kubia}}
spec:
  serviceName: kubia
  replicas: 2
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: kubia}}
  template:
    metadata: {labels: {app: kubia}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: kubia
        image: luksa/kubia-pet
        ports: [{name: http, containerPort: 8080}]
"""


@dataclass(frozen=True)
class Kube:
    """kubectl in a namespace of its own. Calling it runs it: it must succeed, unless `code` says otherwise; what it prints, errors too."""

    program: Kubectl
    cluster: RunningCluster
    namespace: str
    directory: Path
    environment: dict[str, str]
    follow: Callable[..., AbstractContextManager[Iterator[str]]]

    def __call__(self, *words: str, stdin: str | None = None, code: int = 0, **variables: str) -> str:
        done = subprocess.run(
            [self.program.path, *words],
            capture_output=True,
            text=True,
            input=stdin,
            cwd=self.directory,
            env={**self.environment, **variables},
            timeout=SECONDS_MAX,
            check=False,
        )
        assert done.returncode == code, f"kubectl {' '.join(words)}: exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    @property
    def minor(self) -> int:
        """The program's version is 1.<this>."""
        return self.program.minor

    def object(self, *words: str) -> Any:
        """What `kubectl get -o json` prints; warnings come after it."""
        return json.JSONDecoder().raw_decode(self("get", *words, "-o", "json"))[0]

    def write(self, name: str, content: str | dict[str, Any]) -> str:
        """Write a file among those that kubectl sees; its name."""
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        (self.directory / name).write_text(text)
        return name

    def editor(self, script: str) -> str:
        """An editor for KUBE_EDITOR: a shell script, in which $1 is the file."""
        path = self.directory / "editor"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    def running(self, *words: str) -> AbstractContextManager[Iterator[str]]:
        """Run what does not end by itself, as `get -w`; gives its lines as they come, and ends it after the block."""
        return self.follow([self.program.path, *words], self.environment, self.directory)


@pytest.fixture(scope="module")
def shared_cluster(minikube_lite_loop: LoopThread) -> Iterator[RunningCluster]:
    """The module's cluster."""
    from minikube_lite.testing import RunningCluster

    with RunningCluster(minikube_lite_loop, nodes=3) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's kubectls keep what they learnt of the cluster."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def kubectl(
    shared_cluster: RunningCluster,
    kubectl_program: Kubectl,
    home: Path,
    tmp_path: Path,
    follow: Callable[..., AbstractContextManager[Iterator[str]]],
) -> Kube:
    """The real kubectl, whose context has a namespace of its own, which is ready for pods."""
    if kubectl_program.minor < OLDEST_MINOR:
        pytest.skip(
            f"kubectl {kubectl_program} does not know what Kubernetes serves today; this needs 1.{OLDEST_MINOR}"
        )
    made = shared_cluster.create(NAMESPACES, "", {"metadata": {"generateName": "test-"}})
    namespace = made["metadata"]["name"]
    shared_cluster.settle()
    config = tmp_path / "kubeconfig"
    config.write_text(shared_cluster.kubeconfig.read_text().replace("namespace: default", f"namespace: {namespace}"))
    directory = tmp_path / "files"
    directory.mkdir()
    environment = {"HOME": str(home), "KUBECONFIG": str(config), "PATH": os.environ["PATH"]}
    return Kube(kubectl_program, shared_cluster, namespace, directory, environment, follow)


@pytest.fixture
def kubia(kubectl: Kube) -> Kube:
    """The same with a StatefulSet whose two pods are ready."""
    kubectl("apply", "-f", kubectl.write("kubia.yaml", STATEFUL_SET))
    kubectl("rollout", "status", "statefulset/kubia", f"--timeout={SECONDS_MAX}s")
    return kubectl


def lines(text: str) -> list[list[str]]:
    """A table of kubectl, without its headings, as words."""
    return [line.split() for line in text.splitlines()[1:]]


@pytest.fixture(scope="session")
def table() -> Callable[[str], list[list[str]]]:
    """Reads a table of kubectl, without its headings, as words."""
    return lines
