"""Asks the nameservers of a pod, over the emulated network; upstream: getaddrinfo and res_query."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TypeVar

from minikube_lite.clock import Clock
from minikube_lite.programs.resolver.config import ResolverConfig, parse_hosts, parse_resolv_conf
from minikube_lite.programs.resolver.message import (
    NXDOMAIN,
    RECURSION_DESIRED,
    TRUNCATED,
    TYPES,
    BadMessage,
    Message,
    pack_query,
    parse_message,
)

Reply = TypeVar("Reply")

DNS_PORT = 53
RESOLV_CONF, HOSTS = "/etc/resolv.conf", "/etc/hosts"


class NameNotKnown(OSError):
    """A name has no address; `temporary` where nobody could be asked."""

    def __init__(self, name: str, temporary: bool = False) -> None:
        reason = "Temporary failure in name resolution" if temporary else "Name or service not known"
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.temporary = temporary


Ask = Callable[[str, int, bytes], Awaitable[bytes | None]]
"""Sends a datagram to an address and port, and waits for its answer."""
AskStream = Callable[[str, int, bytes], Awaitable[bytes]]
"""The same by TCP."""


class Resolver:
    """Resolves names as one container's files say."""

    def __init__(self, read: Callable[[str], str], ask: Ask, ask_stream: AskStream, clock: Clock, seed: str) -> None:
        self._read = read
        self._ask = ask
        self._ask_stream = ask_stream
        self._clock = clock
        self.random = clock.random_stream(f"resolver/{seed}")

    @property
    def config(self) -> ResolverConfig:
        """What resolv.conf says now."""
        return parse_resolv_conf(self._read(RESOLV_CONF))

    async def addresses(self, name: str) -> list[str]:
        """The IPv4 addresses of a name; an address is its own. Raises NameNotKnown."""
        if is_address(name):
            return [name]
        known = [address for address in parse_hosts(self._read(HOSTS)).get(name.lower(), ()) if ":" not in address]
        if known:
            return known
        config = self.config
        for full_name in config.names(name):
            message = await self.first_answer(full_name, TYPES["A"], config)
            if message is None:
                raise NameNotKnown(name, temporary=True)
            found = [record.text for record in message.answers if record.type == TYPES["A"]]
            if found:
                return found
        raise NameNotKnown(name)

    async def lookup(self, name: str, qtype: int) -> Message | None:
        """The reply for the first full name that has such records, else the last one; None where nobody answers."""
        config = self.config
        message: Message | None = None
        for full_name in config.names(name):
            message = await self.first_answer(full_name, qtype, config)
            if message is None or any(record.type == qtype for record in message.answers):
                return message
            if message.rcode not in (0, NXDOMAIN):
                continue
        return message

    async def first_answer(self, full_name: str, qtype: int, config: ResolverConfig) -> Message | None:
        """Ask one nameserver after the other for one full name; None where nobody answers in time."""
        for _ in range(config.attempts):
            for server in config.nameservers:
                try:
                    query = pack_query(self.random.getrandbits(16), full_name, qtype, flags=RECURSION_DESIRED)
                    return await self.exchange(server, query, config.timeout)
                except BadMessage:
                    raise NameNotKnown(full_name.rstrip(".")) from None
                except OSError:
                    continue
        return None

    async def exchange(
        self, server: str, query: bytes, timeout: float, *, port: int = DNS_PORT, tcp: bool = False
    ) -> Message:
        """Send a query and take its reply, by TCP where it does not fit into a datagram. Raises OSError, BadMessage.

        `timeout` in seconds of emulated time; TimeoutError after it.
        """
        if not tcp:
            reply = await self._within(timeout, self._ask(server, port, query))
            if reply is None:
                await self._clock.sleep(timeout)
                raise TimeoutError("timed out")
            message = parse_message(reply)
            if not message.flags & TRUNCATED:
                return message
        return parse_message(await self._within(timeout, self._ask_stream(server, port, query)))

    async def _within(self, seconds: float, awaited: Awaitable[Reply]) -> Reply:
        task = asyncio.ensure_future(awaited)
        timer = self._clock.call_later(seconds, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            if not timer.cancelled:
                task.cancel()
                raise
            raise TimeoutError("timed out") from None
        finally:
            timer.cancel()


def is_address(text: str) -> bool:
    """Whether it is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
