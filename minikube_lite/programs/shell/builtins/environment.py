"""Variables and the directory: export, readonly, local, unset, cd, pwd, umask."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence

from minikube_lite.programs.files import place_of
from minikube_lite.programs.shell.builtins.control import quoted
from minikube_lite.programs.shell.errors import ShellError
from minikube_lite.programs.shell.simple import Builtin, Shell
from minikube_lite.programs.shell.syntax import SHELL_NAME

UMASK_MAX = 0o777


def _declare(shell: Shell, words: Sequence[str], mark: Callable[[str], None]) -> None:
    """Set what is given as `name=value`, and mark each name."""
    for word in words:
        name, equals, value = word.partition("=")
        if not SHELL_NAME.fullmatch(name):
            raise ShellError(f"{name}: bad variable name")
        if equals:
            shell.state.variables[name] = value
        mark(name)


async def export(shell: Shell, words: Sequence[str]) -> int:
    """`export name=value …`; `-p` and no names show what is exported."""
    variables = shell.state.variables
    names = [word for word in words[1:] if word != "-p"]
    if not names:
        for name, value in sorted(variables.exported().items()):
            shell.state.streams.stdout.print(f"export {name}={quoted(value)}")
    _declare(shell, [name for name in names if name != "-n"], variables.export)
    return 0


async def read_only(shell: Shell, words: Sequence[str]) -> int:
    """`readonly name=value …`; without names, what is."""
    variables = shell.state.variables
    names = [word for word in words[1:] if word != "-p"]
    if not names:
        for name in variables.read_only():
            shell.state.streams.stdout.print(f"readonly {name}={quoted(variables.get(name, ''))}")
    _declare(shell, names, variables.protect)
    return 0


async def local(shell: Shell, words: Sequence[str]) -> int:
    """`local name=value …`: until the function ends."""
    if not shell.state.functions_entered:
        raise ShellError("local: not in a function")
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not SHELL_NAME.fullmatch(name):
            raise ShellError(f"local: {name}: bad variable name")
        shell.state.variables.make_local(name)
        if equals:
            shell.state.variables[name] = value
    return 0


async def unset(shell: Shell, words: Sequence[str]) -> int:
    """`unset name…`; `-f` for functions."""
    names, functions = list(words[1:]), False
    while names and names[0] in ("-v", "-f"):
        functions = names.pop(0) == "-f"
    for name in names:
        if functions:
            shell.state.functions.pop(name, None)
        else:
            if not SHELL_NAME.fullmatch(name):
                raise ShellError(f"unset: {name}: bad variable name")
            del shell.state.variables[name]
    return 0


async def change_directory(shell: Shell, words: Sequence[str]) -> int:
    """`cd [DIRECTORY]`; `-` is the one before."""
    state = shell.state
    arguments = [word for word in words[1:] if word not in ("-L", "-P", "--")]
    target = arguments[0] if arguments else state.variables.get("HOME", "/")
    shown = target == "-"
    if shown:
        target = state.variables.get("OLDPWD", state.directory)
    path = posixpath.normpath(state.path(target)).replace("//", "/")
    try:
        place = place_of(state.context, path)
    except OSError:
        place = None
    if place is None or not place.exists():
        shell.complain(f"cd: can't cd to {target}: No such file or directory")
        return 2
    if not place.is_dir():
        shell.complain(f"cd: can't cd to {target}: Not a directory")
        return 2
    state.variables["OLDPWD"], state.directory = state.directory, path
    state.variables["PWD"] = path
    if shown:
        state.streams.stdout.print(path)
    return 0


async def print_directory(shell: Shell, words: Sequence[str]) -> int:
    """`pwd`."""
    shell.state.streams.stdout.print(shell.state.directory)
    return 0


async def umask(shell: Shell, words: Sequence[str]) -> int:
    """`umask [OCTAL]`; it is kept and shown, and files do not follow it."""
    if len(words) == 1:
        shell.state.streams.stdout.print(f"{shell.state.umask:04o}")
        return 0
    try:
        mask = int(words[1], 8)
    except ValueError:
        mask = -1
    if not 0 <= mask <= UMASK_MAX:
        raise ShellError(f"umask: Illegal mode: {words[1]}")
    shell.state.umask = mask
    return 0


ENVIRONMENT = {
    "export": Builtin(export, special=True),
    "readonly": Builtin(read_only, special=True),
    "unset": Builtin(unset, special=True),
    "local": Builtin(local),
    "cd": Builtin(change_directory),
    "pwd": Builtin(print_directory),
    "umask": Builtin(umask),
}
