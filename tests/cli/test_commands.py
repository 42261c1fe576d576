"""start --background, stop, status, list and kubeconfig, as people type them."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from tests.cli.conftest import Program

STOPPED = 7
FREE = ("--api-port", "0", "--dns-port", "0")


def pid_of(program: Program, name: str = "minikube-lite") -> int:
    pid: int = json.loads(program.run("status", "--name", name, "--output", "json").stdout)["PID"]
    return pid


def test_a_life(program: Program) -> None:
    said = program.start().stdout
    assert "minikube-lite stop" in said
    assert str(program.home / "run" / "minikube-lite" / "log") in said

    status = program.run("status")
    assert (status.returncode, status.stderr) == (0, "")
    assert status.stdout.splitlines()[:6] == [
        "minikube-lite",
        "type: Control Plane",
        "host: Running",
        "kubelet: Running",
        "apiserver: Running",
        "kubeconfig: Configured",
    ]

    stopped = program.run("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "The cluster minikube-lite is stopped.\n")
    status = program.run("status")
    assert status.returncode == STOPPED
    assert "host: Stopped\n" in status.stdout
    assert list((program.home / "run").iterdir()) == [program.home / "run" / ".lock"]


def test_stopping_what_is_stopped_is_no_error(program: Program) -> None:
    done = program.run("stop", "--name", "dev")
    assert (done.returncode, done.stdout, done.stderr) == (0, "The cluster dev is not running.\n", "")


def test_status_for_programs(program: Program) -> None:
    line = json.loads(program.start("--output", "json", "--name", "dev").stdout)
    told = program.run("status", "--name", "dev", "--output", "json")
    assert json.loads(told.stdout) == {
        "Name": "dev",
        "Host": "Running",
        "Kubelet": "Running",
        "APIServer": "Running",
        "Kubeconfig": "Configured",
        "Worker": False,
        "Server": line["server"],
        "DNS": line["dns"],
        "PID": line["pid"],
    }
    assert sorted(line) == ["dns", "kubeconfig", "pid", "server"]


def test_several_clusters(program: Program) -> None:
    program.start("--name", "a")
    program.start("--name", "b")
    assert program.run("list", "--output", "name").stdout == "a\nb\n"
    assert [one["name"] for one in json.loads(program.run("list", "--output", "json").stdout)] == ["a", "b"]
    assert program.run("list").stdout.splitlines()[0].split() == ["NAME", "STATUS", "PID", "API", "DNS"]
    assert program.run("stop", "--name", "a").returncode == 0
    assert program.run("list", "--output", "name").stdout == "b\n"
    missing = program.run("kubeconfig", "--name", "a")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == "minikube-lite: no cluster named a is running; running: b (choose by --name)\n"
    assert program.run("stop", "--all").stdout == "The cluster b is stopped.\n"


def test_a_name_that_runs_already(program: Program) -> None:
    program.start("--name", "dev")
    pid = pid_of(program, "dev")
    for more in ((), ("--background",)):
        again = program.run("start", "--name", "dev", "--nodes", "0", *FREE, *more)
        assert (again.returncode, again.stdout, len(again.stderr.splitlines())) == (2, "", 1)
        assert f"a cluster named dev runs already (pid {pid}, " in again.stderr
    assert pid_of(program, "dev") == pid


def test_without_names_clusters_start_beside_each_other(program: Program) -> None:
    program.start()
    with program.begin("start", "--nodes", "0", *FREE) as second:
        assert second.stdout is not None
        said = [second.stdout.readline() for _ in range(10)]
        assert program.run("list", "--output", "name").stdout == "minikube-lite\nunnamed-2\n"
        assert "minikube-lite stop --name unnamed-2" in said[-1]
        assert program.run("stop", "--name", "unnamed-2").returncode == 0
        second.communicate()
    assert second.returncode == 0


def test_the_kubeconfig_is_printed(program: Program) -> None:
    line = json.loads(program.start("--output", "json", "--name", "dev").stdout)
    printed = yaml.safe_load(program.run("kubeconfig", "-p", "dev").stdout)
    assert printed["current-context"] == "minikube-lite-dev"
    # The JavaScript client refuses plain HTTP to servers whose certificates it would have to check.
    cluster = {"server": line["server"], "insecure-skip-tls-verify": True}
    assert printed["clusters"] == [{"name": "minikube-lite-dev", "cluster": cluster}]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_cluster_that_is_asked_to_end_in_another_way_is_forgotten(program: Program, number: int) -> None:
    with program.begin("start", "--nodes", "0", "--output", "json", *FREE) as process:
        assert process.stdout is not None
        os.kill(json.loads(process.stdout.readline())["pid"], number)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert program.run("list", "--output", "name").stdout == ""


def test_a_cluster_that_was_killed(program: Program) -> None:
    """It is told as stopped; its name is free, and what it left is tidied up."""
    program.start("--merge-kubeconfig")
    os.kill(pid_of(program), signal.SIGKILL)
    merged = program.home / ".kube" / "config"
    assert "minikube-lite" in merged.read_text()
    while program.run("status").returncode != STOPPED:
        pass  # the host takes a moment to end it
    assert program.run("stop").stdout == "The cluster minikube-lite is not running.\n"
    assert "minikube-lite" not in merged.read_text()
    program.start()


def test_a_cluster_that_does_not_answer(program: Program) -> None:
    program.start()
    pid = pid_of(program)
    os.kill(pid, signal.SIGSTOP)
    try:
        status = program.run("status")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert status.returncode == 2
    assert "host: Running\nkubelet: Stopped\napiserver: Stopped\n" in status.stdout


def test_a_start_in_the_background_that_fails_says_so(program: Program) -> None:
    done = program.run("start", "--background", *FREE, "--cluster-cidr", "10.0.0.0/30")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "minikube-lite: the pod network 10.0.0.0/30 is too small for 3 nodes\n"
    assert program.run("list", "--output", "name").stdout == ""


def test_quick_commands_load_nothing_that_is_slow(program: Program) -> None:
    program.variables["PYTHONPROFILEIMPORTTIME"] = "1"
    for words in (["status"], ["stop"], ["list"], ["completion", "bash"], ["kubeconfig"], ["--version"]):
        told = program.run(*words).stderr
        loaded = {line.rpartition("|")[2].strip() for line in told.splitlines()}
        assert "minikube_lite.cli" in loaded
        slow = {"aiohttp", "pydantic", "orjson", "yaml", "asyncio", "cryptography", "minikube_lite.cluster"}
        assert loaded & slow == set(), words
