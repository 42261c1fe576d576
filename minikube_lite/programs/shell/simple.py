"""Simple commands: assignments, redirects, and a function, a builtin or a command of the container; upstream: POSIX, 2.9.1."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from minikube_lite.programs.files import close
from minikube_lite.programs.program import run_nested
from minikube_lite.programs.shell.errors import STATUS_NOT_FOUND, Return, ShellError
from minikube_lite.programs.shell.expansion import Expander
from minikube_lite.programs.shell.parser import assigned_by
from minikube_lite.programs.shell.state import State
from minikube_lite.programs.shell.streams import NotOpened, Redirector
from minikube_lite.programs.shell.surroundings import ShellSurroundings
from minikube_lite.programs.shell.tree import Assignment, Command, List, Redirect, Simple, Text, Word

DEPTH_MAX = 100
"""How deep functions may call each other, and sourced files."""


DECLARATIONS = frozenset((Text(name),) for name in ("export", "local", "readonly"))


@dataclass(frozen=True, slots=True)
class Builtin:
    """A command of the shell itself. A special one keeps the variables that are set for it, and its errors end the shell."""

    run: Callable[[Shell, Sequence[str]], Awaitable[int]]
    special: bool = False


class Shell(ABC):
    """A shell or a subshell, as its simple commands see it."""

    def __init__(self, state: State, builtins: Mapping[str, Builtin]) -> None:
        self.state = state
        self.builtins = builtins
        self.substituted: int | None = None
        """The status of the last substitution in the words of a command."""
        self.expander = Expander(ShellSurroundings(state, self.substitute))
        self._redirector = Redirector(state.context, self.expander.one, state.path)

    @abstractmethod
    async def substitute(self, body: List) -> str:
        """What the commands write, without newlines at the end."""

    @abstractmethod
    async def run_command(self, command: Command) -> int:
        """Run any command."""

    @abstractmethod
    async def run_text(self, text: str) -> int:
        """Run a script. Raises ShellError."""

    def complain(self, message: str) -> None:
        """Say what is wrong, on stderr."""
        try:
            self.state.streams.stderr.print(f"{self.state.name}: {message}")
        except OSError:
            return

    async def redirected(self, redirects: Sequence[Redirect], work: Callable[[], Awaitable[int]]) -> int:
        """Run with other streams. A file that cannot be opened is a failure, which is said."""
        before = self.state.streams
        try:
            after, opened = await self._redirector.apply(before, redirects, clobber=not self.state.option("noclobber"))
        except NotOpened as error:
            self.complain(str(error))
            return error.status
        self.state.streams = after
        try:
            return await work()
        finally:
            self.state.streams = before
            for stream in opened:
                close(stream)

    async def _simple(self, command: Simple) -> int:
        self.substituted = None
        words = await self._expanded(command.words)
        if not words:
            return await self._only_assignments(command)
        self._trace(words)
        builtin = self.builtins.get(words[0])
        if words[0] not in self.state.functions and builtin is not None and builtin.special:
            return await self._special(command, builtin, words)
        return await self.redirected(command.redirects, functools.partial(self._with_variables, command, words))

    async def _expanded(self, words: Sequence[Word]) -> list[str]:
        """The fields of all words; what is assigned in a declaration is not split."""
        if not words or words[0] not in DECLARATIONS:
            return await self.expander.fields(words)
        fields: list[str] = []
        for word in words:
            assigns = assigned_by(word) is not None
            fields += [await self.expander.one(word, assigned=True)] if assigns else await self.expander.fields([word])
        return fields

    async def _only_assignments(self, command: Simple) -> int:
        async def assign() -> int:
            for assignment in command.assignments:
                await self._assign(assignment)
            return 0 if self.substituted is None else self.substituted

        return await self.redirected(command.redirects, assign)

    async def _assign(self, assignment: Assignment) -> None:
        value = await self.expander.one(assignment.word, assigned=True)
        self.state.variables[assignment.name] = value
        if self.state.option("allexport"):
            self.state.variables.export(assignment.name)

    async def _special(self, command: Simple, builtin: Builtin, words: Sequence[str]) -> int:
        for assignment in command.assignments:
            await self._assign(assignment)
        if words == ["exec"]:
            # Its redirects stay.
            applied = self._redirector.apply(self.state.streams, command.redirects, clobber=True)
            self.state.streams, opened = await applied
            self.state.opened.extend(opened)
            return 0
        return await self.redirected(command.redirects, functools.partial(self.run_builtin, builtin, words))

    async def _with_variables(self, command: Simple, words: Sequence[str]) -> int:
        """Run with variables of its own."""
        if not command.assignments:
            return await self.run_words(words)
        variables = self.state.variables
        variables.enter()
        try:
            for assignment in command.assignments:
                value = await self.expander.one(assignment.word, assigned=True)
                variables.make_local(assignment.name)
                variables[assignment.name] = value
                variables.export(assignment.name)
            return await self.run_words(words)
        finally:
            variables.leave()

    async def run_words(self, words: Sequence[str], *, functions: bool = True) -> int:
        """Run a function, a builtin or a command of the container."""
        function = self.state.functions.get(words[0]) if functions else None
        if function is not None:
            return await self._call(function, words)
        builtin = self.builtins.get(words[0])
        if builtin is not None:
            return await self.run_builtin(builtin, words)
        return await self.run_external(words)

    async def run_builtin(self, builtin: Builtin, words: Sequence[str]) -> int:
        """Run a command of the shell itself."""
        try:
            status = await builtin.run(self, words)
            await self.state.streams.stdout.drain()
        except BrokenPipeError:
            raise
        except OSError as error:
            self.complain(f"{words[0]}: write error: {error.strerror}")
            return 1
        return status

    async def _call(self, function: Command, words: Sequence[str]) -> int:
        state = self.state
        if state.depth >= DEPTH_MAX:
            raise ShellError("maximum function nesting level exceeded")
        arguments, loops = state.arguments, state.loops
        state.arguments, state.loops = list(words[1:]), 0
        state.depth += 1
        state.functions_entered += 1
        state.variables.enter()
        try:
            return await self.run_command(function)
        except Return as leaving:
            return leaving.status
        finally:
            state.variables.leave()
            state.depth -= 1
            state.functions_entered -= 1
            state.arguments, state.loops = arguments, loops

    async def run_external(self, words: Sequence[str]) -> int:
        """Run a command of the container, as a process of its own."""
        state = self.state
        program = state.commands.get(words[0].rpartition("/")[2])
        if program is None:
            self.complain(f"{words[0]}: not found")
            return STATUS_NOT_FOUND
        context = state.context.process(
            list(words),
            stdin=state.streams.stdin,
            stdout=state.streams.stdout,
            stderr=state.streams.stderr,
            env=state.variables.exported(),
            working_directory=state.directory,
        )
        return await run_nested(program, context)

    def _trace(self, words: Sequence[str]) -> None:
        if self.state.option("xtrace"):
            self.state.streams.stderr.print(f"{self.state.variables.get('PS4', '+ ')}{' '.join(words)}")
