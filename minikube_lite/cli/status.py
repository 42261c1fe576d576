"""`minikube-lite status`: whether a cluster runs, its API answers and kubectl would find it; in minikube's words and exit codes."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minikube_lite.cli.names import add_name
from minikube_lite.cli.running import Record, Running

HOST_NOT_RUNNING, CLUSTER_NOT_RUNNING, KUBECONFIG_NOT_CONFIGURED = 1, 2, 4
"""Bits of the exit code; upstream: minikube's cmd/status. 7 is a cluster that is stopped."""


@dataclass(frozen=True, slots=True)
class Status:
    """What minikube tells of a cluster, and where this one is reached."""

    name: str
    host: str = "Stopped"
    apiserver: str = "Stopped"
    kubeconfig: str = "Stopped"
    server: str = ""
    dns: str = ""
    pid: int = 0

    @property
    def kubelet(self) -> str:
        """Kubelets run in the process of the API server."""
        return self.apiserver

    @property
    def exit_code(self) -> int:
        """0, or what is amiss in bits."""
        return (
            (HOST_NOT_RUNNING if self.host != "Running" else 0)
            | (CLUSTER_NOT_RUNNING if self.apiserver != "Running" else 0)
            | (KUBECONFIG_NOT_CONFIGURED if self.kubeconfig != "Configured" else 0)
        )


def add(commands: Any) -> None:
    """Add the command."""
    status = commands.add_parser(
        "status",
        help="say whether a cluster runs",
        description="Say whether a cluster runs. The exit code is 0, or the sum of 1 (the process does not run), "
        "2 (the API does not answer) and 4 (the kubeconfig does not point to it): 7 for a cluster that is stopped.",
    )
    add_name(status)
    status.add_argument("-o", "--output", choices=("text", "json"), default="text", help="how to say it (%(default)s)")
    status.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print it; returns minikube's exit code."""
    record = Running.of().find(chosen.name)
    status = Status(chosen.name) if record is None else status_of(record)
    print(as_json(status) if chosen.output == "json" else as_text(status), flush=True)
    return status.exit_code


def status_of(record: Record) -> Status:
    """How a cluster whose process runs is."""
    from minikube_lite.cli.api import answers
    from minikube_lite.cli.kubeconfig_files import points_to

    if not record.server:
        return Status(record.name, record.state, pid=record.process.pid)
    configured = points_to(Path(record.kubeconfig), record.context, record.server)
    return Status(
        record.name,
        record.state,
        "Running" if answers(record.endpoint) else "Stopped",
        "Configured" if configured else "Misconfigured",
        record.server,
        record.dns,
        record.process.pid,
    )


def as_text(status: Status) -> str:
    """For people."""
    lines = [
        status.name,
        "type: Control Plane",
        f"host: {status.host}",
        f"kubelet: {status.kubelet}",
        f"apiserver: {status.apiserver}",
        f"kubeconfig: {status.kubeconfig}",
    ]
    if status.server:
        lines += [f"server: {status.server}", f"dns: {status.dns}", f"pid: {status.pid}"]
    return "\n".join(lines)


def as_json(status: Status) -> str:
    """For programs, with minikube's names."""
    shown: dict[str, object] = {
        "Name": status.name,
        "Host": status.host,
        "Kubelet": status.kubelet,
        "APIServer": status.apiserver,
        "Kubeconfig": status.kubeconfig,
        "Worker": False,
        "Server": status.server,
        "DNS": status.dns,
        "PID": status.pid,
    }
    return json.dumps(shown)
