"""The option --name, by which commands tell clusters from each other, and its way to a running one."""

from __future__ import annotations

import argparse

from minikube_lite.cli.errors import CommandError
from minikube_lite.cli.running import DEFAULT_NAME, Record, Running, checked_name


def add_name(command: argparse.ArgumentParser, default: str | None = DEFAULT_NAME) -> None:
    """Give a command the option; -p and --profile are what minikube calls it."""
    command.add_argument(
        *("--name", "-p", "--profile"),
        type=_name,
        default=default,
        metavar="NAME",
        help=f"which cluster, where there are several ({DEFAULT_NAME})",
    )


def running_cluster(name: str) -> Record:
    """The cluster of that name, which must be up. Raises CommandError."""
    running = Running.of()
    record = running.find(name)
    if record is None:
        raise CommandError(f"no cluster named {name} is running{_others(running)}")
    if not record.server:
        raise CommandError(f"the cluster {name} is still starting")
    return record


def _others(running: Running) -> str:
    names = ", ".join(record.name for record in running.all())
    return f"; running: {names} (choose by --name)" if names else "; `minikube-lite start` starts one"


def _name(text: str) -> str:
    try:
        return checked_name(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
