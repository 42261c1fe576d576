"""`minikube-lite completion SHELL`: scripts for shells, made from the parser, so that they know every option that there is."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from minikube_lite.cli.errors import EXIT_OK

SHELLS = ("bash", "zsh", "fish")
HOW = """To use it now:
  bash  source <(minikube-lite completion bash)
  zsh   source <(minikube-lite completion zsh)
  fish  minikube-lite completion fish | source
To keep it, put that line into ~/.bashrc, ~/.zshrc (below compinit) or ~/.config/fish/config.fish."""


def add(commands: Any) -> None:
    """Add the command."""
    completion = commands.add_parser(
        "completion",
        help="print a script that completes commands and options in a shell",
        description=HOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")
    completion.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the script."""
    from minikube_lite.cli.completion.scripts import bash, fish, zsh
    from minikube_lite.cli.completion.words import Words

    make = {"bash": bash, "zsh": zsh, "fish": fish}[chosen.shell]
    sys.stdout.write(make(Words.of(chosen.parser)))
    return EXIT_OK
