"""A cluster in the background: the process splits in two, and the first half returns once the second one is up.

Until then both have the terminal, so that what goes wrong is said there, and Ctrl-C reaches both.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from minikube_lite.cli.errors import CommandError

READY = b"1"


@dataclass(frozen=True, slots=True)
class Child:
    """The half that stays."""

    ready: int

    def detach(self, log: Path) -> None:
        """Leave the terminal: what is written goes to the log from now on, and closing the terminal ends nothing."""
        sys.stdout.flush()
        sys.stderr.flush()
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (file, 1), (file, 2)):
            os.dup2(source, target)
        os.close(file)
        os.close(nothing)
        os.setsid()
        os.write(self.ready, READY)
        os.close(self.ready)


@dataclass(frozen=True, slots=True)
class Parent:
    """The half that returns."""

    pid: int
    ready: int

    def wait(self) -> int:
        """The exit code: at once where the child is up, the child's own where it ended instead."""
        while True:
            try:
                if os.read(self.ready, 1) == READY:
                    return 0
                _, status = os.waitpid(self.pid, 0)
                break
            except KeyboardInterrupt:
                continue  # the child was interrupted too, and ends
        code = os.waitstatus_to_exitcode(status)
        if code < 0:
            raise CommandError(f"the cluster ended while it started, by signal {-code}")
        return code


def split() -> Parent | Child:
    """Become two processes. Nothing may run yet: no threads, no event loop."""
    reading, writing = os.pipe()
    pid = os.fork()
    os.close(writing if pid else reading)
    return Parent(pid, reading) if pid else Child(writing)
