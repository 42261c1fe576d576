"""A pod's context without a kubelet."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from minikube_lite.clock import Clock
from minikube_lite.network.fabric import Network
from minikube_lite.programs.log import ContainerLog, LogOutput
from minikube_lite.programs.pod_network import PodNetwork
from minikube_lite.programs.program import PodContext

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
            "stdout": LogOutput(log, "stdout"),
            "stderr": LogOutput(log, "stderr"),
            "network": PodNetwork(network.switch, "node-1", IP),
            "clock": clock,
        }
        return PodContext(**{**fields, **chosen})

    return make


@pytest.fixture
def log_text() -> Callable[[PodContext], str]:
    """All that a program wrote."""

    def text(context: PodContext) -> str:
        assert isinstance(context.stdout, LogOutput)
        return context.stdout.log.text()

    return text
