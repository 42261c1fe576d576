"""Where port-forward connects to: the ports of a pod, from within its own network; upstream: the CRI's port-forward."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.state import PodState
from minikube_lite.network.switch import Origin

PORT_MAX = 65535


@dataclass(frozen=True, slots=True)
class Place:
    """A pod."""

    state: PodState
    host: Host

    def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a port. Raises OSError."""
        origin = Origin(self.host.name, self.state.ip)
        return self.host.network.switch.connect(origin, self.state.ip, port)

    def refusal(self, port: int) -> str:
        """Why nothing listens, as containerd tells it."""
        uid = self.state.uid
        inside = f'failed to execute portforward in network namespace "/var/run/netns/cni-{uid}": '
        inside += f'failed to connect to localhost:{port} inside namespace "{uid}", '
        inside += f"IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused "
        inside += f"IPv6 dial tcp6 [::1]:{port}: connect: connection refused "
        return f"error forwarding port {port} to pod {uid}, uid : {inside}"
