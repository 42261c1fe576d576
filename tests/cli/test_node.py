"""Nodes from outside: cut, healed, listed by the commands, and the same by kubectl."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program


def ok(program: Program, *words: str) -> list[str]:
    done = program.run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def failed(program: Program, *words: str) -> tuple[int, str]:
    done = program.run(*words)
    assert (done.stdout, len(done.stderr.splitlines())) == ("", 1)
    return done.returncode, done.stderr


@pytest.fixture
def running(program: Program) -> Program:
    program.start("--nodes", "2", "--clock", "stepped")
    return program


def test_cut_listed_and_healed(running: Program) -> None:
    assert ok(running, "node", "cut", "node-2") == ["node-2: cut off; `minikube-lite node heal node-2` heals it"]
    assert ok(running, "node", "cut", "node-2") == ["node-2: is cut off already"]
    ok(running, "clock", "advance", "1m")
    rows = [line.split() for line in ok(running, "node", "list")]
    assert rows == [["NAME", "STATUS", "BROKEN"], ["node-1", "Ready"], ["node-2", "NotReady", "Cut"]]
    assert ok(running, "node", "heal", "node-2") == ["node-2: healed (cut-node-2)"]
    assert ok(running, "node", "heal", "node-2") == ["node-2: nothing was broken"]
    ok(running, "settle")
    assert json.loads(ok(running, "node", "list", "-o", "json")[0])[1] == {
        "name": "node-2", "status": "Ready", "broken": [],
    }  # fmt: skip


def test_as_the_chapter_types_it(running: Program) -> None:
    assert ok(running, "ssh", "node-2", "--", "hostname") == ["node-2"]
    assert ok(running, "ssh", "node-2", "--", "sudo", "ifconfig", "eth0", "down") == []
    assert ok(running, "ssh", "node-2", "sudo ip link set eth0 down") == []
    ok(running, "clock", "advance", "1m")
    assert "NotReady" in ok(running, "node", "list")[2]
    assert ok(running, "ssh", "node-2", "--", "sudo", "ifconfig", "eth0", "up") == []
    ok(running, "settle")
    assert "NotReady" not in ok(running, "node", "list")[2]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("node", "cut", "node-9"), 1, "there is no node node-9; there are: node-1, node-2"),
        (("ssh", "node-9", "--", "hostname"), 1, "there is no node node-9"),
        (("ssh", "node-1", "--", "rm", "-rf", "/"), 1, "`rm -rf /` is not emulated on nodes"),
        (("ssh", "node-1"), 2, "a node has no shell"),
    ],
)
def test_what_cannot_be_done(running: Program, words: tuple[str, ...], code: int, said: str) -> None:
    got, told = failed(running, *words)
    assert (got, said in told) == (code, True), told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("node", "cut"), "node cut needs a node"),
        (("node", "list", "node-1"), "node list takes no node"),
        (("node", "drown", "node-1"), "ACTION"),
    ],
)
def test_what_cannot_be_meant(program: Program, words: tuple[str, ...], said: str) -> None:
    code, told = failed(program, *words)
    assert (code, said in told) == (2, True), told


def test_kubectl_applies_lists_and_deletes_faults(running: Program, kubectl_path: str) -> None:
    kubeconfig = running.home / "kubeconfig"
    kubeconfig.write_text(running.run("kubeconfig").stdout)

    def kubectl(*words: str, text: str | None = None) -> str:
        command = [kubectl_path, "--kubeconfig", str(kubeconfig), *words]
        done = subprocess.run(command, capture_output=True, text=True, input=text, timeout=60, check=False)
        return done.stdout + done.stderr

    manifest = {
        "apiVersion": "lab.minikube-lite.io/v1alpha1",
        "kind": "Fault",
        "metadata": {"name": "storm"},
        "spec": {"node": {"name": "node-*", "type": "Cut"}},
    }
    assert "fault.lab.minikube-lite.io/storm created" in kubectl("apply", "-f", "-", text=json.dumps(manifest))
    assert "unchanged" in kubectl("apply", "-f", "-", text=json.dumps(manifest))
    kubectl("wait", "fault/storm", "--for=jsonpath={.status.hits}=2", "--timeout=30s")
    header, row = kubectl("get", "faults").splitlines()
    assert header.split() == ["NAME", "TARGET", "TYPE", "PHASE", "HITS", "AGE"]
    assert row.split()[:5] == ["storm", "node/node-*", "Cut", "Active", "2"]
    assert "nothing gets from or to the node" in " ".join(kubectl("explain", "fault.spec.node.type").split())
    assert 'unknown field "spec.node.colour"' in kubectl(
        "patch", "fault", "storm", "--type=merge", "-p", '{"spec":{"node":{"colour":"red"}}}'
    )
    assert '"storm" deleted' in kubectl("delete", "fault", "storm")
