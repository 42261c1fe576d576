"""What `start` says when the cluster is up: one line of JSON for programs, what to type next for people."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minikube_lite.cli.running import Record
    from minikube_lite.cli.terminal import Terminal
    from minikube_lite.config import Options


def as_json(record: Record) -> str:
    """What other programs rely on."""
    said = {"server": record.server, "dns": record.dns, "kubeconfig": record.kubeconfig, "pid": record.process.pid}
    return json.dumps(said)


def as_text(record: Record, options: Options, terminal: Terminal, *, named: bool) -> str:
    """The same for people. `named` is whether the other commands find it without or with a --name that was chosen."""
    host, _, port = record.dns.rpartition(":")
    nodes = f"{options.nodes} node{'' if options.nodes == 1 else 's'}"
    lines = [
        terminal.bold(terminal.green(f"Kubernetes 1.36 (emulated) is up: {nodes} Ready.")),
        f"  API  {record.server}",
        f"  DNS  {record.dns}",
        "",
        _where(record),
        *(f"  {terminal.cyan(command)}" for command in _environment(record)),
        f"  {terminal.cyan(_kubectl(record))}",
        f"  {terminal.cyan(f'dig @{host} -p {port} SRV _https._tcp.kubernetes.default.svc.{options.cluster_domain}')}",
        "",
        _how_to_stop(record, named=named),
    ]
    return "\n".join(lines)


def _where(record: Record) -> str:
    if not record.merged_into:
        return "In another terminal:" if not record.log else "What to type next:"
    return f"The context {record.context} is in {_short(record.kubeconfig)}. What to type next:"


def _environment(record: Record) -> list[str]:
    return [] if record.merged_into else [f"export KUBECONFIG={shlex.quote(record.kubeconfig)}"]


def _kubectl(record: Record) -> str:
    return f"kubectl --context {record.context} get nodes" if record.merged_into else "kubectl get nodes"


def _how_to_stop(record: Record, *, named: bool) -> str:
    from minikube_lite.cli.running import DEFAULT_NAME

    command = "minikube-lite stop" if record.name == DEFAULT_NAME else f"minikube-lite stop --name {record.name}"
    if record.log:
        return f"`{command}` stops it; its log is {record.log}"
    if not named:
        return f"Ctrl-C stops it, or `{command}`: the name {DEFAULT_NAME} is taken, --name NAME chooses another."
    return f"Ctrl-C stops it, or `{command}`."


def _short(path: str) -> str:
    home = str(Path.home())
    return f"~{path.removeprefix(home)}" if path.startswith(f"{home}/") else path
