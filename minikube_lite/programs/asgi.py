"""Runs an ASGI application in a pod, over the emulated network; upstream: an HTTP server in a container."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from aiohttp import web

from minikube_lite.ledger import hold_for_turns
from minikube_lite.programs.program import BLOCKED_TEXT, Blocked, PodContext

REQUEST_TURNS_MAX = 100
"""So many turns of the event loop a request counts as work that `settle()` waits for."""
REQUEST_LINE_BYTES_MAX = 64 << 10

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


async def serve_asgi(application: AsgiApplication, context: PodContext, port: int) -> int:
    """Serve the application on a port of the pod until cancelled, which ends it well, with exit code 0."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        end = hold_for_turns(context.clock.ledger, "request to a program", REQUEST_TURNS_MAX)
        try:
            return await _Exchange(request, context).run(application)
        finally:
            end()

    server = web.Server(handle, access_log=None, handler_cancellation=True, max_line_size=REQUEST_LINE_BYTES_MAX)
    context.network.listen(port, server)
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        return 0
    finally:
        context.network.close()
        await server.shutdown(0)
    return 0


class _Exchange:
    """One request and its answer, between aiohttp's server and an ASGI application."""

    def __init__(self, request: web.BaseRequest, context: PodContext) -> None:
        self._request = request
        self._context = context
        self._response: web.StreamResponse | None = None
        self._more_body = True

    async def run(self, application: AsgiApplication) -> web.StreamResponse:
        try:
            await application(self._scope(), self._receive, self._send)
        except Blocked:
            self._context.stderr.print(BLOCKED_TEXT)
            return web.Response(status=500, text="Internal Server Error")
        except Exception as error:
            self._context.stderr.print(f"{type(error).__name__}: {error}")
            if self._response is None:
                return web.Response(status=500, text="Internal Server Error")
            raise
        if self._response is None:
            return web.Response(status=500, text="Internal Server Error")
        return self._response

    def _scope(self) -> dict[str, Any]:
        request, context = self._request, self._context
        path, _, query = request.raw_path.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": f"{request.version.major}.{request.version.minor}",
            "method": request.method,
            "scheme": "http",
            "path": request.rel_url.path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.raw_headers],
            "client": request.transport.get_extra_info("peername") if request.transport else None,
            "server": request.transport.get_extra_info("sockname") if request.transport else None,
            "state": {"pod": context},
        }

    async def _receive(self) -> Message:
        if not self._more_body:
            return {"type": "http.disconnect"}
        part = await self._request.content.readany()
        self._more_body = not self._request.content.at_eof()
        return {"type": "http.request", "body": part, "more_body": self._more_body}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._response = response = web.StreamResponse(status=message["status"])
            for name, value in message.get("headers", ()):
                response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
        elif message["type"] == "http.response.body":
            response_now = self._response
            if response_now is None:
                raise RuntimeError("http.response.body came before http.response.start")
            if not response_now.prepared:
                response_now.headers.setdefault("Content-Type", content_type_of(bytes(message.get("body", b""))))
                await response_now.prepare(self._request)
            if message.get("body") and self._request.method != "HEAD":
                await response_now.write(message["body"])
            if not message.get("more_body"):
                await response_now.write_eof()


def content_type_of(body: bytes) -> str:
    """What a client takes an answer for that does not say what it is, as the API's proxy does upstream."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "text/plain; charset=utf-8"
