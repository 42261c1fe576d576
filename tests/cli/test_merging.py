"""A start that merges its kubeconfig into somebody's, with the real kubectl, and one that must not."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program

THEIRS = """\
apiVersion: v1
kind: Config
clusters:
- {name: prod, cluster: {server: "https://127.0.0.1:1"}}
contexts:
- {name: prod, context: {cluster: prod, user: prod}}
current-context: prod
users:
- {name: prod, user: {token: "0123"}}
"""
FREE = ("--api-port", "0", "--dns-port", "0")


def kubectl(program: Program, path: str, *words: str) -> str:
    done = subprocess.run(
        [path, *words], capture_output=True, text=True, env=program.environment, timeout=60, check=False
    )
    return done.stdout + done.stderr


def test_kubectl_finds_it_and_finds_what_was_there_again(program: Program, kubectl_path: str) -> None:
    config = program.home / ".kube" / "config"
    config.parent.mkdir()
    config.write_text(THEIRS)
    said = program.start("--merge-kubeconfig", "--name", "dev").stdout
    assert "The context minikube-lite-dev is in ~/.kube/config." in said
    assert kubectl(program, kubectl_path, "config", "current-context") == "minikube-lite-dev\n"
    assert kubectl(program, kubectl_path, "get", "namespaces", "default", "-o", "name") == "namespace/default\n"
    assert program.run("status", "--name", "dev").returncode == 0

    kubectl(program, kubectl_path, "config", "unset", "contexts.minikube-lite-dev")
    status = program.run("status", "--name", "dev")
    assert (status.returncode, "kubeconfig: Misconfigured" in status.stdout) == (4, True)

    program.run("stop", "--name", "dev")
    assert kubectl(program, kubectl_path, "config", "current-context") == "prod\n"
    assert kubectl(program, kubectl_path, "config", "get-clusters") == "NAME\nprod\n"
    assert "0123" in kubectl(program, kubectl_path, "config", "view", "--raw")


def test_a_file_that_is_asked_for_is_the_one(program: Program) -> None:
    own = program.home / "own"
    own.write_text(THEIRS)
    program.variables["KUBECONFIG"] = str(program.home / "untouched")
    program.start("--merge-kubeconfig", "--keep-context", "--kubeconfig", str(own))
    assert "current-context: prod" in own.read_text()
    assert "name: minikube-lite" in own.read_text()
    program.run("stop")
    assert "minikube-lite" not in own.read_text()
    assert not (program.home / "untouched").exists()


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("a: [", ("--merge-kubeconfig",), "is no kubeconfig and is left as it is"),
        ("a: [", (), "is no kubeconfig and is left as it is"),
        (THEIRS, (), "has entries of other clusters (prod)"),
    ],
)
def test_what_is_somebody_elses_is_not_lost(program: Program, text: str, words: tuple[str, ...], said: str) -> None:
    config = program.home / "config"
    config.write_text(text)
    done = program.run("start", "--nodes", "0", *FREE, "--kubeconfig", str(config), *words)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert f"{config} {said}" in done.stderr
    assert config.read_text() == text


def test_two_of_one_name_cannot_both_be_merged(program: Program) -> None:
    program.start()
    done = program.run("start", "--nodes", "0", *FREE, "--merge-kubeconfig")
    assert done.returncode == 2
    assert "a cluster named minikube-lite runs already" in done.stderr
