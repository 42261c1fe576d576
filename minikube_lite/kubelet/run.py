"""One run of a container: its program, what it is given, its log, and the other processes in it; upstream: a task of the CRI."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from minikube_lite.clock import Timer
from minikube_lite.kubelet.state import Container, PodState
from minikube_lite.programs.image import Image
from minikube_lite.programs.log import ContainerLog
from minikube_lite.programs.program import PodContext, run_program
from minikube_lite.programs.streams import Collector, NoInput, Pipe
from minikube_lite.store import Object


class Fate(NamedTuple):
    """How a container ends that something else ends than its program."""

    code: int
    reason: str


@dataclass(slots=True)
class Run:
    """One run of a container."""

    state: PodState
    container: Container
    spec: Object
    context: PodContext
    log: ContainerLog
    image: Image
    stdin: Pipe | None = None
    """What attached clients write to; None where the container has no stdin."""
    previous: tuple[str, ContainerLog] | None = None
    """The id and the log of the run before."""
    task: asyncio.Task[int] | None = None
    release: Callable[[], None] | None = None
    """Ends what `settle()` waits for."""
    killed: bool = False
    fate: Fate | None = None
    """How a fault ended it."""
    attached: bool = False
    """Whether a client ever joined it."""
    interrupted: bool = False
    """Whether somebody typed ^C at its terminal."""
    asked: bool = False
    """Whether the program was told to end, which is after the preStop hook and the containers that go first."""
    timers: list[Timer] = field(default_factory=list)
    hook: asyncio.Task[None] | None = None
    processes: dict[asyncio.Task[int], None] = field(default_factory=dict)
    """What runs in the container beside its program."""

    def interrupt(self) -> None:
        """^C at the container's terminal."""
        if self.task is not None and not self.task.done():
            self.interrupted = True
            self.task.cancel()

    def start_process(self, context: PodContext) -> asyncio.Task[int]:
        """Run a command in the container by its `context.argv`; it ends with the container. Raises CommandNotFound."""
        program = self.image.find(context.argv)
        task = asyncio.create_task(run_program(program, context), name=f"{context.argv[0]} in {self.state.key}")
        self.processes[task] = None
        task.add_done_callback(lambda done: self.processes.pop(done, None))
        return task

    async def output_of(self, argv: Sequence[str], bytes_max: int) -> tuple[int, bytes]:
        """The exit code and the output, both streams together, of a command. Raises CommandNotFound."""
        output = _Kept(bytes_max)
        context = self.context.process(argv, stdin=NoInput(), stdout=output, stderr=output)
        task = self.start_process(context)
        try:
            code = await asyncio.shield(task)
        finally:
            task.cancel()
        return code, bytes(output.data)


class _Kept(Collector):
    """Keeps the beginning of what is written; the rest is read and dropped."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__()
        self._kept_max = bytes_max

    def write(self, data: str | bytes, /) -> None:
        room = self._kept_max - len(self.data)
        if room > 0:
            super().write((data.encode() if isinstance(data, str) else data)[:room])
