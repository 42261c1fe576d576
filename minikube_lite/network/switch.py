"""The switch: who listens on which address and port, and connections between them; upstream: the pods' network (CNI).

Each address belongs to an endpoint (a node), and what is sent takes the link between the endpoints of its two ends.
Virtual addresses, of Services and node ports, are nobody's: `route` says which address stands behind one.
Datagrams are questions with at most one answer, which is what DNS needs of UDP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple
from weakref import WeakKeyDictionary

from minikube_lite.ledger import Ledger
from minikube_lite.network.link import Link, Unreachable
from minikube_lite.network.streams import Address, connect_pair, stream_protocol, stream_writer

EPHEMERAL_PORT_MIN = 32768
EPHEMERAL_PORT_MAX = 60999
"""The ports from which connections come, as Linux has them."""

ProtocolFactory = Callable[[], asyncio.Protocol]
StreamHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
FindLink = Callable[[str, str], Link | None]
DatagramHandler = Callable[[bytes, Address], bytes | None | Awaitable[bytes]]
"""Gets what came and from where; what it returns, now or later, is sent back."""


class Origin(NamedTuple):
    """Where a connection comes from: an endpoint (a node, or `api`) and an address."""

    endpoint: str
    address: str


Follower = Callable[[Address, bool], None]
"""Called with the address of a port that opens (else it closes)."""
Protocol = Literal["TCP", "UDP"]
Route = Callable[[Origin, Address, Protocol], Address]
"""The real address that something sent to an address from that place goes to. Raises as `Switch.open`."""


class Listener:
    """A port that is open. Closing it leaves the connections that were made through it."""

    def __init__(
        self,
        ports: dict[Address, Listener],
        address: Address,
        factory: Callable[..., Any],
        closed: Callable[[Address], None],
    ) -> None:
        self._ports = ports
        self._closed = closed
        self.address = address
        self.factory = factory
        self.connections: WeakKeyDictionary[asyncio.Transport, None] = WeakKeyDictionary()
        """What was accepted and is still there."""
        self.hung = False

    def hang(self) -> None:
        """Accept connections, and read nothing of what comes, as a process that stands still."""
        self.hung = True
        for transport in list(self.connections):
            transport.pause_reading()

    def resume(self) -> None:
        """Read again what has come."""
        self.hung = False
        for transport in list(self.connections):
            transport.resume_reading()

    def close(self) -> None:
        """Accept no more connections."""
        if self._ports.get(self.address) is self:
            del self._ports[self.address]
            self._closed(self.address)

    def hang_up(self) -> None:
        """End the connections that were made through it, as the end of a process does."""
        for transport in list(self.connections):
            transport.close()


class Switch:
    """Addresses, listeners and connections of one cluster."""

    def __init__(self, ledger: Ledger, find_link: FindLink) -> None:
        self._ledger = ledger
        self._find_link = find_link
        self._endpoints: dict[str, str] = {}
        self._listeners: dict[Address, Listener] = {}
        self._datagram_listeners: dict[Address, Listener] = {}
        self.route: Route = lambda origin, address, protocol: address
        self._next_port = EPHEMERAL_PORT_MIN
        self._followers: list[Follower] = []

    def follow(self, follower: Follower) -> None:
        """Call for each port for connections that opens or closes."""
        self._followers.append(follower)

    def _tell(self, address: Address, is_open: bool) -> None:
        for follower in self._followers:
            follower(address, is_open)

    def add_address(self, address: str, endpoint: str) -> None:
        """The address is found at that endpoint from now on."""
        self._endpoints[address] = endpoint

    def remove_address(self, address: str) -> None:
        """The address is found nowhere any more; what listened on it is closed."""
        self._endpoints.pop(address, None)
        for ports in (self._listeners, self._datagram_listeners):
            for listener in [found for (host, _), found in ports.items() if host == address]:
                listener.close()

    def listen(self, address: str, port: int, factory: ProtocolFactory) -> Listener:
        """Open a port; a protocol is made for each connection. Raises OSError when it is taken."""
        listener = _listen(self._listeners, "tcp", (address, port), factory, lambda closed: self._tell(closed, False))
        self._tell((address, port), True)
        return listener

    def listen_datagrams(self, address: str, port: int, handler: DatagramHandler) -> Listener:
        """Open a port for datagrams. Raises OSError when it is taken."""
        return _listen(self._datagram_listeners, "udp", (address, port), handler, lambda closed: None)

    def listen_streams(self, address: str, port: int, handler: StreamHandler) -> Listener:
        """Open a port; the handler is called with a reader and a writer, and closes the writer when it is done."""

        def factory() -> asyncio.Protocol:
            reader = asyncio.StreamReader()
            return asyncio.StreamReaderProtocol(reader, handler)

        return self.listen(address, port, factory)

    def open(self, origin: Origin, address: str, port: int, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
        """Connect a protocol. Raises ConnectionRefusedError if nobody listens, Unreachable if nothing gets through."""
        dialled = address, port
        link, real = self._way(origin, dialled, "TCP", self._listeners)
        listener = self._listeners.get(real)
        if listener is None:
            raise ConnectionRefusedError(f"{_dial('TCP', dialled)} connection refused")
        local = origin.address, self._port()
        near = connect_pair(self._ledger, link, (local, dialled), (real, local), protocol, listener.factory())
        if near.peer is not None:
            listener.connections[near.peer] = None
            if listener.hung:
                near.peer.pause_reading()
        return near

    async def ask(self, origin: Origin, address: str, port: int, data: bytes) -> bytes | None:
        """Send a datagram and take its answer; None where nothing comes back. Raises ConnectionRefusedError if nobody listens."""
        with self._ledger.work("network"):
            await _turn()
            try:
                link, real = self._way(origin, (address, port), "UDP", self._datagram_listeners)
            except Unreachable:
                return None
            listener = self._datagram_listeners.get(real)
            if listener is None:
                raise ConnectionRefusedError(f"{_dial('UDP', (address, port))} connection refused")
            if listener.hung:
                return None
            answer: bytes | None | Awaitable[bytes] = listener.factory(data, (origin.address, self._port()))
            if answer is not None and not isinstance(answer, bytes):
                answer = await answer
            await _turn()
            return answer if link is None or link.up else None

    def _way(
        self, origin: Origin, address: Address, protocol: Protocol, ports: dict[Address, Listener]
    ) -> tuple[Link | None, Address]:
        """The link to take, and the address at its end. Raises Unreachable."""
        real = address if address in ports else self.route(origin, address, protocol)
        link: Link | None = None
        for host in dict.fromkeys((address[0], real[0])):
            endpoint = self._endpoints.get(host)
            if endpoint is None and host != real[0]:
                continue  # a virtual address is on no way
            link = self._find_link(origin.endpoint, endpoint) if endpoint is not None else None
            if endpoint is None or (link is not None and not link.up):
                raise Unreachable(f"{_dial(protocol, address)} no route to host")
        return link, real

    def connect(self, origin: Origin, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect; returns a reader and a writer. Raises as `open`."""
        reader, protocol = stream_protocol()
        transport = self.open(origin, address, port, protocol)
        return reader, stream_writer(transport, reader, protocol)

    def _port(self) -> int:
        port = self._next_port
        self._next_port = port + 1 if port < EPHEMERAL_PORT_MAX else EPHEMERAL_PORT_MIN
        return port


def _listen(
    ports: dict[Address, Listener],
    network: str,
    address: Address,
    factory: Callable[..., Any],
    closed: Callable[[Address], None],
) -> Listener:
    if address in ports:
        raise OSError(f"listen {network} {address[0]}:{address[1]}: bind: address already in use")
    listener = ports[address] = Listener(ports, address, factory, closed)
    return listener


def _dial(protocol: Protocol, address: Address) -> str:
    return f"dial {protocol.lower()} {address[0]}:{address[1]}: connect:"


async def _turn() -> None:
    """Let others have their turn of the event loop."""
    loop = asyncio.get_running_loop()
    turn: asyncio.Future[None] = loop.create_future()
    loop.call_soon(_come, turn)
    await turn


def _come(turn: asyncio.Future[None]) -> None:
    if not turn.done():  # as when whoever waited was cancelled
        turn.set_result(None)
