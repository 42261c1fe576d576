"""`minikube-lite stop`: end a running cluster and wait until it is gone."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from minikube_lite.cli.errors import EXIT_OK, CommandError
from minikube_lite.cli.names import add_name
from minikube_lite.cli.running import Record, Running

STOP_SECONDS_MAX = 60.0
"""How long a cluster may take to end."""


def add(commands: Any) -> None:
    """Add the command."""
    stop = commands.add_parser("stop", help="stop a cluster and wait until it is gone")
    add_name(stop)
    stop.add_argument("--all", action="store_true", help="stop all clusters of this user")
    stop.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Stop what was asked for. What does not run is stopped already, which is no error."""
    running = Running.of()
    names = [record.name for record in running.all()] if chosen.all else [chosen.name]
    for name in names:
        _stop(running, name)
    if not names:
        print("No cluster is running.")
    return EXIT_OK


def _stop(running: Running, name: str) -> None:
    record = running.find(name)
    if record is not None:
        record.process.terminate()
        if not record.process.wait(STOP_SECONDS_MAX):
            raise CommandError(
                f"the cluster {name} (pid {record.process.pid}) still runs {STOP_SECONDS_MAX:g} s after it was asked to stop"
            )
    left = running.record(name)
    if left is not None and not left.process.alive:  # it died before it could tidy up
        tidy(left)
        running.forget(left)
    print(f"The cluster {name} is {'not running' if record is None else 'stopped'}.")


def tidy(record: Record) -> None:
    """Take a cluster's entries out of the kubeconfigs that it was merged into."""
    if record.merged_into:
        from minikube_lite.cli.kubeconfig_files import unmerge

        unmerge([Path(file) for file in record.merged_into], record.context, record.previous_context)
