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
from minikube_lite.programs.program import EXIT_CODE_INTERRUPTED, EXIT_CODE_KILLED
from minikube_lite.programs.terminal import Terminal

EXEC_ID_DIGITS = 64
REPLAY_SECONDS = 10.0
"""So long after its start a container has just started."""
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
    stdin, stdout, stderr = session.stdin, session.stdout, session.stderr
    terminal = Terminal(stdout) if wanted.tty else None
    if terminal is not None:
        stdin, stdout, stderr = terminal.input if wanted.stdin else stdin, terminal, terminal
        session.on_resize(terminal.resize)
    context = run.context.process(argv, stdin=stdin, stdout=stdout, stderr=stderr, tty=wanted.tty, terminal=terminal)
    try:
        task = run.start_process(context)
    except CommandNotFound as error:
        return internal_error(EXEC_ERROR.format(id=clock.token_hex(EXEC_ID_DIGITS), error=error))
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        task.cancel()

    typing: asyncio.Task[None] | None = None
    if terminal is not None:
        terminal.on_interrupt = interrupt
        typing = asyncio.create_task(_type(session, terminal), name=f"keys for {argv[0]}")
    try:
        await _first(task, session.gone)
        code = task.result() if task.done() and not task.cancelled() else EXIT_CODE_KILLED
    finally:
        task.cancel()
        if typing is not None:
            typing.cancel()
            await asyncio.gather(typing, return_exceptions=True)
    if run.container.exit is not None:
        code = EXIT_CODE_KILLED
    return exit_status(EXIT_CODE_INTERRUPTED if interrupted else code, argv)


async def _type(session: Session, terminal: Terminal) -> None:
    """What the client sends are keys."""
    try:
        while part := await session.stdin.read(PART_BYTES_MAX):
            terminal.typed(part)
            await terminal.input.drain()
    except BrokenPipeError:
        return
    terminal.hang_up()


async def serve_attach(request: web.BaseRequest, run: Run, clock: Clock) -> web.StreamResponse:
    """Join a client to a container's program, until one of them ends. Raises Refused.

    `kubectl run -i` attaches when it sees the container run. Programs here may have said all by then, so that the first
    client of a container that has just started is told what it missed.
    """
    wanted = Wanted.of(request.query)
    session = await start_session(request, wanted, clock.transport)
    if not run.attached and clock.now() - run.container.started_at < REPLAY_SECONDS:
        session.stdout.write(run.log.since_start("stdout"))
        session.stderr.write(run.log.since_start("stderr"))
    run.attached = True
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
    terminal = run.context.terminal
    if terminal is not None:
        session.on_resize(terminal.resize)
    try:
        while part := await session.stdin.read(PART_BYTES_MAX):
            if terminal is not None:
                terminal.typed(part)
            else:
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
