"""Jobs and signals: wait, jobs, kill."""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.programs.shell.builtins.control import signal_name
from minikube_lite.programs.shell.errors import Exit
from minikube_lite.programs.shell.jobs import SIGNAL_STATUS, kill_job, wait_for
from minikube_lite.programs.shell.simple import Builtin, Shell
from minikube_lite.programs.shell.state import SIGNALS


def _process(shell: Shell, text: str) -> int:
    """The number that an argument means: a process's, or `%n` for the n-th job; 0 where it means nothing."""
    if text.startswith("%"):
        jobs = list(shell.state.jobs)
        place = text[1:]
        if place in ("", "%", "+"):
            return shell.state.last_job or 0
        return jobs[int(place) - 1] if place.isdecimal() and 0 < int(place) <= len(jobs) else 0
    return int(text) if text.isdecimal() else 0


async def wait(shell: Shell, words: Sequence[str]) -> int:
    """`wait [PROCESS…]`: for them, or for all jobs."""
    status = 0
    for text in words[1:] or [str(pid) for pid in shell.state.jobs]:
        status = await wait_for(shell.state, _process(shell, text))
        if shell.state.signals.pending:
            return status
    return status if len(words) > 1 else 0


async def jobs(shell: Shell, words: Sequence[str]) -> int:
    """`jobs`: what runs in the background."""
    for place, job in enumerate(shell.state.jobs.values(), 1):
        mark = "+" if job.pid == shell.state.last_job else " "
        state = "Done" if job.task.done() else "Running"
        shell.state.streams.stdout.print(f"[{place}]{mark} {state:26}{job.pid}")
    return 0


async def kill(shell: Shell, words: Sequence[str]) -> int:
    """`kill [-SIGNAL] PROCESS…`: of this shell and its jobs; `-l` lists the signals."""
    rest, name = list(words[1:]), "TERM"
    if rest[:1] == ["-l"]:
        for signal, value in SIGNALS.items():
            if value:
                shell.state.streams.stdout.print(f"{value:2}) {signal}")
        return 0
    if rest[:1] == ["-s"] and len(rest) > 1:
        name, rest = rest[1], rest[2:]
    elif rest and rest[0].startswith("-") and len(rest[0]) > 1:
        name, rest = rest[0][1:], rest[1:]
    found = signal_name(name)
    if found is None:
        shell.complain(f"kill: bad signal name '{name}'")
        return 1
    if not rest:
        shell.complain("kill: you need to specify whom to kill")
        return 1
    status = 0
    for text in rest:
        status = _send(shell, text, found) or status
    return status


def _send(shell: Shell, text: str, signal: str) -> int:
    pid = _process(shell, text)
    if pid == shell.state.pid:
        if not SIGNALS[signal]:
            return 0
        if signal not in shell.state.traps:
            raise Exit(SIGNAL_STATUS + SIGNALS[signal])
        shell.state.signals.send(signal)
        return 0
    if kill_job(shell.state, pid, SIGNALS[signal]):
        return 0
    shell.complain(f"kill: can't kill pid {text}: No such process")
    return 1


PROCESSES = {"wait": Builtin(wait), "jobs": Builtin(jobs), "kill": Builtin(kill)}
