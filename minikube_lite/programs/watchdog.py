"""Notices a program that keeps the event loop to itself, says which one it is, and interrupts it. No counterpart upstream.

A thread asks the loop for a sign of life now and then. Where none comes, the stack of the loop's thread says which program is at
work: it is raised `Blocked` in, which ends the program and nothing else. In the main thread a signal does that, which gets through
to a `time.sleep` too; elsewhere it has to wait until Python's own code runs again. Nothing gets through to C code that does not return.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import signal
import sys
import threading
from dataclasses import dataclass
from types import FrameType
from typing import Any, Self

from minikube_lite.programs.program import Blocked, PodContext

PING_SECONDS = 0.25
"""How often the loop is asked, in the host's time."""
PATIENCE_SECONDS = 0.5
"""How long it may take to answer."""
CERTAINTY_SECONDS = 0.2
"""How much longer one and the same callback must go on: many that are quick in their turn are nobody's fault. All is less than a second."""
GRACE_SECONDS = 1.0
"""How much longer it may then go on, before it is interrupted: on a busy machine, much work may be no harm."""
DEBUGGERS = ("bdb", "pdb")
"""Modules whose frames say that somebody looks at the program, and has time."""
SIGNAL = getattr(signal, "SIGXCPU", None)
"""Interrupts the main thread, where the system has it. It stands for too much time taken; nobody else sends it unless limits are set."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Culprit:
    """Who is at work on the loop: the program's place in the cluster, if it is one, and the line of code."""

    name: str
    line: str

    @classmethod
    def of(cls, frame: FrameType | None) -> Self | None:
        """The program in whose calls that frame stands; None where there is none."""
        line = _line(frame)
        while frame is not None:
            if frame.f_globals.get("__name__") in DEBUGGERS:
                return None
            for value in frame.f_locals.values():
                ours = type(value).__module__.startswith("minikube_lite.")
                context = getattr(value, "_context", value) if ours else None
                if isinstance(context, PodContext):
                    where = f"container {context.container} of pod {context.namespace}/{context.pod} on {context.node}"
                    return cls(f"{where} (image {context.image})", line)
            frame = frame.f_back
        return None


class Watchdog:
    """Watches one event loop, from a thread of its own. Start it in the loop's thread; one that is watched already needs no other."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread_id = threading.get_ident()
        self._stopped = threading.Event()
        self._alive = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watchdog of {self._thread_id}", daemon=True)
        self._previous: Any = None

    def start(self) -> None:
        """Begin to watch."""
        if any(thread.name == self._thread.name for thread in threading.enumerate()):
            return
        if self._in_main_thread and SIGNAL is not None:
            self._previous = signal.signal(SIGNAL, _interrupted)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        if not self._thread.is_alive():
            return
        self._stopped.set()
        self._alive.set()  # the loop cannot say so while it waits here
        self._thread.join()
        if self._in_main_thread and SIGNAL is not None:
            signal.signal(SIGNAL, self._previous)

    @property
    def _in_main_thread(self) -> bool:
        return self._thread_id == threading.main_thread().ident

    def _frame(self) -> FrameType | None:
        return sys._current_frames().get(self._thread_id)

    def _watch(self) -> None:
        while not self._stopped.wait(PING_SECONDS):
            self._alive.clear()
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._alive.set)
                while not self._alive.wait(PATIENCE_SECONDS) and not self._stopped.is_set():
                    self._look()

    def _look(self) -> None:
        callback = _callback(self._frame())
        culprit = self._culprit(callback, CERTAINTY_SECONDS)
        if culprit is None:
            return
        log.warning("%s keeps everybody waiting, at %s", culprit.name, culprit.line)
        culprit = self._culprit(callback, GRACE_SECONDS)
        if culprit is not None:
            log.warning("%s still does, at %s; it is interrupted", culprit.name, culprit.line)
            self._interrupt()

    def _culprit(self, callback: FrameType | None, seconds: float) -> Culprit | None:
        """The program that is at work, if after that time the loop is still in the same call."""
        if self._alive.wait(seconds) or self._stopped.is_set():
            return None
        frame = self._frame()
        return Culprit.of(frame) if callback is not None and callback is _callback(frame) else None

    def _interrupt(self) -> None:
        if self._in_main_thread and SIGNAL is not None:
            signal.pthread_kill(self._thread_id, SIGNAL)
        else:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread_id), ctypes.py_object(Blocked))


def _interrupted(_number: int, frame: FrameType | None) -> None:
    """Runs in the main thread, on top of what it was doing: whatever is not a program's is left alone."""
    if Culprit.of(frame) is not None:
        raise Blocked


def _callback(frame: FrameType | None) -> FrameType | None:
    """The call that the loop is making: asyncio's own for each callback, or else the outermost that is not the loop's."""
    outermost = None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module == "asyncio.events" and frame.f_code.co_name == "_run":
            return frame
        if not module.startswith(("asyncio", "uvloop")):
            outermost = frame
        elif outermost is not None:
            return outermost
        frame = frame.f_back
    return outermost


def _line(frame: FrameType | None) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}" if frame is not None else "?"
