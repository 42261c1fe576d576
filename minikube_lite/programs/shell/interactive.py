"""A shell at a terminal: prompts, lines that go on, ^C; upstream: busybox's ash, without editing of earlier lines."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from typing import Any, TypeVar

from minikube_lite.programs.program import EXIT_CODE_INTERRUPTED
from minikube_lite.programs.shell.builtins.reading import read_line
from minikube_lite.programs.shell.errors import STATUS_ERROR, ShellError
from minikube_lite.programs.shell.interpreter import Interpreter
from minikube_lite.programs.shell.parser import parse
from minikube_lite.programs.shell.state import State
from minikube_lite.programs.shell.syntax import Incomplete, ShellSyntaxError
from minikube_lite.programs.shell.tree import List
from minikube_lite.programs.shell.variables import ReadOnlyVariable

T = TypeVar("T")


class Interrupted(Exception):
    """Somebody typed ^C."""


async def interact(interpreter: Interpreter) -> int:
    """Read and run commands until the end of input, or `exit`. What ends other shells is only said here."""
    state = interpreter.state
    while True:
        try:
            body = await _interruptible(state, _command(interpreter))
            if body is None:
                return state.status
            if body.items:
                state.status = await _interruptible(state, interpreter.run_list(body))
        except Interrupted:
            state.status = EXIT_CODE_INTERRUPTED
        except ShellSyntaxError as error:
            interpreter.complain(f"syntax error: {error}")
            state.status = STATUS_ERROR
        except (ShellError, ReadOnlyVariable) as error:
            interpreter.complain(str(error))
            state.status = error.status if isinstance(error, ShellError) else STATUS_ERROR


async def _interruptible(state: State, work: Coroutine[Any, Any, T]) -> T:
    """Do it, unless ^C is typed. Raises Interrupted."""
    terminal = state.context.terminal
    if terminal is None:
        return await work
    task = asyncio.ensure_future(work)
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        task.cancel()

    before, terminal.on_interrupt = terminal.on_interrupt, interrupt
    try:
        return await task
    except asyncio.CancelledError:
        if not interrupted:
            raise
        raise Interrupted from None
    finally:
        terminal.on_interrupt = before


async def _command(interpreter: Interpreter) -> List | None:
    """The next whole command, over several lines if need be; None at the end of input. Raises ShellSyntaxError."""
    text = ""
    while True:
        interpreter.state.streams.stderr.write(prompt(interpreter.state, "PS2" if text else "PS1"))
        characters, ended = await read_line(interpreter.state.streams.stdin)
        text += "".join(char for char, _ in characters) + "\n"
        if not ended and not text.strip():
            return None
        try:
            return parse(text)
        except Incomplete:
            if not ended:
                raise


def prompt(state: State, name: str) -> str:
    """What PS1 or PS2 says: `\\w` is the directory, `\\h` the host, `\\u` the user, `\\$` the sign of root."""
    home = state.variables.get("HOME", "")
    shown = "~" if home and home != "/" and state.directory == home else state.directory
    values = {"w": shown, "W": shown.rpartition("/")[2] or "/", "h": state.context.hostname, "u": "root", "$": "#"}
    return re.sub(r"\\(.)", lambda found: values.get(found.group(1), found.group(1)), state.variables.get(name, ""))
