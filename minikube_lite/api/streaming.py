"""Answers that go on, as a watch, which is written until its time is over, the client leaves or the server stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from typing import Protocol

from aiohttp import web
from multidict import CIMultiDict

from minikube_lite.api.render import add_warnings
from minikube_lite.api.request_faults import OpenWatch, RequestFaults
from minikube_lite.api.watch import Watch
from minikube_lite.machinery import errors
from minikube_lite.machinery.call_faults import CallFacts

log = logging.getLogger(__name__)


class Stream(Protocol):
    """An answer that is written as it comes."""

    async def run(self, request: web.BaseRequest, streams: set[asyncio.Task[None]]) -> web.StreamResponse:
        """Write it. `streams` holds the task while it runs, so that the server can end it."""


class WatchStream:
    """One watch over HTTP. `only` is all that is sent where the watch could not begin."""

    def __init__(
        self, watch: Watch, timeout_seconds: float, warnings: Sequence[str] = (), only: bytes | None = None
    ) -> None:
        self._watch = watch
        self._timeout = timeout_seconds
        self._warnings = warnings
        self._only = only
        self._breaking: RequestFaults | None = None
        self._open: OpenWatch | None = None

    def open_for(self, breaking: RequestFaults, facts: CallFacts) -> None:
        """Let faults of watches find it from now on, until it has run."""
        if self._only is None:
            self._breaking, self._open = breaking, breaking.watching(facts, self._watch.end)

    async def run(self, request: web.BaseRequest, streams: set[asyncio.Task[None]]) -> web.StreamResponse:
        """Write blocks as they come. `streams` holds the task while it runs, so that the server can end it."""
        headers = CIMultiDict({"Content-Type": self._watch.content_type, "Cache-Control": "no-cache, private"})
        add_warnings(headers, self._warnings)
        response = web.StreamResponse(headers=headers)
        response.enable_chunked_encoding()
        task = asyncio.current_task()
        assert task is not None
        streams.add(task)
        try:
            await response.prepare(request)
            if self._only is not None:
                await response.write(self._only)
            else:
                await self._follow(response)
                await self._break(request, response)
        except asyncio.CancelledError:
            if task.cancelling() and request.transport is not None and not request.transport.is_closing():
                task.uncancel()  # the server stops: end the answer in order
            else:
                raise
        except ConnectionError:
            pass  # the client left
        finally:
            streams.discard(task)
            self._watch.close()
            if self._breaking is not None and self._open is not None:
                self._breaking.forget(self._open)
        return response

    async def _break(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Let it end as a fault says."""
        broken = "" if self._open is None else self._open.broken
        if broken == "Expire":
            await response.write(
                self._watch.error(errors.expired("The resourceVersion for the provided watch is too old."))
            )
        elif broken == "Cut" and request.transport is not None:
            request.transport.abort()

    async def _follow(self, response: web.StreamResponse) -> None:
        try:
            async with self._watch.transport.timeout(self._timeout), aclosing(self._watch.blocks()) as blocks:
                async for block in blocks:
                    self._watch.hand_out()
                    if self._open is not None and self._open.slowed:
                        await self._open.hold()
                    await response.write(block)
        except TimeoutError:
            pass
        except ConnectionError:
            raise
        except Exception as error:  # the answer has begun: its error can only be told in the stream
            log.exception("a watch failed")
            await response.write(self._watch.error(errors.internal(f"{type(error).__name__}: {error}")))
