"""The emulated network as the programs of one pod see it; upstream: the pod's network namespace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import aiohttp

from minikube_lite.clock import Clock
from minikube_lite.network.http import http_session
from minikube_lite.network.switch import DatagramHandler, Listener, Origin, ProtocolFactory, StreamHandler, Switch

if TYPE_CHECKING:
    from minikube_lite.programs.resolver.resolver import Resolver

LOCALHOST = ("localhost", "127.0.0.1", "0.0.0.0", "")


class PodNetwork:
    """What one process has of its pod's network. Names are resolved as its container's files say."""

    def __init__(self, switch: Switch, node: str, ip: str) -> None:
        self.ip = ip
        self._switch = switch
        self._origin = Origin(node, ip)
        self._listeners: list[Listener] = []
        self._hung = False
        self._make_resolver: Callable[[], Resolver] | None = None
        self._resolver: Resolver | None = None

    def bind(self, read: Callable[[str], str], clock: Clock, name: str) -> None:
        """Say whose network it is: `read` gives the text of a file of the container. Called by the context."""

        def make() -> Resolver:
            from minikube_lite.programs.resolver.resolver import Resolver

            return Resolver(read, self.ask, self._ask_stream, clock, name)

        self._make_resolver = make

    def for_process(self) -> PodNetwork:
        """The same network for another process, whose ports are its own to close."""
        return PodNetwork(self._switch, self._origin.endpoint, self.ip)

    # Listening

    def listen(self, port: int, factory: ProtocolFactory) -> Listener:
        """Open a port of the pod; a protocol is made for each connection. Raises OSError when it is taken."""
        return self._opened(self._switch.listen(self.ip, port, factory))

    def listen_streams(self, port: int, handler: StreamHandler) -> Listener:
        """Open a port of the pod; the handler gets a reader and a writer for each connection."""
        return self._opened(self._switch.listen_streams(self.ip, port, handler))

    def listen_datagrams(self, port: int, handler: DatagramHandler) -> Listener:
        """Open a port of the pod for datagrams; what the handler returns is sent back."""
        return self._opened(self._switch.listen_datagrams(self.ip, port, handler))

    def _opened(self, listener: Listener) -> Listener:
        self._listeners.append(listener)
        if self._hung:
            listener.hang()
        return listener

    def hang(self) -> None:
        """Answer nothing on the ports that are opened through this, until `resume`."""
        self._hung = True
        for listener in self._listeners:
            listener.hang()

    def resume(self) -> None:
        """Answer again, also what came meanwhile."""
        self._hung = False
        for listener in self._listeners:
            listener.resume()

    def close(self) -> None:
        """Close the ports that were opened through this, and the connections that came in: the process has ended."""
        for listener in self._listeners:
            listener.close()
            listener.hang_up()
        self._listeners.clear()

    # Connecting

    @property
    def resolver(self) -> Resolver:
        """By which names are looked up."""
        if self._resolver is None:
            if self._make_resolver is None:
                raise RuntimeError("the network belongs to no container yet")
            self._resolver = self._make_resolver()
        return self._resolver

    async def resolve(self, host: str) -> list[str]:
        """The addresses of a name, or of an address. Raises NameNotKnown, which is an OSError."""
        return [self.ip] if host in LOCALHOST else await self.resolver.addresses(host)

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a name or an address. Raises NameNotKnown, ConnectionRefusedError or Unreachable."""
        fault: OSError | None = None
        for address in await self.resolve(host):
            try:
                return self._switch.connect(self._origin, address, port)
            except OSError as error:
                fault = error
        raise fault or ConnectionRefusedError(f"{host}: no address")

    async def ask(self, host: str, port: int, data: bytes) -> bytes | None:
        """Send a datagram to an address and wait for its answer; None where none comes."""
        return await self._switch.ask(self._origin, self.ip if host in LOCALHOST else host, port, data)

    def http(self) -> aiohttp.ClientSession:
        """An HTTP client whose requests come from the pod."""
        return http_session(self._switch, self._origin, self.resolve)

    async def _ask_stream(self, host: str, port: int, data: bytes) -> bytes:
        """Send a message by TCP as DNS does, its length first, and take one back."""
        reader, writer = self._switch.connect(self._origin, self.ip if host in LOCALHOST else host, port)
        try:
            writer.write(len(data).to_bytes(2, "big") + data)
            length = int.from_bytes(await reader.readexactly(2), "big")
            return await reader.readexactly(length)
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("end of file") from None
        finally:
            writer.close()
