"""How a container ends: its hook, its turn, SIGTERM, SIGKILL; upstream: killContainer, kuberuntime_termination_order.go."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Mapping

from minikube_lite.kubelet.asking import Asker
from minikube_lite.kubelet.hooks import HookFailed, cancel_hook, run_hook
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.run import Fate, Run
from minikube_lite.ledger import hold_for_turns
from minikube_lite.machinery.pod_resources import is_sidecar
from minikube_lite.programs.program import (
    EXIT_CODE_INTERRUPTED,
    EXIT_CODE_KILLED,
    EXIT_CODE_TERMINATED,
    START_TURNS_MAX,
)
from minikube_lite.store import Object

log = logging.getLogger(__name__)

GRACE_PERIOD_SECONDS_MIN = 1.0
"""What a program is given at least, after a hook or the wait for its turn took all; upstream gives two."""
ABANDON_SECONDS = 1.0
"""A program that goes on after it was killed is given up after this; it may then run on unseen."""


class Terminator:
    """Ends the runs of one node. `ended` is called with a run and its exit code, once."""

    def __init__(
        self,
        host: Host,
        asker: Asker,
        runs: Mapping[str, Mapping[str, Run]],
        ended: Callable[[Run, int], None],
    ) -> None:
        self._host = host
        self._asker = asker
        self._runs = runs
        self._ended = ended

    def stop(self, run: Run, grace: float, message: str = "") -> None:
        """Stop a container within the grace period; asked again, it may be a shorter one."""
        container, clock = run.container, self._host.clock
        first = container.stop_by is None
        container.stop_by = clock.now() + grace
        self._set_timer(run, grace, self._overdue)
        if first:
            text = message or f"Stopping container {container.name}"
            self._host.events.pod(run.state, "Normal", "Killing", text, container.name)
            cancel_hook(run)
            handler = run.spec.get("lifecycle", {}).get("preStop")
            if handler is not None and grace > 0:
                run.hook = asyncio.create_task(self._pre_stop(run, handler), name=f"preStop hook of {run.state.key}")
        elif run.asked:
            self._ask(run)
        self.proceed(run)

    def proceed(self, run: Run) -> None:
        """Tell the program to end if nothing stands before that any more."""
        if run.container.stop_by is None or run.asked or run.container.exit is not None:
            return
        if (run.hook is None or run.hook.done()) and self._is_its_turn(run):
            self._ask(run)

    def _is_its_turn(self, run: Run) -> bool:
        """Sidecars go when all that they serve has gone, while the pod ends as a whole."""
        runs = self._runs.get(run.state.uid, {})
        before = [runs[name] for name in goes_before(run.state.pod, run.container.name) if name in runs]
        stopping = [one for one in before if one.container.exit is None and one.container.stop_by is not None]
        return not stopping

    async def _pre_stop(self, run: Run, handler: Object) -> None:
        try:
            await run_hook(self._host, self._asker, run, handler)
        except HookFailed as error:
            log.debug("%s: %s", run.state.key, error)
            self._host.events.pod(run.state, "Warning", "FailedPreStopHook", "PreStopHook failed", run.container.name)
        run.hook = None
        self.proceed(run)

    def _ask(self, run: Run) -> None:
        """SIGTERM. A program that is not graceful is cancelled after the moment that stopping takes."""
        host, stop_by, again = self._host, run.container.stop_by, run.asked
        assert stop_by is not None
        run.asked = True
        run.context.terminating.set()
        left = max(stop_by - host.clock.now(), GRACE_PERIOD_SECONDS_MIN)
        self._set_timer(run, left, self._kill)
        if run.image.graceful or again:
            return
        delay = min(host.pace.stop, left)
        if delay > 0:
            pending = f"stopping pod {run.state.key}"
            run.timers.append(host.clock.call_later(delay, self._cancel, run, pending=pending))
        else:
            self._cancel(run)

    def _overdue(self, run: Run) -> None:
        """The grace period is over before the program was told."""
        cancel_hook(run)
        self._ask(run)

    def _cancel(self, run: Run) -> None:
        if run.task is not None and not run.task.done():
            if run.release is not None:
                run.release()
            run.release = hold_for_turns(self._host.clock.ledger, "stopping a program", START_TURNS_MAX)
            run.task.cancel()

    def _kill(self, run: Run) -> None:
        run.killed = True
        self._cancel(run)
        run.timers.append(self._host.clock.call_later(ABANDON_SECONDS, self._ended, run, EXIT_CODE_KILLED))

    def crash(self, run: Run, fate: Fate) -> None:
        """End a container at once, without asking it."""
        if run.container.exit is None and run.fate is None:
            run.fate = fate
            self._cancel(run)
            run.timers.append(self._host.clock.call_later(ABANDON_SECONDS, self._ended, run, fate.code))

    def exited(self, run: Run, task: asyncio.Task[int]) -> None:
        """The program's task is done."""
        code = EXIT_CODE_TERMINATED if task.cancelled() or task.exception() is not None else task.result()
        if run.interrupted:
            code = EXIT_CODE_INTERRUPTED
        if run.fate is not None:
            code = run.fate.code
        self._ended(run, EXIT_CODE_KILLED if run.killed else code)

    def _set_timer(self, run: Run, delay: float, callback: Callable[[Run], None]) -> None:
        for timer in run.timers:
            timer.cancel()
        run.timers[:] = [self._host.clock.call_later(delay, functools.partial(callback, run))]


def goes_before(pod: Object, name: str) -> list[str]:
    """The containers that have to end before that one: for a sidecar the main ones, and the sidecars after it."""
    inits = pod["spec"].get("initContainers") or []
    position = next((index for index, spec in enumerate(inits) if spec["name"] == name), None)
    if position is None or not is_sidecar(inits[position]):
        return []
    later = [spec["name"] for spec in inits[position + 1 :] if is_sidecar(spec)]
    return [*(spec["name"] for spec in pod["spec"]["containers"]), *later]
