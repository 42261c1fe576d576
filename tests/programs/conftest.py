"""A pod's context without a kubelet."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from minikube_lite.clock import Clock
from minikube_lite.network.fabric import Network
from minikube_lite.programs.log import ContainerLog, Output
from minikube_lite.programs.program import PodContext, PodNetwork

IP = "10.244.0.2"


@pytest.fixture
def make_context(tmp_path: Path) -> Callable[..., PodContext]:
    """A context, with any of its fields chosen."""

    def make(**chosen: Any) -> PodContext:
        clock = Clock("stepped", seed=1)
        network = Network(clock, IPv4Network("10.244.0.0/16"))
        network.switch.add_address(IP, "node-1")
        log = ContainerLog(clock)
        fields: dict[str, Any] = {
            "namespace": "default",
            "pod": "kubia-0",
            "uid": "u",
            "container": "main",
            "node": "node-1",
            "image": "x",
            "hostname": "kubia-0",
            "env": {},
            "command": [],
            "args": [],
            "working_directory": "/",
            "mounts": [],
            "files": tmp_path / "files",
            "ports": [],
            "stdout": Output(log, "stdout"),
            "stderr": Output(log, "stderr"),
            "network": PodNetwork(network.switch, "node-1", IP),
            "clock": clock,
        }
        return PodContext(**{**fields, **chosen})

    return make


@pytest.fixture
def log_text() -> Callable[[PodContext], str]:
    """All that a program wrote."""
    return lambda context: context.stdout.log.text()
