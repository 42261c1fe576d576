"""Runs the tree of a script; upstream: POSIX, Shell Command Language, 2.9.

What ends a command is its status. Control that goes elsewhere (`exit`, `return`, `break`) and errors that end the shell are exceptions.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence

from minikube_lite.programs.program import EXIT_CODE_BROKEN_PIPE
from minikube_lite.programs.shell.compound import CompoundShell
from minikube_lite.programs.shell.errors import STATUS_ERROR, Exit, Jump, Return, ShellError
from minikube_lite.programs.shell.jobs import end, start_job
from minikube_lite.programs.shell.parser import script
from minikube_lite.programs.shell.simple import Builtin
from minikube_lite.programs.shell.state import State
from minikube_lite.programs.shell.streams import Streams
from minikube_lite.programs.shell.syntax import ShellSyntaxError
from minikube_lite.programs.shell.tree import AndOr, Command, List, Pipeline, Redirected, Simple, Subshell
from minikube_lite.programs.shell.variables import ReadOnlyVariable
from minikube_lite.programs.streams import Collector, NoInput, Pipe

COMMANDS_A_TURN = 64
"""After so many commands others get their turn."""
SUBSTITUTION_BYTES_MAX = 16 << 20
"""What `$(…)` may write."""


class Interpreter(CompoundShell):
    """One shell, or one subshell."""

    def __init__(self, state: State, builtins: Mapping[str, Builtin]) -> None:
        super().__init__(state, builtins)
        self._commands = 0

    async def substitute(self, body: List) -> str:
        """What the commands write."""
        output = Collector(SUBSTITUTION_BYTES_MAX)
        inner = self.subshell(self.state.streams.with_(1, output))
        inner.state.tested = 0  # errexit counts in it, even where the whole command is tested
        self.substituted = await inner.contained(body)
        return bytes(output.data).replace(b"\0", b"").decode(errors="surrogateescape").rstrip("\n")

    async def run_apart(self, body: List) -> int:
        """Run in a subshell."""
        return await self.subshell().contained(body)

    # Scripts

    async def run_text(self, text: str) -> int:
        """Run a script line after line. Raises ShellError for what is wrong in it, after what stands before has run."""
        status = 0
        lines = script(text)
        while True:
            try:
                line = next(lines, None)
            except ShellSyntaxError as error:
                raise ShellError(f"syntax error: {error}") from None
            if line is None:
                return status
            status = await self.run_list(line)

    async def contained(self, body: List) -> int:
        """Run as a process of its own: whatever happens, a status comes out."""
        return await self.container(functools.partial(self.run_list, body))

    async def container(self, work: Callable[[], Awaitable[int]]) -> int:
        """The same for anything; the EXIT trap runs at its end, and jobs end with it."""
        try:
            status = await self._leaving(work)
            action = self.state.traps.pop("EXIT", "")
            if action:
                status = await self._leaving(functools.partial(self._exit_trap, action, status))
        finally:
            end(self.state)
        return status

    async def _exit_trap(self, action: str, status: int) -> int:
        await self.run_text_keeping(action, status)
        return status

    async def run_text_keeping(self, action: str, status: int) -> None:
        """Run an action of a trap, which sees the status and does not change it."""
        self.state.status = status
        for line in script(action):
            await self.run_list(line)
        self.state.status = status

    async def _leaving(self, work: Callable[[], Awaitable[int]]) -> int:
        try:
            return await work()
        except (Exit, Return) as leaving:
            return leaving.status
        except Jump:
            return self.state.status
        except ShellError as error:
            self.complain(str(error))
            return error.status
        except ReadOnlyVariable as error:
            self.complain(str(error))
            return STATUS_ERROR
        except BrokenPipeError:
            return EXIT_CODE_BROKEN_PIPE
        except RecursionError:
            self.complain("nested too deeply")
            return STATUS_ERROR

    def subshell(self, streams: Streams | None = None) -> Interpreter:
        """A copy that changes nothing here."""
        return Interpreter(self.state.subshell(streams), self.builtins)

    # Lists

    async def run_list(self, body: List) -> int:
        """One after the other; the status of the last. With nothing in it, 0."""
        status = 0
        for item in body.items:
            status = await self._and_or(item)
        return status

    async def _and_or(self, item: AndOr) -> int:
        await self.take_turn()
        if item.background:
            body = List((AndOr(item.first, item.rest),))
            streams = self.state.streams.with_(0, NoInput())
            start_job(self.state, self.subshell(streams).contained(body))
            self.state.status = 0
            return 0
        status = await self._pipeline(item.first, tested=bool(item.rest))
        for index, (operator, pipeline) in enumerate(item.rest):
            if (status == 0) == (operator == "&&"):
                status = await self._pipeline(pipeline, tested=index < len(item.rest) - 1)
        return status

    async def take_turn(self) -> None:
        """Let others have theirs now and then, and heed signals that came."""
        self._commands += 1
        if self._commands % COMMANDS_A_TURN == 0:
            await self.state.context.clock.transport.sleep(0)
        if self.state.signals.pending:
            await self.heed_signals()

    async def heed_signals(self) -> None:
        """Run the traps of the signals that came."""
        for name in self.state.signals.take():
            action = self.state.traps.get(name, "")
            if action:
                await self.run_text_keeping(action, self.state.status)

    async def _pipeline(self, pipeline: Pipeline, *, tested: bool) -> int:
        self.state.tested += tested or pipeline.negated
        try:
            status = await self._stages(pipeline.commands)
        finally:
            self.state.tested -= tested or pipeline.negated
        if pipeline.negated:
            status = int(status == 0)
        self.state.status = status
        counts = len(pipeline.commands) > 1 or isinstance(pipeline.commands[0], Simple | Subshell | Redirected)
        if status and counts and not (tested or pipeline.negated or self.state.tested) and self.state.option("errexit"):
            raise Exit(status)
        if self.state.signals.pending:
            await self.heed_signals()
        return status

    async def _stages(self, commands: Sequence[Command]) -> int:
        if len(commands) == 1:
            return await self.run_command(commands[0])
        tasks: list[asyncio.Task[int]] = []
        source = self.state.streams
        for index, command in enumerate(commands):
            before, after = source, None
            if index < len(commands) - 1:
                after = Pipe()
                source = self.state.streams.with_(0, after)
            streams = before if after is None else before.with_(1, after)
            tasks.append(asyncio.create_task(self._stage(command, streams, after)))
        try:
            statuses = [await task for task in tasks]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self.state.option("pipefail"):
            return next((status for status in reversed(statuses) if status), 0)
        return statuses[-1]

    async def _stage(self, command: Command, streams: Streams, output: Pipe | None) -> int:
        body = List((AndOr(Pipeline((command,))),))
        stage = self.subshell(streams)
        try:
            return await stage.contained(body)
        finally:
            if output is not None:
                output.end()
            if isinstance(streams.stdin, Pipe) and streams.stdin is not self.state.streams.stdin:
                streams.stdin.break_off()
