"""Options and arguments: set, shift, getopts."""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.programs.shell.builtins.control import number, quoted
from minikube_lite.programs.shell.errors import ShellError
from minikube_lite.programs.shell.simple import Builtin, Shell
from minikube_lite.programs.shell.state import LONG_OPTIONS, OPTIONS, State


def set_options(state: State, words: Sequence[str]) -> list[str] | None:
    """Set what begins the words as `-e`, `+x` or `-o name`; what follows, None where nothing does. Raises ShellError."""
    rest = list(words)
    while rest and len(rest[0]) > 1 and rest[0][0] in "-+":
        word = rest.pop(0)
        if word == "--":
            return rest
        for letter in word[1:]:
            name = (rest.pop(0) if rest else "") if letter == "o" else OPTIONS.get(letter, "")
            if name not in LONG_OPTIONS:
                raise ShellError(f"set: illegal option {word[0]}{letter}" if letter != "o" else f"set: bad -o {name}")
            if word[0] == "-":
                state.options.add(name)
            else:
                state.options.discard(name)
    return rest or None


async def set_(shell: Shell, words: Sequence[str]) -> int:
    """`set -e`, `set -- words`; without words, all variables."""
    if len(words) == 1:
        for name, value in sorted(shell.state.variables.items()):
            shell.state.streams.stdout.print(f"{name}={quoted(value)}")
        return 0
    arguments = set_options(shell.state, words[1:])
    if arguments is not None:
        shell.state.arguments[:] = arguments
    return 0


async def shift(shell: Shell, words: Sequence[str]) -> int:
    """`shift [N]`: the first arguments go."""
    count = number("shift", words[1]) if len(words) > 1 else 1
    if count > len(shell.state.arguments):
        raise ShellError("shift: can't shift that many")
    del shell.state.arguments[:count]
    return 0


async def getopts(shell: Shell, words: Sequence[str]) -> int:
    """`getopts LETTERS NAME [WORDS]`: one option a call; OPTIND says where it is, OPTARG what belongs to it."""
    if len(words) < 3:
        raise ShellError("getopts: usage: getopts optstring var [arg]")
    variables = shell.state.variables
    letters, name, arguments = words[1], words[2], list(words[3:] or shell.state.arguments)
    index = int(variables.get("OPTIND", "1") or 1)
    if index == 1 and shell.state.option_place[0] != 1:
        shell.state.option_place = (1, 1)
    at = shell.state.option_place[1] if shell.state.option_place[0] == index else 1
    word = arguments[index - 1] if index <= len(arguments) else ""
    if len(word) < 2 or not word.startswith("-") or word == "--":
        variables["OPTIND"] = str(index + (word == "--"))
        variables[name] = "?"
        return 1
    letter, at = word[at], at + 1
    place = letters.find(letter)
    known = place >= 0 and letter != ":"
    if known:
        variables["OPTARG"] = ""
    else:
        variables.pop("OPTARG", None)
    if known and letters[place + 1 : place + 2] == ":":
        value = word[at:] or (arguments[index] if index < len(arguments) else None)
        index, at = index + (1 if word[at:] else 2), 1
        if value is None:
            return _complain(shell, letters, name, letter, index, "No arg for -{} option")
        variables["OPTARG"] = value
    elif at >= len(word):
        index, at = index + 1, 1
    if not known:
        shell.state.option_place = (index, at)
        return _complain(shell, letters, name, letter, index, "Illegal option -{}")
    variables[name] = letter
    variables["OPTIND"] = str(index)
    shell.state.option_place = (index, at)
    return 0


def _complain(shell: Shell, letters: str, name: str, letter: str, index: int, message: str) -> int:
    """What is wrong is said, unless the letters begin with a colon: then OPTARG has it."""
    variables = shell.state.variables
    variables["OPTIND"] = str(index)
    if letters.startswith(":"):
        variables[name] = ":" if message.startswith("No arg") else "?"
        variables["OPTARG"] = letter
    else:
        variables[name] = "?"
        shell.state.streams.stderr.print(message.format(letter))
    return 0


OPTION_COMMANDS = {
    "set": Builtin(set_, special=True),
    "shift": Builtin(shift, special=True),
    "getopts": Builtin(getopts),
}
