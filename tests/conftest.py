"""For all tests: the repository's root is not importable, and the real clients are there.

At the root, ./dns would shadow dnspython and ./api would load twice.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

import minikube_lite  # noqa: F401  (found before the root leaves sys.path, where the package is not installed)

START_SECONDS_MAX = 60
"""How long a cluster of the command line may take to start, and to stop, on a busy machine."""

CLIENT_SECONDS_MAX = 60

ROOT = Path(__file__).resolve().parent.parent
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]

# A busy machine is no failure, and a run in CI repeats exactly.
settings.register_profile("repository", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("repository")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make test-kubectl` says."""
    parser.addoption("--every-kubectl", action="store_true", help="run tests of kubectl with every version found")


def pytest_configure() -> None:
    """Programs that tests start can be interrupted as at a terminal, also under nohup or in a job in the background."""
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def kubectl_path() -> str:
    """The real kubectl."""
    return _client("kubectl", "MINIKUBE_LITE_KUBECTL")


@pytest.fixture(scope="session")
def kubectl_minor(kubectl_path: str) -> int:
    """The real kubectl is version 1.<this>."""
    command = [kubectl_path, "version", "--client", "--output=json"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=CLIENT_SECONDS_MAX, check=True)
    found = re.match(r"\d+", json.loads(told.stdout)["clientVersion"]["minor"])
    assert found, told.stdout
    return int(found.group())


@pytest.fixture(scope="session")
def dig_path() -> str:
    """The real dig."""
    return _client("dig", "MINIKUBE_LITE_DIG")


def _client(name: str, variable: str) -> str:
    path = shutil.which(os.environ.get(variable) or name)
    if path is None:
        pytest.fail(
            f"{name} is missing: `python tools/install_clients.py` installs it, or set {variable} to its path",
            pytrace=False,
        )
    return path


@pytest.fixture(scope="session")
def follow() -> Callable[..., AbstractContextManager[Iterator[str]]]:
    """Run what does not end by itself, as `kubectl get -w`: gives its lines as they come, and ends it after the block."""

    @contextmanager
    def run(command: list[str], environment: dict[str, str], directory: Path | None = None) -> Iterator[Iterator[str]]:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=directory)
        watchdog = threading.Timer(CLIENT_SECONDS_MAX, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            yield (line.rstrip("\n") for line in process.stdout)
        finally:
            watchdog.cancel()
            process.kill()
            process.communicate()

    return run


@dataclass(frozen=True)
class Launched:
    """A cluster that the command line started, in a process of its own."""

    server: str
    dns: str
    kubeconfig: Path
    pid: int
    log: Path
    """What it wrote to stderr."""


@pytest.fixture(scope="session")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[Launched]]:
    """Run `minikube-lite start` with more options: `with launch("--nodes", "1") as launched:`.

    It is stopped at the end of the block, and must then have had nothing to complain of.
    """

    @contextmanager
    def run(*options: str) -> Iterator[Launched]:
        directory = tmp_path_factory.mktemp("launched")
        log = directory / "stderr"
        command = [
            sys.executable,
            "-m",
            "minikube_lite",
            "start",
            "--output",
            "json",
            "--api-port",
            "0",
            "--dns-port",
            "0",
        ]
        if "--kubeconfig" not in options:
            command += ["--kubeconfig", str(directory / "kubeconfig")]
        with log.open("w") as stderr:
            process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=stderr, cwd=ROOT, text=True)
        watchdog = threading.Timer(START_SECONDS_MAX, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            watchdog.cancel()
            assert line, f"the cluster did not start:\n{log.read_text()}"
            said = json.loads(line)
            yield Launched(said["server"], said["dns"], Path(said["kubeconfig"]), said["pid"], log)
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=START_SECONDS_MAX)
            assert (process.returncode, rest, log.read_text()) == (0, "", "")
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.kill()
            process.communicate()

    return run
