"""Passes a request on to a target and its answer back, as it comes; upstream: the upgrade-aware proxy and ReverseProxy."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

from minikube_lite.api.streams.backends import Backends, DialError, port_number
from minikube_lite.api.streams.headers import answered, forwarded, is_upgrade
from minikube_lite.api.streams.rewriting import HTML_BYTES_MAX, Rewriter, forwarded_uri
from minikube_lite.api.streams.targets import Target, service_unavailable
from minikube_lite.api.streams.upgrade import upgrade
from minikube_lite.clock import TransportTime
from minikube_lite.machinery import errors

AUTOMATIC_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""What the HTTP client would add by itself."""


@dataclass(frozen=True, slots=True)
class ProxyStream:
    """One request that goes on. `upgrade_required`: it is exec, attach or port-forward, and nothing else will do."""

    target: Target
    backends: Backends
    time: TransportTime
    upgrade_required: bool = False

    async def run(self, request: web.BaseRequest, streams: set[asyncio.Task[None]]) -> web.StreamResponse:
        """Answer. `streams` holds the task while it runs, so that the server can end it. Raises ApiError."""
        task = asyncio.current_task()
        assert task is not None
        streams.add(task)
        try:
            if is_upgrade(request):
                return await upgrade(request, self.target, self.backends, self.time)
            if self.upgrade_required:
                raise errors.bad_request("Upgrade request required")
            return await self._forward(request)
        finally:
            streams.discard(task)

    async def _forward(self, request: web.BaseRequest) -> web.StreamResponse:
        target, path = self.target, self.target.path
        if not path and request.method in ("GET", "HEAD"):
            query = f"?{target.query}" if target.query else ""
            return web.Response(status=301, headers={"Location": f"{request.path}/{query}"})
        if target.scheme == "https" and not target.kubelet:
            raise service_unavailable("error trying to reach service: http: server gave HTTP response to HTTPS client")
        prefix = request.path.removesuffix(path)
        headers = forwarded(request)
        headers["X-Forwarded-Uri"] = forwarded_uri(prefix, path)
        headers.setdefault("Host", f"{target.host}:{target.port}")
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        try:
            url = f"http://{target.host}:{port_number(target.port)}{target.request_target}"
            response = await self.backends.http.request(
                request.method,
                URL(url, encoded=True),
                headers=headers,
                data=request.content if request.can_read_body else None,
                allow_redirects=False,
                skip_auto_headers=AUTOMATIC_HEADERS,
            )
        except (aiohttp.ClientError, DialError) as error:
            raise service_unavailable(f"error trying to reach service: {_reason(error)}") from None
        async with response:
            rewriter = Rewriter(prefix, f"{target.host}:{target.port}", request.headers.get("Host", ""))
            return await _Answer(request, response, rewriter).send()


class _Answer:
    """What the backend answers, on its way to the client."""

    def __init__(self, request: web.BaseRequest, given: aiohttp.ClientResponse, rewriter: Rewriter) -> None:
        self._request = request
        self._given = given
        self._rewriter = rewriter
        self._response = web.StreamResponse(status=given.status, reason=given.reason)
        self._response.headers.extend(answered(given.headers.items()))

    async def send(self) -> web.StreamResponse:
        """Write it as it comes; a backend that goes away in between ends the client's connection too."""
        headers, response = self._response.headers, self._response
        try:
            if "Location" in headers:
                headers["Location"] = self._rewriter.url(headers["Location"])
            elif headers.get("Content-Type", "").partition(";")[0].strip() == "text/html":
                return await self._send_page()
            await response.prepare(self._request)
            await self._pass_on()
            await response.write_eof()
        except aiohttp.ClientError:
            if self._request.transport is not None:
                self._request.transport.abort()
        return response

    async def _pass_on(self) -> None:
        if self._request.method != "HEAD":
            async for part in self._given.content.iter_any():
                await self._response.write(part)

    async def _send_page(self) -> web.StreamResponse:
        """A page goes on as a whole, with its links rewritten; one that is too large or not understood goes on as it is."""
        response, content = self._response, self._given.content
        page = bytearray()
        while self._request.method != "HEAD" and len(page) <= HTML_BYTES_MAX and (part := await content.readany()):
            page += part
        encoding = response.headers.get("Content-Encoding", "")
        rewritten = self._rewriter.body(bytes(page), encoding) if len(page) <= HTML_BYTES_MAX else None
        if rewritten is not None and self._request.method != "HEAD":
            page = bytearray(rewritten)
            response.headers["Content-Length"] = str(len(page))
        await response.prepare(self._request)
        if page:
            await response.write(bytes(page))
        await self._pass_on()
        await response.write_eof()
        return response


def _reason(error: Exception) -> str:
    """As Go tells it."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    if isinstance(error, aiohttp.ClientResponseError):
        return f'net/http: HTTP/1.x transport connection broken: malformed HTTP response "{error.message}"'
    return str(error)
