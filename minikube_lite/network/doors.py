"""Doors: ports of the host behind which emulated ports stand, so that what an address in DNS names can be connected to.

Only addresses of one block get doors, which this process has leased for as long as it lives. No counterpart upstream.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

from minikube_lite.network.ends import End
from minikube_lite.network.link import Unreachable
from minikube_lite.network.streams import Address
from minikube_lite.network.switch import Origin, Switch

HOST = "host"
"""The endpoint from which connections through doors come."""
BLOCKS = [IPv4Network(f"127.{number}.0.0/16") for number in range(64, 128)]
"""What can be leased: 127.64.0.0/10, which Linux takes for its own without being told."""
LEASE_PORT = 10248
"""Whoever holds this port at the last address but one of a block has leased it."""
BACKLOG = 128

log = logging.getLogger(__name__)

Refused = Callable[[Address, str], None]
"""Called with an address that the host does not give, and why."""


class Lease:
    """A block of loopback addresses that no other process uses."""

    def __init__(self, block: IPv4Network, held: socket.socket) -> None:
        self.block = block
        self._held = held

    @classmethod
    def take(cls) -> Lease:
        """Lease the first free block. Raises OSError where there is none."""
        for block in BLOCKS:
            held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                held.bind((str(block[-2]), LEASE_PORT))
            except OSError as error:
                held.close()
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return cls(block, held)
        raise OSError(errno.EADDRINUSE, "all blocks of 127.64.0.0/10 are taken")

    def end(self) -> None:
        """Give the block back."""
        self._held.close()


class Doors:
    """The doors of one cluster. They open and close with the ports of the switch."""

    def __init__(self, switch: Switch, block: IPv4Network, refused: Refused) -> None:
        self._switch = switch
        self._block = block
        self._open: dict[Address, socket.socket] = {}
        self._refused = refused
        self._loop: asyncio.AbstractEventLoop | None = None
        switch.follow(self._changed)

    def close(self) -> None:
        """Close all of them."""
        for address in list(self._open):
            self._shut(address)

    def _changed(self, address: Address, is_open: bool) -> None:
        if not is_open:
            self._shut(address)
        elif IPv4Address(address[0]) in self._block:
            try:
                self._open[address] = self._listen(address)
            except OSError as error:
                self._refused(address, os.strerror(error.errno or errno.EIO))

    def _listen(self, address: Address) -> socket.socket:
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.setblocking(False)
            held.bind(address)
            held.listen(BACKLOG)
        except OSError:
            held.close()
            raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(held, self._accept, held, address)
        return held

    def _shut(self, address: Address) -> None:
        held = self._open.pop(address, None)
        if held is not None and self._loop is not None:
            self._loop.remove_reader(held)
            held.close()

    def _accept(self, held: socket.socket, address: Address) -> None:
        try:
            accepted, client = held.accept()
        except OSError as error:
            log.debug("door %s:%s: %s", *address, error)
            return
        accepted.setblocking(False)
        assert self._loop is not None
        made = self._loop.create_task(self._join(accepted, address, client[0]), name=f"door {address[0]}:{address[1]}")
        made.add_done_callback(_ended)

    async def _join(self, accepted: socket.socket, address: Address, client: str) -> None:
        """Connect what came in with the port behind the door; where that does not answer, neither does the door."""
        outside, inside = End(), End()
        assert self._loop is not None
        transport, _ = await self._loop.connect_accepted_socket(lambda: outside, accepted)
        try:
            self._switch.open(Origin(HOST, client), *address, inside)
        except (Unreachable, ConnectionError):
            transport.abort()
            return
        inside.join(outside)
        outside.join(inside)


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("%s: %s", task.get_name(), error)
