"""One run of a program that a file describes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from string import Template
from typing import TYPE_CHECKING, Any

from minikube_lite.programs.asgi import Receive, Send, serve_asgi
from minikube_lite.programs.program import EXIT_CODE_ERROR, PodContext

if TYPE_CHECKING:
    from minikube_lite.clock import Timer
    from minikube_lite.programs.described import Answer, Described

DEFAULT_PORT = 8080
BODY_BYTES_MAX = 1 << 20


class DescribedRun:
    """A described program in a container."""

    def __init__(self, described: Described, context: PodContext) -> None:
        self._described = described
        self._context = context
        self._count = 0
        """Requests so far."""
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._timers: list[Timer] = []

    async def run(self) -> int:
        """Run until it ends, or is ended, which it takes well."""
        described, context = self._described, self._context
        context.usage.update({str(resource): amount for resource, amount in described.usage.items()})
        await context.clock.sleep(described.start_after)
        self._say(described.log)
        if described.exit_after is not None:
            self._timers.append(context.clock.call_later(described.exit_after, self._finish, described.exit_code))
        if described.repeat is not None:
            self._repeat()
        server = asyncio.ensure_future(self._serve()) if described.answers else None
        try:
            return await self._end
        except asyncio.CancelledError:
            return 0
        finally:
            for timer in self._timers:
                timer.cancel()
            if server is not None:
                server.cancel()
                await asyncio.gather(server, return_exceptions=True)

    def _finish(self, code: int) -> None:
        if not self._end.done():
            self._end.set_result(code)

    def _say(self, lines: list[str]) -> None:
        for line in lines:
            self._context.stdout.print(filled(line, self._context))

    def _repeat(self) -> None:
        repeat = self._described.repeat
        assert repeat is not None

        def again() -> None:
            self._say(repeat.lines)
            self._timers[:] = [timer for timer in self._timers if not timer.cancelled]
            self._timers.append(self._context.clock.call_later(repeat.every, again))

        self._timers.append(self._context.clock.call_later(repeat.every, again))

    async def _serve(self) -> None:
        port = self._described.port or next(iter(self._context.ports), DEFAULT_PORT)
        self._finish(await serve_asgi(self._application, self._context, port))

    async def _application(self, scope: Any, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        self._count += 1
        crash_every = self._described.crash_every
        if crash_every is not None and self._count % crash_every == 0:
            self._context.stderr.print(f"crashed at request {self._count}: {method} {path}")
            self._finish(self._described.exit_code or EXIT_CODE_ERROR)
            await asyncio.get_running_loop().create_future()  # whoever asked gets no answer: the connection breaks
        body = await _read(receive)
        answer = next((one for one in self._described.answers if one.fits(method, path)), None)
        if answer is None:
            await _send(send, 404, {}, b"not found\n")
            return
        await self._context.clock.sleep(answer.delay)
        known = {"METHOD": method, "REQUEST": path, "BODY": body.decode(errors="replace"), "COUNT": self._count}
        await _send(send, answer.status, self._headers(answer), filled(answer.body, self._context, known).encode())

    def _headers(self, answer: Answer) -> dict[str, str]:
        return {name: filled(value, self._context) for name, value in answer.headers.items()}


def filled(text: str, context: PodContext, more: Mapping[str, Any] | None = None) -> str:
    """A text with the values of its `$NAME`s; what is not known stays as it is."""
    known = {"POD": context.pod, "NAMESPACE": context.namespace, "NODE": context.node, "IP": context.network.ip}
    return Template(text).safe_substitute({**context.env, **known, **(more or {})})


async def _read(receive: Receive) -> bytes:
    """The body of a request, as far as it is kept."""
    body = b""
    while True:
        message = await receive()
        body = (body + bytes(message.get("body", b"")))[:BODY_BYTES_MAX]
        if not message.get("more_body"):
            return body


async def _send(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    listed = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body})
