"""A container's log, as its kubelet sends it; upstream: pkg/registry/core/pod/rest/log.go and the generic LocationStreamer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from yarl import URL

from minikube_lite.api.list_options import parse_bool, parse_int
from minikube_lite.api.streams.backends import Backends
from minikube_lite.api.streams.targets import Target
from minikube_lite.machinery import errors
from minikube_lite.machinery.errors import ApiError, object_details
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported

ERROR_BYTES_MAX = 2000
"""What is read of a kubelet's refusal, as upstream's maxReadLength."""
STREAMS = ("All", "Stderr", "Stdout")
NEGATIVE = "must be greater than or equal to 0"
MUST_BE_POSITIVE = "must be greater than 0"
FLAGS = ("follow", "previous", "timestamps")
NUMBERS = ("sinceSeconds", "tailLines", "limitBytes")


class _WholeRequest(Path):
    """The place of faults that no single field has: an empty name, where no path at all would be <nil>."""

    def __str__(self) -> str:
        return ""


def log_options(query: Mapping[str, str], name: str) -> dict[str, str]:
    """The options of a request, as they go to the kubelet; 400 for what cannot be read, 422 for what makes no sense."""
    numbers = {key: number for key in NUMBERS if (number := parse_int(query.get(key, ""))) is not None}
    since_time = _time(query.get("sinceTime", ""))
    stream = query.get("stream", "") or "All"
    faults = _faults(numbers, since_time, stream)
    if faults:
        raise errors.invalid("", "PodLogOptions", name, faults)
    options = {key: "true" for key in FLAGS if parse_bool(query.get(key, ""))}
    options.update({key: str(number) for key, number in numbers.items()})
    if since_time:
        options["sinceTime"] = since_time
    options["stream"] = stream
    return dict(sorted(options.items()))


def _faults(numbers: Mapping[str, int], since_time: str, stream: str) -> list[FieldError]:
    faults = []
    if numbers.get("tailLines", 0) < 0:
        faults.append(invalid(Path("tailLines"), numbers["tailLines"], NEGATIVE))
    if numbers.get("limitBytes", 1) < 1:
        faults.append(invalid(Path("limitBytes"), numbers["limitBytes"], MUST_BE_POSITIVE))
    if "sinceSeconds" in numbers and since_time:
        faults.append(forbidden(_WholeRequest(), "at most one of `sinceTime` or `sinceSeconds` may be specified"))
    elif numbers.get("sinceSeconds", 1) < 1:
        faults.append(invalid(Path("sinceSeconds"), numbers["sinceSeconds"], MUST_BE_POSITIVE))
    if stream not in STREAMS:
        faults.append(not_supported(Path("stream"), stream, STREAMS))
    if stream != "All" and "tailLines" in numbers:
        faults.append(forbidden(_WholeRequest(), "`tailLines` and specific `stream` are mutually exclusive for now"))
    return faults


def _time(text: str) -> str:
    """A moment in RFC 3339; 400 where it is none."""
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text:
        layout = "2006-01-02T15:04:05Z07:00"
        raise errors.bad_request(f'parsing time "{text}" as "{layout}": cannot parse "{text}" as "2006"')
    return text


@dataclass(frozen=True, slots=True)
class LogStream:
    """One request for a log. `target` is the container's place at its kubelet."""

    target: Target
    options: Mapping[str, str]
    name: str
    backends: Backends

    async def run(self, request: web.BaseRequest, streams: set[asyncio.Task[None]]) -> web.StreamResponse:
        """Write the log as it comes. Raises ApiError before anything was written."""
        task = asyncio.current_task()
        assert task is not None
        streams.add(task)
        try:
            return await self._copy(request)
        finally:
            streams.discard(task)

    async def _copy(self, request: web.BaseRequest) -> web.StreamResponse:
        target = self.target
        asked = f"{target.request_target}?{urlencode(self.options)}"
        try:
            given = await self.backends.http.get(URL(f"http://{target.host}:{target.port}{asked}", encoded=True))
        except aiohttp.ClientError as error:
            raise errors.unknown(f'Get "{target.scheme}://{target.host}:{target.port}{asked}": {error}') from None
        async with given:
            if given.status != 200:
                text = (await given.content.read(ERROR_BYTES_MAX)).decode(errors="replace")
                raise refusal(given.status, text, self.name)
            response = web.StreamResponse(headers={"Content-Type": "text/plain", "Cache-Control": "no-cache, private"})
            await response.prepare(request)
            try:
                async for part in given.content.iter_any():
                    await response.write(part)
                await response.write_eof()
            except aiohttp.ClientError:
                if request.transport is not None:
                    request.transport.abort()
            return response


def refusal(code: int, text: str, name: str) -> ApiError:
    """What a kubelet says when it does not send a log; upstream: GenericHttpResponseChecker."""
    if code == 400:
        return errors.bad_request(text)
    if code == 500:
        return errors.internal(text)
    reason, message = {
        404: ("NotFound", "the server could not find the requested resource"),
        422: ("Invalid", "the server rejected our request due to an error in our request"),
        503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    }.get(code, ("Unknown", f"the server responded with the status code {code} but did not return more information"))
    return ApiError(code, reason, f"{message} ( pods/log {name})", object_details(name, "", "pods/log"))
