"""Commands in the background: how they start, are waited for, and end; upstream: POSIX, Shell Command Language, 2.11."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from minikube_lite.programs.files import close
from minikube_lite.programs.shell.errors import STATUS_NOT_FOUND, ShellError
from minikube_lite.programs.shell.state import JOBS_MAX, SIGNALS, Job, State

SIGNAL_STATUS = 128
"""What is added to a signal's number where it is the reason."""


def start_job(state: State, work: Coroutine[Any, Any, int]) -> Job:
    """Run in the background. Raises ShellError where there are too many."""
    for pid in [pid for pid, job in state.jobs.items() if job.task.done() and pid != state.last_job]:
        if len(state.jobs) >= JOBS_MAX:
            del state.jobs[pid]
    if len(state.jobs) >= JOBS_MAX:
        work.close()
        raise ShellError("can't fork: Resource temporarily unavailable")
    pid = next(state.numbers)
    job = state.jobs[pid] = Job(pid, asyncio.create_task(work, name=f"job {pid} of {state.context.pod}"))
    state.last_job = pid
    return job


async def wait_for(state: State, pid: int) -> int:
    """The status of a job, which is then forgotten; a signal with a trap ends the waiting."""
    job = state.jobs.get(pid)
    if job is None:
        return STATUS_NOT_FOUND
    arrived = asyncio.ensure_future(state.signals.arrived.wait())
    try:
        await asyncio.wait([job.task, arrived], return_when=asyncio.FIRST_COMPLETED)
    finally:
        arrived.cancel()
    if not job.task.done():
        return SIGNAL_STATUS + SIGNALS.get(state.signals.pending[0], 0)
    state.jobs.pop(pid, None)
    return status_of(job)


def status_of(job: Job) -> int:
    """How a job that is done has ended."""
    if job.signal:
        return SIGNAL_STATUS + job.signal
    return SIGNAL_STATUS + SIGNALS["KILL"] if job.task.cancelled() else job.task.result()


def kill_job(state: State, pid: int, signal: int) -> bool:
    """Send a signal to a job; whether there is one."""
    job = state.jobs.get(pid)
    if job is None:
        return False
    if signal and not job.task.done():
        job.signal = signal
        job.task.cancel()
    return True


def end(state: State) -> None:
    """The shell is over, its jobs with it, and what it opened is closed."""
    for job in state.jobs.values():
        job.task.cancel()
    for stream in state.opened:
        close(stream)
