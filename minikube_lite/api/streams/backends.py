"""What the API server connects to: the cluster's own network, from the control plane's place in it; upstream: its transports.

Nothing outside of the emulated network can be reached: what is no address of a node or a pod, has no route.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import aiohttp

from minikube_lite.network.fabric import API, Network
from minikube_lite.network.http import http_session
from minikube_lite.network.switch import Origin

SERVICE_PORTS = {"http": 80, "https": 443}
"""Ports that may be named where no number is given, as /etc/services has them."""
PORT_MAX = 65535
_PATH_SAFE = "/$&+,:;=@-_.~"
"""What Go leaves as it is in a path."""


class DialError(Exception):
    """The other end could not be connected to; the message is Go's."""


class Backends:
    """Connects to nodes and pods."""

    def __init__(self, network: Network, address: str) -> None:
        self._switch = network.switch
        self._origin = Origin(API, address)
        self._session: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """The HTTP client; needs a running event loop."""
        if self._session is None:
            self._session = http_session(self._switch, self._origin)
        return self._session

    def open(self, host: str, port: int, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
        """Connect a protocol. Raises DialError."""
        try:
            return self._switch.open(self._origin, host, port, protocol)
        except OSError as error:
            raise DialError(str(error)) from None

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()


def port_number(text: str) -> int:
    """The number of a port, or of a service that is known by name. Raises DialError."""
    if text.isascii() and text.isdigit():
        if int(text) > PORT_MAX:
            raise DialError(f"dial tcp: address {text}: invalid port")
        return int(text)
    if text not in SERVICE_PORTS:
        raise DialError(f"dial tcp: lookup tcp/{text}: unknown port")
    return SERVICE_PORTS[text]


def escape_path(path: str) -> str:
    """A path as Go writes it into a URL."""
    return quote(path, safe=_PATH_SAFE)
