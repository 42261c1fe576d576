"""Asking why, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Program


def test_a_sentence_and_its_reasons(program: Program) -> None:
    program.start("--clock", "stepped")
    for words in (["pod/kubia-1"], ["po", "kubia-1"], ["pod", "kubia-1", "--namespace", "default"]):
        done = program.run("why", *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert (
            done.stdout
            == "There is no pod kubia-1 in namespace default: nothing that is there makes a pod of this name.\n"
        )
    status = json.loads(program.run("why", "svc/kubernetes", "-o", "json").stdout)
    assert status["reasons"] == [{"component": "status", "message": "nobody says that anything is missing"}]


def test_what_it_does_not_understand(program: Program) -> None:
    program.start("--clock", "stepped")
    for words, code, said in (
        (["pod"], 2, "why is asked about one thing, as pod/kubia-1 (given: pod)"),
        (["pod/a/b"], 2, "why is asked about one thing"),
        (["cat/a"], 1, 'spec.resource: Invalid value: "cat": the cluster has no such resource'),
    ):
        done = program.run("why", *words)
        assert (done.returncode, done.stdout) == (code, "")
        assert said in done.stderr
