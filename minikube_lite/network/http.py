"""An HTTP client over the emulated network: for probes, proxies and tests; upstream: net/http's client.

It is aiohttp's, whose connector opens connections of the switch in place of sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import ClientRequest, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import BaseConnector

from minikube_lite.network.switch import Origin, Switch

CONNECTIONS_MAX = 1000
"""Connections that one client has open at once."""


class SwitchConnector(BaseConnector):
    """Connects through a switch, from one place."""

    def __init__(self, switch: Switch, origin: Callable[[], Origin]) -> None:
        super().__init__(force_close=True, limit=CONNECTIONS_MAX)
        self._switch = switch
        self._origin = origin

    async def _create_connection(
        self, req: ClientRequest, traces: list[Any], timeout: ClientTimeout
    ) -> ResponseHandler:
        protocol: ResponseHandler = self._factory()
        host, port = req.url.host, req.url.port
        if host is None or port is None:
            raise ConnectionRefusedError(f"{req.url}: no host and port")
        self._switch.open(self._origin(), host, port, protocol)
        return protocol


def http_session(switch: Switch, origin: Origin) -> aiohttp.ClientSession:
    """A client whose requests come from that place; it keeps no cookies and knows no timeouts."""
    return aiohttp.ClientSession(
        connector=SwitchConnector(switch, lambda: origin),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=ClientTimeout(total=None),
        auto_decompress=False,
    )
