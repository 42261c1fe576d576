"""Processes of the host: whether the one that we mean still runs, and how it is asked to end.

A pid alone means little, since the host uses it again: with the moment at which its process began it means one process.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

PAUSE_SECONDS = 0.02
"""How often we look whether a process is gone."""
DEAD = ("Z", "X")
"""States of processes that have ended, though their parent has not asked for it."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this host. `began` is what the host says of its beginning; only equality means something."""

    pid: int
    began: str

    @classmethod
    def current(cls) -> Process:
        """This process."""
        return cls(os.getpid(), began(os.getpid()))

    @property
    def alive(self) -> bool:
        """Whether it still runs, and not another one with its pid."""
        return bool(self.began) and began(self.pid) == self.began

    def terminate(self) -> None:
        """Ask it to end; does nothing where it is gone."""
        try:
            if not hasattr(os, "pidfd_open"):
                if self.alive:
                    os.kill(self.pid, signal.SIGTERM)
                return
            handle = os.pidfd_open(self.pid)
            try:
                if self.alive:  # whom the handle means can no longer change
                    signal.pidfd_send_signal(handle, signal.SIGTERM)
            finally:
                os.close(handle)
        except ProcessLookupError:
            return

    def wait(self, seconds: float) -> bool:
        """Wait until it is gone; False where it was still there after that many real seconds."""
        from minikube_lite.clock import TransportTime

        time = TransportTime()
        deadline = time.now() + seconds
        while self.alive:
            if time.now() > deadline:
                return False
            time.pause(PAUSE_SECONDS)
        return True


def began(pid: int) -> str:
    """When the process of that pid began; "" where there is none."""
    if pid <= 0:
        return ""
    if Path("/proc/self/stat").exists():
        try:
            return began_of_stat(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return ""
    import subprocess

    told = subprocess.run(["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, moment = told.stdout.strip().partition(" ")
    return "" if state.startswith(DEAD) else moment.strip()


def began_of_stat(text: str) -> str:
    """The beginning that a line of Linux's /proc/PID/stat tells. The program's name may hold any character, `)` too."""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in DEAD else fields[19]
