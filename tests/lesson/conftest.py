"""The lesson's cluster, started by the command line, and the real kubectl and dig that talk to it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Launched

HERE = Path(__file__).resolve().parent
CLIENT_SECONDS_MAX = 60
"""How long one run of a client may take on a busy machine; kubectl that hangs fails here."""
HISTORY_SECONDS = 1


@dataclass(frozen=True)
class Lesson:
    """A cluster, and the clients that a reader types."""

    server: str
    dns: str
    data: Path
    """The cluster's directory: a volume's files are in volumes/<name of the PersistentVolume>."""
    kubectl_path: str
    dig_path: str
    environment: dict[str, str]
    follow: Callable[..., AbstractContextManager[Iterator[str]]]

    def run_kubectl(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl, among the manifests; what it prints and its exit code."""
        return subprocess.run(
            [self.kubectl_path, *words],
            capture_output=True,
            text=True,
            input=stdin,
            cwd=HERE / "manifests",
            env=self.environment,
            timeout=CLIENT_SECONDS_MAX,
            check=False,
        )

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl, which must succeed; what it prints."""
        done = self.run_kubectl(*words, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def watching(self, *words: str) -> AbstractContextManager[Iterator[str]]:
        """Run a `kubectl get -w`; gives the lines as they come, and ends it after the block."""
        return self.follow([self.kubectl_path, "get", *words], self.environment)

    def table(self, *words: str) -> dict[str, dict[str, str]]:
        """What `kubectl get` prints of one resource: rows by name, cells by the column's heading."""
        return rows(self.kubectl("get", *words))

    def object(self, *words: str) -> dict[str, Any]:
        """What `kubectl get -o json` prints."""
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def rolled_out(self) -> None:
        """Wait until all pods of the StatefulSet are Ready."""
        self.kubectl("rollout", "status", "statefulset", "kubia", f"--timeout={CLIENT_SECONDS_MAX}s")

    def pods_become(self, *names: str) -> None:
        """Wait until these are the pods, and all of them run and are ready."""
        now: dict[str, list[str]] = {}
        with self.watching("pods", "-w", "--no-headers", "--output-watch-events") as lines:
            for line in lines:
                change, name, *cells = line.split()
                now.pop(name, None)
                if change in ("ADDED", "MODIFIED"):
                    now[name] = cells[:2]
                if now == dict.fromkeys(names, ["1/1", "Running"]):
                    return
        pytest.fail(f"the pods did not become {names}: {now}")

    def gone(self, pod: str) -> None:
        """Wait until the pod of that name is gone."""
        done = self.run_kubectl("wait", "--for=delete", f"pod/{pod}", f"--timeout={CLIENT_SECONDS_MAX}s")
        assert done.returncode == 0 or "NotFound" in done.stderr, done.stderr

    def endpoints_are(self, *addresses: str) -> None:
        """Wait until these are the addresses behind the Service."""
        with self.watching("endpointslices", "-l", "kubernetes.io/service-name=kubia", "-w", "--no-headers") as lines:
            for line in lines:
                if sorted(line.split()[3].split(",")) == sorted(addresses):
                    return
        pytest.fail(f"the endpoints did not become {addresses}: {self.kubectl('get', 'endpointslices')}")

    # The past

    def revision(self) -> str:
        """Where the cluster's history stands."""
        return json.loads(self.kubectl("get", "--raw", "/api/v1/namespaces?limit=1"))["metadata"]["resourceVersion"]

    def history(self, after: str, *resources: str) -> list[dict[str, Any]]:
        """Every change of these resources (as `pods` or `apps/v1/statefulsets`) after that moment, in order."""
        changes: list[dict[str, Any]] = []
        for resource in resources:
            group, _, plural = resource.rpartition("/")
            place = f"apis/{group}" if group else "api/v1"
            namespace = "" if plural == "persistentvolumes" else "namespaces/default/"
            query = f"watch=true&resourceVersion={after}&timeoutSeconds={HISTORY_SECONDS}"
            lines = self.kubectl("get", "--raw", f"/{place}/{namespace}{plural}?{query}")
            changes += [{**json.loads(line), "resource": plural} for line in lines.splitlines()]
        assert not [change for change in changes if change["type"] == "ERROR"]
        return sorted(changes, key=lambda change: int(change["object"]["metadata"]["resourceVersion"]))

    # What is outside of the cluster

    def dig(self, *words: str) -> str:
        """Ask the cluster's DNS server; what dig prints."""
        host, _, port = self.dns.rpartition(":")
        done = subprocess.run(
            [self.dig_path, f"@{host}", "-p", port, *words],
            capture_output=True,
            text=True,
            timeout=CLIENT_SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def volume(self, name: str) -> Path:
        """The directory of a PersistentVolume: what its pods see at the path where they mount it."""
        return self.data / "volumes" / name

    @property
    def kubectl_minor(self) -> int:
        """1.<this> is the version of kubectl."""
        version = json.loads(self.kubectl("version", "--client", "-o", "json"))["clientVersion"]
        return int(re.match(r"\d+", version["minor"]).group())  # type: ignore[union-attr]


def rows(text: str) -> dict[str, dict[str, str]]:
    """A table of kubectl: rows by name, cells by the column's heading."""
    lines = text.splitlines()
    assert lines, "an empty table"
    starts = [match.start() for match in re.finditer(r"(?<!\S)\S+(?: \S+)*", lines[0])]
    cuts = list(zip(starts, [*starts[1:], None], strict=True))
    headings = [lines[0][start:end].strip() for start, end in cuts]
    cells = ([line[start:end].strip() for start, end in cuts] for line in lines[1:])
    return {row[0]: dict(zip(headings, row, strict=True)) for row in cells}


@pytest.fixture(scope="session")
def start_lesson(
    launch: Callable[..., AbstractContextManager[Launched]],
    tmp_path_factory: pytest.TempPathFactory,
    kubectl_path: str,
    dig_path: str,
    follow: Callable[..., AbstractContextManager[Iterator[str]]],
) -> Callable[..., AbstractContextManager[Lesson]]:
    """Start the lesson's cluster, with more options of the command line."""

    @contextmanager
    def start(*options: str) -> Iterator[Lesson]:
        home = tmp_path_factory.mktemp("home")
        data = tmp_path_factory.mktemp("data") / "cluster"
        with launch("--data-dir", str(data), *options) as launched:
            environment = {"HOME": str(home), "KUBECONFIG": str(launched.kubeconfig), "PATH": os.environ["PATH"]}
            yield Lesson(launched.server, launched.dns, data, kubectl_path, dig_path, environment, follow)

    return start


@pytest.fixture
def lesson(start_lesson: Callable[..., AbstractContextManager[Lesson]]) -> Iterator[Lesson]:
    """A fresh cluster of three nodes, as `make run` starts it."""
    with start_lesson() as started:
        yield started


@pytest.fixture
def kubia(lesson: Lesson) -> Lesson:
    """The same after steps 2 to 4: both pods are Ready."""
    return with_kubia(lesson)


@pytest.fixture(scope="module")
def shown(start_lesson: Callable[..., AbstractContextManager[Lesson]]) -> Iterator[Lesson]:
    """The same for tests that only look: one for a module."""
    with start_lesson() as started:
        yield with_kubia(started)


def with_kubia(lesson: Lesson) -> Lesson:
    """Apply all manifests and wait until both pods are Ready."""
    lesson.kubectl("apply", "-f", "pvs.yaml", "-f", "service.yaml", "-f", "statefulset.yaml")
    lesson.rolled_out()
    lesson.endpoints_are(*(lesson.object("pod", name)["status"]["podIP"] for name in ("kubia-0", "kubia-1")))
    return lesson


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], str]:
    """What a real cluster printed in the lesson, by file."""
    return lambda name: (HERE / "recorded" / name).read_text()


@pytest.fixture(scope="session")
def manifest() -> Callable[[str], str]:
    """The lesson's manifests, by name."""
    return lambda name: (HERE / "manifests" / f"{name}.yaml").read_text()


@pytest.fixture(scope="session")
def milestones() -> Callable[[list[dict[str, Any]]], list[str]]:
    """What happened to pods and claims, in words: `kubia-0 created`, `kubia-0 ready`; each once for each object."""
    return find_milestones


def find_milestones(changes: list[dict[str, Any]]) -> list[str]:
    """Changes in recorded form to words."""
    found: list[str] = []
    seen: dict[str, set[str]] = {}
    for change in changes:
        name = change["name"]
        words = seen.setdefault(name, set())
        if change["event"] == "ADDED":
            words.clear()
        for word, holds in (
            ("created", change["event"] == "ADDED"),
            ("bound", change["resource"] == "persistentvolumeclaims" and change["phase"] == "Bound"),
            ("scheduled", bool(change.get("node"))),
            ("ready", (change.get("conditions") or {}).get("Ready") == "True"),
            ("deleting", bool(change.get("deletionTimestamp"))),
            ("gone", change["event"] == "DELETED"),
        ):
            if holds and word not in words:
                words.add(word)
                found.append(f"{name} {word}")
    return found
