"""The HTTP server: one handler for all requests, on aiohttp's low-level server.

Every error leaves as a Status, and a request that crashes is logged with what it asked for and hurts no other.
"""

from __future__ import annotations

import asyncio
import logging
from ipaddress import ip_address

from aiohttp import web
from multidict import CIMultiDict

from minikube_lite.api.handlers import Handlers
from minikube_lite.api.render import Answer, add_warnings
from minikube_lite.machinery import errors
from minikube_lite.machinery.errors import ApiError

log = logging.getLogger(__name__)

REQUEST_LINE_BYTES_MAX = 1 << 20
"""Exec requests carry their commands in the URL."""
HEADER_BYTES_MAX = 64 << 10
SHUTDOWN_SECONDS_MAX = 1.0
"""How long open requests may take when the server stops."""


class ApiServer:
    """Serves the API on one address. Plain HTTP is for loopback only."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers
        self._runner: web.ServerRunner | None = None
        self._streams: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address, with the port that was picked for 0. Raises OSError."""
        if not _is_loopback(host):
            raise ValueError(f"plain HTTP listens on loopback addresses only, not on {host}")
        server = web.Server(
            self._handle,
            access_log=None,
            handler_cancellation=True,
            max_line_size=REQUEST_LINE_BYTES_MAX,
            max_field_size=HEADER_BYTES_MAX,
            max_headers=HEADER_BYTES_MAX,
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS_MAX)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        address = self._runner.addresses[0]
        return address[0], address[1]

    async def stop(self) -> None:
        """Stop listening and end the streams that are open."""
        for task in list(self._streams):
            task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        warnings: list[str] = []
        try:
            check_origin(request)
            result = await self._handlers.handle(request, warnings)
            if not isinstance(result, Answer):
                return await result.run(request, self._streams)
        except ApiError as error:
            result = self._handlers.error_answer(error)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            log.exception("request failed: %s %s", request.method, request.path_qs)
            result = self._handlers.error_answer(errors.internal(f"{type(error).__name__}: {error}"))
        return _response(result, warnings)


def _response(answer: Answer, warnings: list[str]) -> web.Response:
    headers: CIMultiDict[str] = CIMultiDict(answer.headers or {})
    headers["Content-Type"] = answer.content_type
    headers.setdefault("Cache-Control", "no-cache, private")
    add_warnings(headers, warnings)
    return web.Response(status=answer.code, body=answer.body, headers=headers)


def check_origin(request: web.BaseRequest) -> None:
    """Refuse what a web page could send: foreign Host names (rebinding) and foreign Origins."""
    host = request.headers.get("Host", "")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name and not _is_local_name(name.strip("[]")):
        raise ApiError(403, "Forbidden", f'the Host "{host}" is not this server', {})
    origin = request.headers.get("Origin", "")
    if origin and origin.split("://", 1)[-1] != host:
        raise ApiError(403, "Forbidden", f'the Origin "{origin}" may not talk to this server', {})


def _is_local_name(name: str) -> bool:
    name = name.lower()
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
