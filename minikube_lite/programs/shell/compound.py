"""Compound commands: if, for, while, case, groups; upstream: POSIX, Shell Command Language, 2.9.4."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Awaitable, Callable

from minikube_lite.programs.shell import patterns
from minikube_lite.programs.shell.errors import Jump
from minikube_lite.programs.shell.simple import Shell
from minikube_lite.programs.shell.tree import (
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    List,
    Loop,
    Redirected,
    Simple,
    Subshell,
)


class CompoundShell(Shell):
    """A shell, as its compound commands see it."""

    @abstractmethod
    async def run_list(self, body: List) -> int:
        """Run commands one after the other; the status of the last."""

    @abstractmethod
    async def run_apart(self, body: List) -> int:
        """Run them in a subshell."""

    @abstractmethod
    async def take_turn(self) -> None:
        """Let others have theirs now and then."""

    async def run_command(self, command: Command) -> int:
        match command:
            case Simple():
                return await self._simple(command)
            case Group(body):
                return await self.run_list(body)
            case Subshell(body):
                return await self.run_apart(body)
            case If():
                return await self._if(command)
            case For():
                return await self._for(command)
            case Loop():
                return await self._loop(command)
            case Case():
                return await self._case(command)
            case Function(name, body):
                self.state.functions[name] = body
                return 0
            case Redirected(inner, redirects):
                return await self.redirected(redirects, functools.partial(self.run_command, inner))

    async def _if(self, command: If) -> int:
        for condition, body in command.branches:
            if await self._condition(condition) == 0:
                return await self.run_list(body)
        return await self.run_list(command.otherwise) if command.otherwise else 0

    async def _condition(self, body: List) -> int:
        self.state.tested += 1
        try:
            return await self.run_list(body)
        finally:
            self.state.tested -= 1

    async def _for(self, command: For) -> int:
        words = list(self.state.arguments) if command.words is None else await self.expander.fields(command.words)

        async def turn(word: str) -> int:
            self.state.variables[command.name] = word
            return await self.run_list(command.body)

        status = 0
        self.state.loops += 1
        try:
            for word in words:
                status, go_on = await self._loop_turn(functools.partial(turn, word))
                if not go_on:
                    break
        finally:
            self.state.loops -= 1
        return status

    async def _loop(self, command: Loop) -> int:
        status = 0
        self.state.loops += 1
        try:
            while True:
                await self.take_turn()
                jumped, go_on = await self._loop_turn(functools.partial(self._condition, command.condition))
                if not go_on or (jumped == 0) == command.until:
                    break
                status, go_on = await self._loop_turn(functools.partial(self.run_list, command.body))
                if not go_on:
                    break
        finally:
            self.state.loops -= 1
        return status

    async def _loop_turn(self, work: Callable[[], Awaitable[int]]) -> tuple[int, bool]:
        """The status of one turn, and whether there is another. Raises Jump where an outer loop is meant."""
        try:
            return await work(), True
        except Jump as jump:
            if jump.levels > 1:
                raise Jump(jump.levels - 1, again=jump.again) from None
            return 0, jump.again

    async def _case(self, command: Case) -> int:
        subject = await self.expander.one(command.word)
        for choices, body in command.clauses:
            for choice in choices:
                if patterns.matches(await self.expander.pattern(choice), subject):
                    return await self.run_list(body) if body.items else 0
        return 0
