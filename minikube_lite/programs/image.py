"""Images: the program that a container of one runs, and what else can be run in it; upstream: an OCI image's config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from minikube_lite.programs.program import Program


class Process(NamedTuple):
    """What is run, and its arguments, the first of which is its own name."""

    program: Program
    argv: Sequence[str]


class CommandNotFound(Exception):
    """The image has no such command."""

    def __init__(self, name: str) -> None:
        super().__init__(f'exec: "{name}": executable file not found in $PATH')
        self.name = name


@dataclass(frozen=True, slots=True)
class Image:
    """What a container can run.

    `program` runs when the container names no command of its own. `commands` are found by the last part of argv[0], by
    exec, by probes and by a container's `command`. `graceful`: the program ends by itself when `context.terminating` is set.
    """

    program: Program
    commands: Mapping[str, Program] = field(default_factory=dict)
    graceful: bool = False
    entrypoint: Sequence[str] = ()
    """What stands before the arguments of `program`; without it a container's `args` are themselves a command."""
    arguments: Sequence[str] = ()
    """The arguments of `program` where a container gives none."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What the image brings along, by path."""
    takes: Literal["none", "unknown", "all"] = "none"
    """Which commands that containers name themselves `program` is given, in place of `commands`: those that are not there, or all."""
    known: bool = True
    """Whether it is known what the image holds; of one that is not, nobody can say which commands it has."""

    def find(self, argv: Sequence[str]) -> Program:
        """The command of that name. Raises CommandNotFound."""
        name = argv[0] if argv else ""
        found = self.commands.get(name.rpartition("/")[2])
        if found is None:
            raise CommandNotFound(name)
        return found

    def main(self, command: Sequence[str], args: Sequence[str]) -> Process:
        """What a container runs: `command` replaces the entry point, `args` its arguments. Raises CommandNotFound."""
        argv = [*command, *args] if command else [*self.entrypoint, *(args or self.arguments)]
        own = not command and (bool(self.entrypoint) or not args)
        if own or self.takes == "all":
            return Process(self.program, argv)
        try:
            return Process(self.find(argv), argv)
        except CommandNotFound:
            if self.takes == "unknown":
                return Process(self.program, argv)
            raise
