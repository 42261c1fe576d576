"""An HTTP client over the emulated network: for probes, proxies and tests; upstream: net/http's client.

It is aiohttp's, whose connector opens connections of the switch in place of sockets.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import ClientRequest, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import BaseConnector

from minikube_lite.network.switch import Origin, Switch

CONNECTIONS_MAX = 1000
"""Connections that one client has open at once."""


Resolve = Callable[[str], Awaitable[list[str]]]
"""The addresses of a name, or of an address. Raises OSError."""


class SwitchConnector(BaseConnector):
    """Connects through a switch, from one place."""

    def __init__(self, switch: Switch, origin: Callable[[], Origin], resolve: Resolve | None = None) -> None:
        super().__init__(force_close=True, limit=CONNECTIONS_MAX)
        self._switch = switch
        self._origin = origin
        self._resolve = resolve

    async def _create_connection(
        self, req: ClientRequest, traces: list[Any], timeout: ClientTimeout
    ) -> ResponseHandler:
        host, port = req.url.host, req.url.port
        if host is None or port is None:
            raise ConnectionRefusedError(f"{req.url}: no host and port")
        fault: OSError | None = None
        for address in await self._resolve(host) if self._resolve is not None else [host]:
            protocol: ResponseHandler = self._factory()
            try:
                self._switch.open(self._origin(), address, port, protocol)
            except OSError as error:
                fault = error
            else:
                return protocol
        raise fault or ConnectionRefusedError(f"{host}: no address")


def http_session(switch: Switch, origin: Origin, resolve: Resolve | None = None) -> aiohttp.ClientSession:
    """A client whose requests come from that place; it keeps no cookies and knows no timeouts.

    Without `resolve` it knows addresses only. A scheme of https is plain HTTP here too: nobody listens in.
    """
    return aiohttp.ClientSession(
        connector=SwitchConnector(switch, lambda: origin, resolve),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=ClientTimeout(total=None),
        auto_decompress=False,
    )
