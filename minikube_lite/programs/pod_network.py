"""The emulated network as the programs of one pod see it; upstream: the pod's network namespace."""

from __future__ import annotations

import asyncio

import aiohttp

from minikube_lite.network.http import http_session
from minikube_lite.network.streams import Address
from minikube_lite.network.switch import Listener, Origin, ProtocolFactory, StreamHandler, Switch

LOCALHOST = ("localhost", "127.0.0.1", "0.0.0.0", "")


class PodNetwork:
    """What one process has of its pod's network. It connects to addresses; names are not resolved yet."""

    def __init__(self, switch: Switch, node: str, ip: str) -> None:
        self.ip = ip
        self._switch = switch
        self._origin = Origin(node, ip)
        self._listeners: list[Listener] = []

    def for_process(self) -> PodNetwork:
        """The same network for another process, whose ports are its own to close."""
        return PodNetwork(self._switch, self._origin.endpoint, self.ip)

    def listen(self, port: int, factory: ProtocolFactory) -> Listener:
        """Open a port of the pod; a protocol is made for each connection. Raises OSError when it is taken."""
        listener = self._switch.listen(self.ip, port, factory)
        self._listeners.append(listener)
        return listener

    def listen_streams(self, port: int, handler: StreamHandler) -> Listener:
        """Open a port of the pod; the handler gets a reader and a writer for each connection."""
        listener = self._switch.listen_streams(self.ip, port, handler)
        self._listeners.append(listener)
        return listener

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to an address. Raises ConnectionRefusedError or Unreachable."""
        return self._switch.connect(self._origin, *self._target(host, port))

    def http(self) -> aiohttp.ClientSession:
        """An HTTP client whose requests come from the pod."""
        return http_session(self._switch, self._origin)

    def close(self) -> None:
        """Close the ports that were opened through this."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    def _target(self, host: str, port: int) -> Address:
        return (self.ip if host in LOCALHOST else host), port
