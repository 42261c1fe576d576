"""The switch: who listens on which address and port, and connections between them; upstream: the pods' network (CNI).

Each address belongs to an endpoint (a node), and a connection takes the link between the endpoints of its two ends.
Doors to the host, Service addresses and NodePorts are further kinds of addresses and belong beside this table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from minikube_lite.clock import Ledger
from minikube_lite.network.link import Link, Unreachable
from minikube_lite.network.streams import Address, connect_pair, stream_protocol, stream_writer

EPHEMERAL_PORT_MIN = 32768
EPHEMERAL_PORT_MAX = 60999
"""The ports from which connections come, as Linux has them."""

ProtocolFactory = Callable[[], asyncio.Protocol]
StreamHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
FindLink = Callable[[str, str], Link | None]


class Origin(NamedTuple):
    """Where a connection comes from: an endpoint (a node, or `api`) and an address."""

    endpoint: str
    address: str


class Listener:
    """A port that is open. Closing it leaves the connections that were made through it."""

    def __init__(self, switch: Switch, address: Address, factory: ProtocolFactory) -> None:
        self._switch = switch
        self.address = address
        self.factory = factory

    def close(self) -> None:
        """Accept no more connections."""
        self._switch.unlisten(self)


class Switch:
    """Addresses, listeners and connections of one cluster."""

    def __init__(self, ledger: Ledger, find_link: FindLink) -> None:
        self._ledger = ledger
        self._find_link = find_link
        self._endpoints: dict[str, str] = {}
        self._listeners: dict[Address, Listener] = {}
        self._next_port = EPHEMERAL_PORT_MIN

    def add_address(self, address: str, endpoint: str) -> None:
        """The address is found at that endpoint from now on."""
        self._endpoints[address] = endpoint

    def remove_address(self, address: str) -> None:
        """The address is found nowhere any more; what listened on it is closed."""
        self._endpoints.pop(address, None)
        for listener in [found for (host, _), found in self._listeners.items() if host == address]:
            listener.close()

    def listen(self, address: str, port: int, factory: ProtocolFactory) -> Listener:
        """Open a port; a protocol is made for each connection. Raises OSError when it is taken."""
        if (address, port) in self._listeners:
            raise OSError(f"listen tcp {address}:{port}: bind: address already in use")
        listener = self._listeners[address, port] = Listener(self, (address, port), factory)
        return listener

    def unlisten(self, listener: Listener) -> None:
        """Close a port. Called by its listener."""
        if self._listeners.get(listener.address) is listener:
            del self._listeners[listener.address]

    def listen_streams(self, address: str, port: int, handler: StreamHandler) -> Listener:
        """Open a port; the handler is called with a reader and a writer, and closes the writer when it is done."""

        def factory() -> asyncio.Protocol:
            reader = asyncio.StreamReader()
            return asyncio.StreamReaderProtocol(reader, handler)

        return self.listen(address, port, factory)

    def open(self, origin: Origin, address: str, port: int, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
        """Connect a protocol. Raises ConnectionRefusedError if nobody listens, Unreachable if nothing gets through."""
        target = f"dial tcp {address}:{port}: connect:"
        endpoint = self._endpoints.get(address)
        if endpoint is None:
            raise Unreachable(f"{target} no route to host")
        link = self._find_link(origin.endpoint, endpoint)
        if link is not None and not link.up:
            raise Unreachable(f"{target} no route to host")
        listener = self._listeners.get((address, port))
        if listener is None:
            raise ConnectionRefusedError(f"{target} connection refused")
        return connect_pair(
            self._ledger, link, (origin.address, self._port()), (address, port), protocol, listener.factory()
        )

    def connect(self, origin: Origin, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect; returns a reader and a writer. Raises as `open`."""
        reader, protocol = stream_protocol()
        transport = self.open(origin, address, port, protocol)
        return reader, stream_writer(transport, reader, protocol)

    def _port(self) -> int:
        port = self._next_port
        self._next_port = port + 1 if port < EPHEMERAL_PORT_MAX else EPHEMERAL_PORT_MIN
        return port
