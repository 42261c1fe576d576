"""`minikube-lite kubeconfig`: print a running cluster's kubeconfig, as `kind get kubeconfig` does."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from minikube_lite.cli.errors import EXIT_OK, CommandError
from minikube_lite.cli.names import add_name, running_cluster
from minikube_lite.cli.running import Running


def add(commands: Any) -> None:
    """Add the command."""
    kubeconfig = commands.add_parser("kubeconfig", help="print a running cluster's kubeconfig")
    add_name(kubeconfig)
    kubeconfig.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print it."""
    record = running_cluster(chosen.name)
    try:
        text = Running.of().kubeconfig(record.name).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"the kubeconfig cannot be read: {error}") from error
    sys.stdout.write(text)
    return EXIT_OK
