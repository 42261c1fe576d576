"""echo, printf and test, as commands of the shell; what they do is in the applets, which have them too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from minikube_lite.programs.applets.conditions import ConditionError, holds
from minikube_lite.programs.applets.echo import echoed
from minikube_lite.programs.applets.printf import formatted
from minikube_lite.programs.files import place_of
from minikube_lite.programs.shell.simple import Builtin, Shell


async def echo(shell: Shell, words: Sequence[str]) -> int:
    """`echo [-neE] words`."""
    shell.state.streams.stdout.write(echoed(words[1:]))
    return 0


async def printf(shell: Shell, words: Sequence[str]) -> int:
    """`printf FORMAT words`."""
    if len(words) < 2:
        shell.complain("printf: usage: printf FORMAT [ARG]...")
        return 2
    output, errors = formatted(words[1], words[2:])
    shell.state.streams.stdout.write(output)
    for error in errors:
        shell.complain(f"printf: {error}")
    return 1 if errors else 0


async def test(shell: Shell, words: Sequence[str]) -> int:
    """`test` and `[`."""
    arguments = list(words[1:])
    if words[0] == "[":
        if not arguments or arguments.pop() != "]":
            shell.complain("[: missing ]")
            return 2
    state = shell.state
    context = state.context

    def place(path: str) -> Path:
        return place_of(context, state.path(path))

    try:
        true = holds(arguments, place, lambda path: context.is_writable(state.path(path)), terminal=context.tty)
    except ConditionError as error:
        shell.complain(f"{words[0]}: {error}")
        return 2
    return 0 if true else 1


WORDS = {"echo": Builtin(echo), "printf": Builtin(printf), "test": Builtin(test), "[": Builtin(test)}
