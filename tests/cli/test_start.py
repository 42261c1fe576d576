"""The command line as other programs rely on it: the line of JSON, the exit codes, one sentence about what is wrong."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minikube_lite import __version__

SECONDS_MAX = 60
FREE = ("--api-port", "0", "--dns-port", "0")


@pytest.fixture
def run(root: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program to its end."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "minikube_lite", *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=SECONDS_MAX, check=False)

    return run


@pytest.fixture
def begin(root: Path) -> Callable[..., subprocess.Popen[str]]:
    """Run the program until it is stopped."""

    def begin(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "minikube_lite", "start", *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root)

    return begin


def test_the_line_of_json(launch: Callable[..., Any], tmp_path: Path) -> None:
    """It comes when the API answers and the nodes are Ready."""
    with launch("--nodes", "2", "--kubeconfig", str(tmp_path / "own" / "config")) as launched:
        with urllib.request.urlopen(f"{launched.server}/api/v1/nodes") as answer:
            nodes = json.load(answer)["items"]
        assert launched.server.startswith("http://127.0.0.1:")
        host, _, port = launched.dns.rpartition(":")
        assert (host, port.isdigit()) == ("127.0.0.1", True)
        assert launched.kubeconfig == tmp_path / "own" / "config"
        assert launched.server in launched.kubeconfig.read_text()
        assert launched.kubeconfig.stat().st_mode & 0o777 == 0o600
        os.kill(launched.pid, 0)
    for node in nodes:
        conditions = {one["type"]: one["status"] for one in node["status"]["conditions"]}
        assert conditions["Ready"] == "True"
    assert [node["metadata"]["name"] for node in nodes] == ["node-1", "node-2"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_as_asked(begin: Callable[..., subprocess.Popen[str]], number: int) -> None:
    """For people it says the same, in words; its own directory goes with it."""
    with begin("--nodes", "1", *FREE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(10)]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=SECONDS_MAX)
    text = "".join([*lines, rest])
    assert (process.returncode, errors) == (0, "")
    assert "Kubernetes 1.36" in text
    assert "http://127.0.0.1:" in text
    [line] = [line for line in lines if "KUBECONFIG=" in line]
    assert not Path(line.strip().partition("KUBECONFIG=")[2]).exists()


def test_a_watch_that_is_open_does_not_keep_it(begin: Callable[..., subprocess.Popen[str]]) -> None:
    with begin("--nodes", "0", "--output", "json", *FREE) as process:
        assert process.stdout is not None
        server = json.loads(process.stdout.readline())["server"]
        with urllib.request.urlopen(f"{server}/api/v1/pods?watch=true"):
            process.terminate()
            _, errors = process.communicate(timeout=SECONDS_MAX)
    assert (process.returncode, errors) == (0, "")


def test_data_stay_where_they_were_asked_for(launch: Callable[..., Any], tmp_path: Path) -> None:
    with launch("--nodes", "1", "--data-dir", str(tmp_path / "kept")):
        pass
    assert (tmp_path / "kept").is_dir()


@pytest.mark.parametrize("option", ["--api-port", "--dns-port"])
def test_a_port_that_is_taken(run: Callable[..., subprocess.CompletedProcess[str]], option: str) -> None:
    kind = socket.SOCK_STREAM if option == "--api-port" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = str(taken.getsockname()[1])
        done = run("start", "--nodes", "0", *FREE, option, port)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert port in done.stderr
    assert option in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "COMMAND"),
        (["halt"], "halt"),
        (["start", "--name", "Dev"], "--name"),
        (["start", "--nope"], "--nope"),
        (["start", "--nodes", "many"], "--nodes"),
        (["start", "--nodes", "-1"], "--nodes"),
        (["start", "--nodes", "1001"], "--nodes"),
        (["start", "--api-port", "70000"], "--api-port"),
        (["start", "--dns-port", "-2"], "--dns-port"),
        (["start", "--output", "yaml"], "--output"),
        (["start", "--clock", "fast"], "--clock"),
        (["start", "--clock", "scaled", "--clock-rate", "0"], "--clock-rate"),
        (["start", "--seed", "x"], "--seed"),
        (["start", "--pod-start-delay", "5x"], "--pod-start-delay"),
        (["start", "--event-ttl", "-1s"], "--event-ttl"),
        (["start", "--cluster-cidr", "here"], "--cluster-cidr"),
        (["start", "--cluster-cidr", "10.0.0.0/30", *FREE], "10.0.0.0/30 is too small for 3 nodes"),
        (["start", "--service-cluster-ip-range", "10.96.0.0/31"], "--service-cluster-ip-range"),
        (["start", "--service-cluster-ip-range", "10.244.0.0/16"], "overlap"),
        (["start", "--cluster-domain", "bad..domain", *FREE], "bad..domain"),
        (["start", "--dns-ttl", "100000"], "--dns-ttl"),
        (["start", "--default-storage-class", "Bad_Name"], "--default-storage-class"),
        (["start", "--token-auth-file", "nowhere.csv"], "--token-auth-file"),
        (["start", "--kubeconfig", "/dev/null/config", *FREE], "kubeconfig"),
        (["start", "--data-dir", "/dev/null/data", *FREE], "/dev/null/data"),
    ],
)
def test_bad_options_are_one_sentence(
    run: Callable[..., subprocess.CompletedProcess[str]], words: list[str], said: str
) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("minikube-lite: ")
    assert said in done.stderr
    assert ("choose other ports" in done.stderr) is False


def test_version_and_help(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"minikube-lite {__version__}\n", "")
    done = run("start", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for option in ("--api-port", "--dns-port", "--nodes", "--kubeconfig", "--output", "--default-storage-class"):
        assert option in done.stdout
