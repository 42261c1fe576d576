"""The kubeconfig by which clients find the cluster; upstream: client-go/tools/clientcmd."""

from __future__ import annotations

import os
from pathlib import Path

NAME = "minikube-lite"


def kubeconfig_text(server: str, name: str = NAME, token: str = "") -> str:
    """A kubeconfig with one cluster, one user and one context, all of that name; without a token the user has no credentials.

    It says insecure-skip-tls-verify, because the JavaScript client (@kubernetes/client-node) refuses plain HTTP without it.
    """
    user = f"{{token: {token}}}" if token else "{}"
    return (
        "apiVersion: v1\n"
        "kind: Config\n"
        "clusters:\n"
        f"- cluster: {{server: {server}, insecure-skip-tls-verify: true}}\n"
        f"  name: {name}\n"
        "contexts:\n"
        f"- context: {{cluster: {name}, user: {name}, namespace: default}}\n"
        f"  name: {name}\n"
        f"current-context: {name}\n"
        "users:\n"
        f"- name: {name}\n"
        f"  user: {user}\n"
    )


def write_kubeconfig(path: Path, server: str, name: str = NAME, token: str = "") -> None:
    """Write a kubeconfig that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(kubeconfig_text(server, name, token), encoding="utf-8")
    draft.replace(path)
