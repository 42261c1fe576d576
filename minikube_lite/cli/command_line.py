"""The command line as a whole: its parser, and the way from words to a command's exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from minikube_lite import __version__
from minikube_lite.cli import clock, completion, dns, kubeconfig, listing, node, start, status, stop, why
from minikube_lite.cli.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, CommandError
from minikube_lite.cli.terminal import Terminal

PROGRAM = "minikube-lite"
COMMANDS = (start, stop, status, listing, kubeconfig, clock, node, why, dns, completion)
"""In the order in which --help shows them. Each adds its parser by `add`, whose default `run` takes what was chosen."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Without the list of all options, which --help shows."""
        self.exit(EXIT_USAGE, f"{_prefix()} {message}; `{self.prog} --help` shows what there is\n")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = Parser(prog=PROGRAM, description="A Kubernetes control plane in one process.")
    top.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    top.set_defaults(parser=top)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 done as asked, 2 bad options or configuration, 1 anything else."""
    chosen = parser().parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
        sys.stdout.flush()
    except CommandError as error:
        print(_prefix(), error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # Who read our output has seen enough, as `head` does; nothing is left to be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return code


def _prefix() -> str:
    return Terminal.of(sys.stderr).red(f"{PROGRAM}:")
