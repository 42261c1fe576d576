"""The kubeconfig by which clients find the cluster; upstream: client-go/tools/clientcmd."""

from __future__ import annotations

import os
from pathlib import Path

NAME = "minikube-lite"


def kubeconfig_text(server: str) -> str:
    """A kubeconfig with one cluster, one user without credentials and one context."""
    return (
        "apiVersion: v1\n"
        "kind: Config\n"
        "clusters:\n"
        f"- cluster: {{server: {server}}}\n"
        f"  name: {NAME}\n"
        "contexts:\n"
        f"- context: {{cluster: {NAME}, user: {NAME}, namespace: default}}\n"
        f"  name: {NAME}\n"
        f"current-context: {NAME}\n"
        "users:\n"
        f"- name: {NAME}\n"
        "  user: {}\n"
    )


def write_kubeconfig(path: Path, server: str) -> None:
    """Write a kubeconfig that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(kubeconfig_text(server), encoding="utf-8")
    draft.replace(path)
