"""`sh`: its arguments, where its commands come from, and the signals that it heeds; upstream: busybox's ash."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping

from minikube_lite.programs.files import place_of
from minikube_lite.programs.program import PodContext, Program
from minikube_lite.programs.shell.builtins import BUILTINS
from minikube_lite.programs.shell.builtins.control import SCRIPT_BYTES_MAX
from minikube_lite.programs.shell.builtins.options import set_options
from minikube_lite.programs.shell.builtins.reading import read_line
from minikube_lite.programs.shell.errors import STATUS_ERROR, ShellError
from minikube_lite.programs.shell.interactive import interact
from minikube_lite.programs.shell.interpreter import Interpreter
from minikube_lite.programs.shell.parser import parse
from minikube_lite.programs.shell.state import State
from minikube_lite.programs.shell.streams import Streams
from minikube_lite.programs.shell.syntax import Incomplete, ShellSyntaxError
from minikube_lite.programs.shell.variables import Environment

PATH_DEFAULT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
VERSION_LINE = "BusyBox v1.36.1 () built-in shell (ash)"


def shell(commands: Mapping[str, Program]) -> Program:
    """The program `sh` of a container that has these commands."""

    async def sh(context: PodContext) -> int:
        state = _state(context, commands)
        interpreter = Interpreter(state, BUILTINS)
        try:
            work = _work(interpreter, list(context.argv[1:]))
        except ShellError as error:
            interpreter.complain(str(error))
            return error.status
        return await _heeding_signals(context, state, interpreter.container(work))

    return sh


def _state(context: PodContext, commands: Mapping[str, Program]) -> State:
    variables = Environment({"PATH": PATH_DEFAULT, "HOME": "/root", **context.env})
    variables["PWD"] = context.working_directory
    variables["IFS"] = " \t\n"
    variables["OPTIND"] = "1"
    for name, value in (("PS1", "\\w \\$ "), ("PS2", "> "), ("PS4", "+ ")):
        variables.setdefault(name, value)
    name = context.argv[0].rpartition("/")[2] if context.argv else "sh"
    return State(context, commands, Streams.of(context), variables, context.working_directory or "/", name or "sh")


def _work(interpreter: Interpreter, arguments: list[str]) -> Callable[[], Awaitable[int]]:
    """What to run: `-c SCRIPT [NAME ARGUMENTS]`, `FILE ARGUMENTS`, or what comes in. Raises ShellError."""
    state, script, from_input = interpreter.state, False, False
    while arguments and len(arguments[0]) > 1 and arguments[0][0] in "-+":
        word = arguments.pop(0)
        if word in ("--", "-"):
            break
        own = {letter for letter in word[1:] if letter in "csil"}
        script, from_input = script or "c" in own, from_input or "s" in own
        state.interactive = state.interactive or "i" in own
        others = "".join(letter for letter in word[1:] if letter not in own)
        if others:
            rest = set_options(state, [word[0] + others, *(arguments if "o" in others else ())])
            if "o" in others:
                arguments[:] = rest or []
    if script:
        if not arguments:
            raise ShellError("-c requires an argument")
        text, *rest = arguments
        if rest:
            state.name, state.arguments = rest[0], rest[1:]
        return functools.partial(interpreter.run_text, text)
    if arguments and not from_input:
        state.name, state.arguments = arguments[0], arguments[1:]
        return functools.partial(interpreter.run_text, _file(state, arguments[0]))
    state.arguments = arguments
    state.interactive = state.interactive or state.context.tty
    return functools.partial(interact, interpreter) if state.interactive else functools.partial(_run_input, interpreter)


def _file(state: State, path: str) -> str:
    place = place_of(state.context, path)
    if not place.is_file() or place.stat().st_size > SCRIPT_BYTES_MAX:
        state.name = "sh"
        raise ShellError(f"can't open '{path}': No such file or directory", STATUS_ERROR)
    return place.read_text(errors="surrogateescape")


async def _run_input(interpreter: Interpreter) -> int:
    """Run what comes in, command by command: what follows a command may be its input."""
    status, text = 0, ""
    while True:
        characters, ended = await read_line(interpreter.state.streams.stdin)
        text += "".join(char for char, _ in characters) + ("\n" if ended else "")
        try:
            body = parse(text)
        except Incomplete as error:
            if ended and len(text) < SCRIPT_BYTES_MAX:
                continue
            raise ShellError(f"syntax error: {error}") from None
        except ShellSyntaxError as error:
            raise ShellError(f"syntax error: {error}") from None
        if body.items:
            status = await interpreter.run_list(body)
        if not ended:
            return status
        text = ""


async def _heeding_signals(context: PodContext, state: State, work: Awaitable[int]) -> int:
    """Run to the end. When the container is asked to end and there is a trap for that, it runs; else that is the end."""
    task = asyncio.ensure_future(work)
    asked = False
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done() and not asked and context.terminating.is_set() and "TERM" in state.traps:
                asked = True
                state.signals.send("TERM")
                continue
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise
