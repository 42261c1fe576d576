"""Requests and watches that are broken on purpose, before and after they are handled. No counterpart upstream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from minikube_lite.api.request import RequestInfo
from minikube_lite.clock import Clock
from minikube_lite.machinery import errors
from minikube_lite.machinery.call_faults import CallFacts, RequestFault, WatchFault
from minikube_lite.machinery.errors import ApiError, object_details
from minikube_lite.machinery.faults import Fault, Faults
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import FAULTS

METHOD_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_REASONS = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "the server has asked for the client to provide credentials"),
    403: ("Forbidden", "forbidden: a fault"),
    404: ("NotFound", "the server could not find the requested resource"),
    410: ("Expired", "The resourceVersion for the provided watch is too old."),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "Timeout: request did not complete within requested timeout - context deadline exceeded"),
}
"""Reason and message of a status, as client-go has them for answers without a Status of their own."""


def call_facts(request: web.BaseRequest, info: RequestInfo, user: User, *, watches: bool) -> CallFacts:
    """What a request is."""
    if request.method == "GET":
        verb = "watch" if watches else "get" if info.name else "list"
    elif request.method == "DELETE":
        verb = "delete" if info.name else "deletecollection"
    else:
        verb = METHOD_VERBS.get(request.method, request.method.lower())
    resource = f"{info.resource.resource}/{info.subresource}" if info.subresource else info.resource.resource
    agent = request.headers.get("User-Agent", "")
    return CallFacts(verb, info.resource.group, resource, info.namespace, info.name, user.name, agent)


class RequestFaults:
    """The faults of requests and watches, of one API server."""

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self._open: dict[OpenWatch, None] = {}
        faults.follow(WatchFault, self._changed)

    def __bool__(self) -> bool:
        """Whether any request may be struck."""
        return RequestFault in self._faults

    # Requests

    def find(self, facts: CallFacts, info: RequestInfo) -> RequestFault | None:
        """The fault that strikes a request. The group of faults is spared, so that they can be removed."""
        if info.resource.group == FAULTS.group:
            return None
        return self._faults.find(RequestFault, lambda spec: spec.fits(facts), str(facts))

    async def strike(
        self, fault: RequestFault, request: web.BaseRequest, facts: CallFacts, handle: Callable[[], Awaitable[Any]]
    ) -> Any:
        """The answer to a request that is struck. Raises ApiError, ConnectionError."""
        if fault.type == "Delay":
            await self._clock.sleep(fault.delay_seconds)
            return await handle()
        if fault.after_the_request:
            await handle()
        if fault.type == "Error":
            raise error_of(fault, facts)
        if fault.type == "Disconnect":
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("cut by a fault")
        await asyncio.get_running_loop().create_future()
        return None

    # Watches

    def watching(self, facts: CallFacts, end: Callable[[], None]) -> OpenWatch:
        """A watch begins. `end` ends its events; the caller takes the watch out again by `forget`."""
        watch = OpenWatch(facts, end, self._clock)
        self._open[watch] = None
        for fault in self._faults.of(WatchFault):
            watch.befall(fault)
        return watch

    def forget(self, watch: OpenWatch) -> None:
        """It is over."""
        self._open.pop(watch, None)

    def _changed(self, fault: Fault, begins: bool) -> None:
        for watch in list(self._open):
            if begins:
                watch.befall(fault)
            else:
                watch.heal(fault)


class OpenWatch:
    """One watch of a client, and the faults that it meets."""

    def __init__(self, facts: CallFacts, end: Callable[[], None], clock: Clock) -> None:
        self.broken = ""
        """How it was made to end: End, Cut or Expire."""
        self._facts = facts
        self._end = end
        self._clock = clock
        self._faults: list[Fault] = []
        self._fresh = asyncio.Event()

    def befall(self, fault: Fault) -> None:
        """A fault is there."""
        spec = fault.spec
        if not isinstance(spec, WatchFault) or not spec.fits(self._facts) or self.broken:
            return
        if spec.type in ("Stale", "Late"):
            self._faults.append(fault)
        elif fault.strikes(str(self._facts)):
            self.broken = spec.type
            self._end()

    def heal(self, fault: Fault) -> None:
        """It is gone."""
        if fault in self._faults:
            self._faults.remove(fault)
            self._fresh.set()

    @property
    def slowed(self) -> bool:
        """Whether changes are held back."""
        return bool(self._faults)

    async def hold(self) -> None:
        """Wait as long as the next changes are held back."""
        for fault in list(self._faults):
            spec = fault.spec
            assert isinstance(spec, WatchFault)
            if not fault.strikes(str(self._facts)):
                continue
            if spec.type == "Late":
                await self._clock.sleep(spec.delay_seconds)
            while spec.type == "Stale" and fault in self._faults:
                self._fresh.clear()
                await self._fresh.wait()


def error_of(fault: RequestFault, facts: CallFacts) -> ApiError:
    """The error of a fault, in the form and words that it would have."""
    plural = facts.resource.partition("/")[0]
    details = object_details(facts.name, facts.group, plural)
    if fault.code == 409:
        shown = f"{plural}.{facts.group}" if facts.group else plural
        text = "the object has been modified; please apply your changes to the latest version and try again"
        reason, message = "Conflict", f'Operation cannot be fulfilled on {shown} "{facts.name}": {text}'
    elif fault.code in _REASONS:
        reason, message = _REASONS[fault.code]
    else:
        internal = errors.internal("a fault")
        reason, message = (internal.reason, internal.message) if fault.code == 500 else ("", "unknown")
    headers = {}
    if fault.retry_after_seconds is not None:
        headers["Retry-After"] = str(fault.retry_after_seconds)
        details["retryAfterSeconds"] = fault.retry_after_seconds
    return ApiError(fault.code, reason, fault.message or message, details, headers)
