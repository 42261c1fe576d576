"""Where control goes: break, continue, return, exit, eval, `.`, exec, trap."""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.programs.files import place_of
from minikube_lite.programs.shell.errors import Exit, Jump, Return, ShellError
from minikube_lite.programs.shell.simple import DEPTH_MAX, Builtin, Shell
from minikube_lite.programs.shell.state import SIGNALS

SCRIPT_BYTES_MAX = 16 << 20


def number(name: str, text: str) -> int:
    """A number that an argument gives. Raises ShellError."""
    if not text.isdecimal():
        raise ShellError(f"{name}: Illegal number: {text}")
    return int(text)


def _status(shell: Shell, words: Sequence[str]) -> int:
    return number(words[0], words[1]) & 0xFF if len(words) > 1 else shell.state.status


async def nothing(shell: Shell, words: Sequence[str]) -> int:
    """`:` and `true`."""
    return 0


async def false(shell: Shell, words: Sequence[str]) -> int:
    """`false`."""
    return 1


async def jump(shell: Shell, words: Sequence[str]) -> int:
    """`break` and `continue`, out of so many loops; outside of loops they do nothing."""
    levels = number(words[0], words[1]) if len(words) > 1 else 1
    if levels < 1:
        raise ShellError(f"{words[0]}: Illegal number: {words[1]}")
    if not shell.state.loops:
        return 0
    raise Jump(min(levels, shell.state.loops), again=words[0] == "continue")


async def leave_function(shell: Shell, words: Sequence[str]) -> int:
    """`return`, from a function or a sourced file."""
    raise Return(_status(shell, words))


async def leave(shell: Shell, words: Sequence[str]) -> int:
    """`exit`."""
    raise Exit(_status(shell, words))


async def evaluate(shell: Shell, words: Sequence[str]) -> int:
    """`eval`: the words are a script."""
    return await shell.run_text(" ".join(words[1:]))


async def source(shell: Shell, words: Sequence[str]) -> int:
    """`. FILE`: a script that runs in this very shell."""
    if len(words) < 2:
        raise ShellError(".: filename argument required")
    state = shell.state
    place = place_of(state.context, state.path(words[1]))
    if not place.is_file():
        raise ShellError(f".: can't open '{words[1]}': No such file or directory")
    if place.stat().st_size > SCRIPT_BYTES_MAX or state.depth >= DEPTH_MAX:
        raise ShellError(f".: {words[1]}: too large, or nested too deeply")
    state.depth += 1
    try:
        return await shell.run_text(place.read_text(errors="surrogateescape"))
    except Return as leaving:
        return leaving.status
    finally:
        state.depth -= 1


async def execute(shell: Shell, words: Sequence[str]) -> int:
    """`exec COMMAND`: the shell becomes it."""
    shell.state.traps.pop("EXIT", None)
    raise Exit(await shell.run_external(words[1:]))


async def trap(shell: Shell, words: Sequence[str]) -> int:
    """`trap ACTION SIGNAL…`: what is run when the signal comes; `-` forgets it, "" ignores it; without words, what is set."""
    traps = shell.state.traps
    if len(words) == 1:
        for signal, text in sorted(traps.items(), key=lambda item: SIGNALS[item[0]]):
            shell.state.streams.stdout.print(f"trap -- {quoted(text)} {signal}")
        return 0
    action, names = (words[1], words[2:]) if len(words) > 2 else ("-", words[1:])
    for given in names:
        name = signal_name(given)
        if name is None:
            shell.complain(f"trap: {given}: invalid signal specification")
            return 1
        if action == "-":
            traps.pop(name, None)
        else:
            traps[name] = action
    return 0


def signal_name(text: str) -> str | None:
    """A signal's name without SIG, from it or its number; None where there is none such."""
    by_number = {str(value): name for name, value in SIGNALS.items()}
    name = by_number.get(text, text.upper().removeprefix("SIG"))
    return name if name in SIGNALS else None


def quoted(text: str) -> str:
    """As a shell reads it back."""
    return "'" + text.replace("'", "'\\''") + "'"


async def command(shell: Shell, words: Sequence[str]) -> int:
    """`command NAME …` runs no function; `-v` says what a name is."""
    rest = list(words[1:])
    describes = ""
    while rest and rest[0] in ("-v", "-V", "-p"):
        option = rest.pop(0)
        describes = option if option != "-p" else describes
    if not rest:
        return 0
    if not describes:
        return await shell.run_words(rest, functions=False)
    return _describe(shell, rest[:1], long=describes == "-V")


async def kind(shell: Shell, words: Sequence[str]) -> int:
    """`type NAME…`."""
    return _describe(shell, words[1:], long=True)


def _describe(shell: Shell, names: Sequence[str], *, long: bool) -> int:
    status = 0
    for name in names:
        path = command_path(shell, name)
        if name in shell.state.functions:
            text = f"{name} is a function" if long else name
        elif name in shell.builtins:
            special = "special " if shell.builtins[name].special else ""
            text = f"{name} is a {special}shell builtin" if long else name
        elif path is not None:
            text = f"{name} is {path}" if long else path
        else:
            status = 127
            if long:
                shell.state.streams.stdout.print(f"{name}: not found")
            continue
        shell.state.streams.stdout.print(text)
    return status


def command_path(shell: Shell, name: str) -> str | None:
    """Where a command of the container is; None where there is none."""
    last = name.rpartition("/")[2]
    if last not in shell.state.commands:
        return None
    return name if "/" in name else f"/bin/{name}"


CONTROL = {
    ":": Builtin(nothing, special=True),
    "true": Builtin(nothing),
    "false": Builtin(false),
    "break": Builtin(jump, special=True),
    "continue": Builtin(jump, special=True),
    "return": Builtin(leave_function, special=True),
    "exit": Builtin(leave, special=True),
    "eval": Builtin(evaluate, special=True),
    ".": Builtin(source, special=True),
    "exec": Builtin(execute, special=True),
    "trap": Builtin(trap, special=True),
    "command": Builtin(command),
    "type": Builtin(kind),
}
