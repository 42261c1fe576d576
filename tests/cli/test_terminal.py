"""Colours and the line of progress: only where somebody looks and wishes them."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from minikube_lite.cli.terminal import ERASE_LINE, Terminal

if TYPE_CHECKING:
    from tests.cli.conftest import Program


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "moves", "colours"),
    [
        (Screen(), {"TERM": "xterm"}, True, True),
        (Screen(), {"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        (Screen(), {"TERM": "xterm", "NO_COLOR": ""}, True, True),
        (Screen(), {"TERM": "dumb"}, False, False),
        (Screen(), {}, False, False),
        (io.StringIO(), {"TERM": "xterm"}, False, False),
    ],
)
def test_what_a_stream_can_show(stream: io.StringIO, environment: dict[str, str], moves: bool, colours: bool) -> None:
    terminal = Terminal.of(stream, environment)
    assert (terminal.moves, terminal.colours) == (moves, colours)
    assert terminal.red("no") == ("\x1b[31mno\x1b[0m" if colours else "no")


def test_progress_vanishes_even_where_the_block_fails() -> None:
    screen = Screen()
    with pytest.raises(ValueError, match="x"), Terminal(screen, moves=True, colours=False).progress("Starting"):
        assert screen.getvalue() == "Starting"
        raise ValueError("x")
    assert screen.getvalue() == "Starting" + ERASE_LINE


def test_no_progress_where_nobody_looks() -> None:
    stream = io.StringIO()
    with Terminal(stream, moves=False, colours=False).progress("Starting"):
        pass
    assert stream.getvalue() == ""


@pytest.mark.parametrize(("variables", "painted"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_a_real_terminal(program: Program, variables: dict[str, str], painted: bool) -> None:
    """An error on a terminal has colour, and the same text as without."""

    program.variables.update({"TERM": "xterm", **variables})
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "minikube_lite", "kubeconfig"], stderr=theirs, env=program.environment, check=False
        )
        os.close(theirs)
        with closing(os.fdopen(ours, "rb", buffering=0)) as screen:
            told = screen.read(1000).decode()
    except OSError:
        os.close(ours)
        raise
    assert done.returncode == 1
    assert ("\x1b[31mminikube-lite:\x1b[0m no cluster" in told) is painted
    assert "no cluster named minikube-lite is running" in told
