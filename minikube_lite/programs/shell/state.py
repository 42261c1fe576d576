"""What a shell knows: variables, functions, options, jobs, traps; a subshell has a copy; upstream: POSIX, Shell Command Language, 2.12."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from minikube_lite.programs.program import PodContext, Program
from minikube_lite.programs.shell.streams import Streams
from minikube_lite.programs.shell.tree import Command
from minikube_lite.programs.shell.variables import Environment
from minikube_lite.programs.streams import Input, Output

OPTIONS = {
    "e": "errexit",
    "u": "nounset",
    "x": "xtrace",
    "f": "noglob",
    "C": "noclobber",
    "a": "allexport",
    "v": "verbose",
}
"""By letter. `pipefail` has none."""
LONG_OPTIONS = frozenset({*OPTIONS.values(), "pipefail"})
JOBS_MAX = 1000
SIGNALS = {
    "EXIT": 0,
    "HUP": 1,
    "INT": 2,
    "QUIT": 3,
    "KILL": 9,
    "USR1": 10,
    "USR2": 12,
    "PIPE": 13,
    "ALRM": 14,
    "TERM": 15,
}


@dataclass(slots=True)
class Job:
    """A command in the background."""

    pid: int
    task: asyncio.Task[int]
    signal: int = 0
    """The number of the signal that ended it."""


@dataclass(slots=True)
class Signals:
    """What was sent to the shell and waits for the command in the foreground to end."""

    pending: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, name: str) -> None:
        """A signal comes in."""
        self.pending.append(name)
        self.arrived.set()

    def take(self) -> list[str]:
        """Those that came since."""
        taken, self.pending = self.pending, []
        self.arrived.clear()
        return taken


@dataclass(slots=True)
class State:
    """One shell's, or one subshell's."""

    context: PodContext
    commands: Mapping[str, Program]
    """What the container has, by name."""
    streams: Streams
    variables: Environment
    directory: str
    name: str = "sh"
    """`$0`."""
    arguments: list[str] = field(default_factory=list)
    functions: dict[str, Command] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)
    traps: dict[str, str] = field(default_factory=dict)
    """What is run for a signal; "" where it is ignored."""
    signals: Signals = field(default_factory=Signals)
    jobs: dict[int, Job] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(2))
    """The process numbers that are still free."""
    pid: int = 1
    last_job: int | None = None
    status: int = 0
    """`$?`."""
    loops: int = 0
    """How many loops there are to break out of."""
    depth: int = 0
    """How many functions and sourced files there are to return from."""
    functions_entered: int = 0
    """How many functions there are among them."""
    option_place: tuple[int, int] = (1, 1)
    """Where getopts is: OPTIND, and the letter in that word."""
    tested: int = 0
    """Whether failures are looked at, and do not end the shell for `set -e`."""
    opened: list[Input | Output] = field(default_factory=list)
    """Files that `exec` opened, which stay open until the shell ends."""
    interactive: bool = False
    umask: int = 0o022

    def subshell(self, streams: Streams | None = None) -> State:
        """A copy, whose changes are its own. Traps are not inherited, and jobs are somebody else's."""
        return State(
            context=self.context,
            commands=self.commands,
            streams=streams or self.streams,
            variables=self.variables.copy(),
            directory=self.directory,
            name=self.name,
            arguments=list(self.arguments),
            functions=dict(self.functions),
            options=set(self.options),
            traps={name: action for name, action in self.traps.items() if not action},
            numbers=self.numbers,
            pid=self.pid,
            last_job=self.last_job,
            status=self.status,
            loops=self.loops,
            depth=self.depth,
            functions_entered=self.functions_entered,
            tested=self.tested,
            umask=self.umask,
        )

    def option(self, name: str) -> bool:
        """Whether `set -o name` was said."""
        return name in self.options

    def path(self, path: str) -> str:
        """A path of the container, seen from the root."""
        return path if path.startswith("/") else f"{self.directory.rstrip('/')}/{path}"

    def option_letters(self) -> str:
        """`$-`."""
        return "".join(letter for letter, name in OPTIONS.items() if name in self.options) + "i" * self.interactive
