"""exec and attach: runs commands in containers, and joins clients to their programs; upstream: the kubelet's handlers, CRI."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from minikube_lite.clock import Clock, TransportTime
from minikube_lite.kubelet.run import Run
from minikube_lite.kubelet.server.refusal import Refused
from minikube_lite.kubelet.server.sessions import PART_BYTES_MAX, Session, Wanted
from minikube_lite.kubelet.server.spdy_session import SpdySession
from minikube_lite.kubelet.server.statuses import SUCCESS, exit_status, internal_error
from minikube_lite.kubelet.server.websocket_session import WebSocketSession
from minikube_lite.programs.image import CommandNotFound
from minikube_lite.programs.program import EXIT_CODE_KILLED

EXEC_ID_DIGITS = 64
EXEC_ERROR = (
    'error executing command in container: failed to exec in container: failed to start exec "{id}": '
    "OCI runtime exec failed: exec failed: unable to start container process: {error}: unknown"
)


async def serve_exec(request: web.BaseRequest, run: Run, clock: Clock) -> web.StreamResponse:
    """Run a command in a container, with the client's streams. Raises Refused."""
    argv = list(request.query.getall("command", []))
    wanted = Wanted.of(request.query)
    if not argv:
        raise Refused(400, "you must specify at least 1 command")
    session = await start_session(request, wanted, clock.transport)
    try:
        await session.finish(await _execute(session, run, argv, wanted, clock))
    finally:
        await session.close()
    return session.response


async def _execute(session: Session, run: Run, argv: Sequence[str], wanted: Wanted, clock: Clock) -> Mapping[str, Any]:
    stderr = session.stdout if wanted.tty else session.stderr
    context = run.context.process(argv, stdin=session.stdin, stdout=session.stdout, stderr=stderr, tty=wanted.tty)
    try:
        task = run.start_process(context)
    except CommandNotFound as error:
        return internal_error(EXEC_ERROR.format(id=clock.token_hex(EXEC_ID_DIGITS), error=error))
    try:
        await _first(task, session.gone)
        code = task.result() if task.done() and not task.cancelled() else EXIT_CODE_KILLED
    finally:
        task.cancel()
    return exit_status(EXIT_CODE_KILLED if run.container.exit is not None else code, argv)


async def serve_attach(request: web.BaseRequest, run: Run, time: TransportTime) -> web.StreamResponse:
    """Join a client to a container's program, until one of them ends. Raises Refused."""
    asked = Wanted.of(request.query)
    tty = bool(run.spec.get("tty"))
    wanted = Wanted(asked.stdin, asked.stdout, asked.stderr and not tty, tty)
    session = await start_session(request, wanted, time)
    leave = [run.log.attach("stdout", session.stdout), run.log.attach("stderr", session.stderr)]
    typing = asyncio.create_task(_feed(session, run, wanted), name=f"stdin of {run.state.key}")
    try:
        assert run.task is not None
        await _first(run.task, session.gone)
        await session.finish(SUCCESS)
    finally:
        for end in leave:
            end()
        typing.cancel()
        await asyncio.gather(typing, return_exceptions=True)
        await session.close()
    return session.response


async def _first(program: asyncio.Future[int], gone: asyncio.Future[None]) -> None:
    """Wait until the program ends or the client leaves."""
    both: list[asyncio.Future[Any]] = [program, gone]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)


async def _feed(session: Session, run: Run, wanted: Wanted) -> None:
    """What the client sends goes to the program; the end too, where the container's stdin is for one client only."""
    if run.stdin is None or not wanted.stdin:
        return
    try:
        while part := await session.stdin.read(PART_BYTES_MAX):
            run.stdin.write(part)
            await run.stdin.drain()
    except BrokenPipeError:
        return
    if run.spec.get("stdinOnce"):
        run.stdin.end()


async def start_session(request: web.BaseRequest, wanted: Wanted, time: TransportTime) -> Session:
    """Agree to the protocol that the client asks for. Raises Refused, and ConnectionError when it leaves."""
    match request.headers.get("Upgrade", "").lower():
        case "websocket":
            return await WebSocketSession.start(request, wanted, time)
        case "spdy/3.1":
            return await SpdySession.start(request, wanted, time)
    raise Refused(400, "unable to upgrade: missing upgrade headers in request")
