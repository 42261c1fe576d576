"""The streams of one exec or attach, whatever protocol they travel in; upstream: cri-streaming's remotecommand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web
from multidict import MultiMapping

from minikube_lite.kubelet.server.refusal import Refused
from minikube_lite.programs.streams import Input, NoInput, Output, Pipe

STREAM_CREATION_SECONDS_MAX = 30.0
"""How long, in real time, a client may take to open its streams."""
LINGER_SECONDS_MAX = 5.0
"""How long, in real time, a client may take to close its end when everything was said."""
PART_BYTES_MAX = 32 << 10
"""What goes out at once of one stream."""

Resize = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which streams a client asks for. A terminal has no stderr of its own."""

    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool

    @classmethod
    def of(cls, query: MultiMapping[str]) -> Wanted:
        """From a request's query. Raises Refused."""
        stdin, stdout, stderr, tty = (query.get(name) == "1" for name in ("input", "output", "error", "tty"))
        if not (stdin or stdout or stderr):
            raise Refused(400, "you must specify at least 1 of stdin, stdout, stderr")
        return cls(stdin, stdout, stderr and not tty, tty)


class Session(Protocol):
    """A client that has its streams."""

    stdin: Input
    stdout: Output
    stderr: Output
    gone: asyncio.Future[None]
    """Done when the client has left."""
    response: web.StreamResponse
    """What the HTTP server's handler returns in the end."""

    def on_resize(self, resize: Resize) -> None:
        """Call with columns and rows, now if they are known, and whenever the client's terminal changes."""

    async def finish(self, status: Mapping[str, Any]) -> None:
        """Send what is left of the outputs, then how it ended."""

    async def close(self) -> None:
        """End the connection; nothing more is read or sent."""


class Discard(Output):
    """For a stream that nobody asked for."""

    def write(self, data: str | bytes, /) -> None:
        """Drop it."""


class Outputs:
    """Pipes that are emptied into a client's streams, each by a task of its own."""

    def __init__(self) -> None:
        self._pipes: list[Pipe] = []
        self._pumps: list[asyncio.Task[None]] = []

    def add(self, send: Callable[[bytes], Awaitable[None]], name: str) -> Pipe:
        """A new pipe: what is written to it is sent, and b"" at its end."""
        pipe = Pipe()
        self._pipes.append(pipe)
        self._pumps.append(asyncio.create_task(_pump(pipe, send), name=f"{name} of a client"))
        return pipe

    async def flush(self) -> None:
        """Send all that was written, and the ends."""
        for pipe in self._pipes:
            pipe.end()
        await asyncio.gather(*self._pumps)

    async def close(self) -> None:
        """Send nothing more."""
        for pipe in self._pipes:
            pipe.break_off()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)


async def _pump(pipe: Pipe, send: Callable[[bytes], Awaitable[None]]) -> None:
    try:
        while part := await pipe.read(PART_BYTES_MAX):
            await send(part)
        await send(b"")
    except ConnectionError:
        pipe.break_off()


NO_INPUT = NoInput()
