"""The clock from outside: the commands, the real kubectl, and several clients at once."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from minikube_lite.cli.clock import is_done, seconds_of
from minikube_lite.cli.errors import CommandError, UsageError

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Program

Kubectl = Callable[..., str]


@pytest.fixture
def kubectl(program: Program, kubectl_path: str) -> Kubectl:
    """The real kubectl, given a cluster in stepped time."""
    program.start("--clock", "stepped")
    program.variables["KUBECONFIG"] = str(program.home / "run" / "minikube-lite" / "kubeconfig")

    def run(*words: str, text: str = "") -> str:
        done = subprocess.run(
            [kubectl_path, *words], input=text, capture_output=True, text=True, env=program.environment, check=False
        )
        return done.stdout + done.stderr

    return run


def shown(done: Done) -> list[str]:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_commands(program: Program) -> None:
    program.start("--clock", "stepped")
    clock = program.run
    assert shown(clock("clock")) == ["now: 2026-01-01T00:00:00Z", "mode: stepped"]
    assert shown(clock("clock", "advance", "5m"))[0] == "now: 2026-01-01T00:05:00Z"
    assert shown(clock("clock", "advance", "90"))[0] == "now: 2026-01-01T00:06:30Z"
    assert shown(clock("settle")) == []
    assert shown(clock("clock", "rate", "2.5"))[1] == "mode: scaled, 2.5 times as fast"
    assert shown(clock("clock", "real"))[1] == "mode: real"
    status = json.loads(clock("clock", "step", "--output", "json").stdout)
    assert (status["mode"], status["advancedSeconds"]) == ("stepped", 390)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["advance"], "clock advance needs a value"),
        (["advance", "soon"], '"soon" is not a duration'),
        (["rate", "fast"], '"fast" is not a number'),
        (["step", "5"], "clock step takes no value"),
        (["jump"], "ACTION"),
    ],
)
def test_what_cannot_be_meant(program: Program, words: list[str], said: str) -> None:
    done = program.run("clock", *words)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr


def test_the_api_has_the_last_word(program: Program) -> None:
    program.start()
    done = program.run("clock", "rate", "0")
    assert done.returncode == 2
    assert "spec.rate: Invalid value: 0: must be greater than 0" in done.stderr


def test_without_a_cluster(program: Program) -> None:
    for words in (["clock"], ["settle"], ["clock", "advance", "5m"]):
        done = program.run(*words)
        assert (done.returncode, "no cluster named minikube-lite is running" in done.stderr) == (1, True)


def test_several_at_once_all_count(program: Program) -> None:
    program.start("--clock", "stepped")
    results: list[Done] = []
    threads = [threading.Thread(target=lambda: results.append(program.run("clock", "advance", "1m"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.returncode for done in results] == [0, 0, 0, 0]
    assert shown(program.run("clock"))[0] == "now: 2026-01-01T00:04:00Z"


def test_kubectl_moves_it_as_it_changes_anything(kubectl: Kubectl) -> None:
    patch = '{"spec":{"advanceSeconds":300}}'
    for _ in range(2):
        assert "clock.lab.minikube-lite.io/cluster patched" in kubectl(
            "patch", "clock", "cluster", "--type=merge", "-p", patch
        )
        kubectl("wait", "clock/cluster", "--for=jsonpath={.status.advancedSeconds}=300", "--timeout=30s")
    header, row = kubectl("get", "clocks").splitlines()
    assert header.split() == ["NAME", "MODE", "RATE", "NOW", "SETTLED"]
    assert row.split() == ["cluster", "stepped", "0", "2026-01-01T00:05:00Z", "True"]


@pytest.mark.parametrize("options", [(), ("--server-side",)])
def test_an_applied_clock_moves_once(kubectl: Kubectl, options: tuple[str, ...]) -> None:
    manifest = json.dumps(
        {
            "apiVersion": "lab.minikube-lite.io/v1alpha1",
            "kind": "Clock",
            "metadata": {"name": "cluster"},
            "spec": {"advanceSeconds": 60},
        }
    )
    for _ in range(2):
        said = kubectl("apply", "-f", "-", *options, text=manifest)
        assert "clock.lab.minikube-lite.io/cluster" in said
        assert "Error" not in said
        kubectl("wait", "clock/cluster", "--for=jsonpath={.status.advancedSeconds}=60", "--timeout=30s")
    assert "2026-01-01T00:01:00Z" in kubectl("get", "clock", "cluster")


def test_kubectl_explains_it_and_refuses_what_it_does_not_know(kubectl: Kubectl) -> None:
    explained = kubectl("explain", "clock.spec")
    assert "By how many seconds time was moved by hand in all." in " ".join(explained.split())
    assert "enum: real, scaled, stepped" in explained
    assert "lab.minikube-lite.io/v1alpha1" in kubectl("api-resources", "--api-group=lab.minikube-lite.io")
    unknown = kubectl("patch", "clock", "cluster", "--type=merge", "-p", '{"spec":{"speed":3}}')
    assert 'unknown field "spec.speed"' in unknown
    wrong = kubectl("patch", "clock", "cluster", "--type=merge", "-p", '{"spec":{"rate":"fast"}}')
    assert "cannot unmarshal string into Go struct field ClockSpec.spec.rate of type float64" in wrong
    assert "MethodNotAllowed" in kubectl("delete", "clock", "cluster")


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("1h30m", 5400), ("250ms", 0.25), ("90", 90), ("1.5", 1.5)])
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5x", "-5m", "1,5s"])
def test_no_durations(text: str) -> None:
    with pytest.raises(UsageError):
        seconds_of(text)


def test_a_cluster_that_stays_busy_is_no_success() -> None:
    condition = {"type": "Settled", "status": "False", "observedGeneration": 2, "message": "still busy: {'x': 1}"}
    busy = {"status": {"observedGeneration": 1, "conditions": [condition]}}
    with pytest.raises(CommandError, match="did not settle: still busy"):
        is_done(busy, 2)
    assert not is_done(busy, 3)
    condition["status"] = "True"
    assert (is_done(busy, 1), is_done(busy, 2)) == (True, False)
