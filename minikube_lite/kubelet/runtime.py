"""Sandboxes and containers of one node: addresses, programs as tasks, logs, and their end; upstream: the CRI."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass, field

from minikube_lite.clock import Timer
from minikube_lite.kubelet.environment import ConfigurationError, environment
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.images import image_bytes, image_id
from minikube_lite.kubelet.mounts import MountedVolume
from minikube_lite.kubelet.probes import Prober
from minikube_lite.kubelet.process import container_context
from minikube_lite.kubelet.state import BackOff, Container, Exit, PodState, Waiting, container_specs
from minikube_lite.network.addresses import AddressesExhausted
from minikube_lite.programs.image import CommandNotFound, Image
from minikube_lite.programs.log import ContainerLog
from minikube_lite.programs.program import (
    EXIT_CODE_KILLED,
    EXIT_CODE_TERMINATED,
    START_TURNS_MAX,
    PodContext,
    hold_for_turns,
    run_program,
)
from minikube_lite.programs.streams import Pipe
from minikube_lite.store import Object

RETRY_SECONDS = 10.0
"""After how long a container that could not be made is tried again."""
ABANDON_SECONDS = 1.0
"""A program that goes on after it was killed is given up after this; it may then run on unseen."""
CONTAINER_ID_DIGITS = 64
EXIT_CODE_START_ERROR = 128
START_ERROR = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: error during container init"
)


@dataclass(slots=True)
class Run:
    """One run of a container: its program, what it is given, and its log."""

    state: PodState
    container: Container
    context: PodContext
    log: ContainerLog
    image: Image
    stdin: Pipe | None = None
    """What attached clients write to; None where the container has no stdin."""
    task: asyncio.Task[int] | None = None
    release: Callable[[], None] | None = None
    """Ends what `settle()` waits for."""
    killed: bool = False
    timers: list[Timer] = field(default_factory=list)


class Runtime:
    """What runs on a node."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._prober = Prober(host)
        self._timers: dict[str, list[Timer]] = {}
        self._volumes: dict[str, dict[str, MountedVolume]] = {}
        self.runs: dict[str, dict[str, Run]] = {}
        """The newest run of each container, by pod uid and name."""

    async def stop(self) -> None:
        """End everything."""
        self._prober.close()
        tasks = []
        for timers in self._timers.values():
            for timer in timers:
                timer.cancel()
        for runs in self.runs.values():
            for run in runs.values():
                if run.task is not None and not run.task.done():
                    run.task.cancel()
                    tasks.append(run.task)
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._prober.stop()

    # Sandboxes

    def set_volumes(self, state: PodState, volumes: dict[str, MountedVolume]) -> None:
        """The pod's volumes are ready."""
        self._volumes[state.uid] = volumes
        state.mounted = True

    def create_sandbox(self, state: PodState) -> None:
        """Give the pod its address, after the moment that this takes."""
        state.sandbox = "creating"
        if self._host.pace.start > 0:
            self._later(state, self._host.pace.start, self._sandbox_ready, state, pending=f"starting pod {state.key}")
        else:
            self._sandbox_ready(state)

    def _sandbox_ready(self, state: PodState) -> None:
        if state.sandbox != "creating":
            return
        if state.pod["spec"].get("hostNetwork"):
            state.ip = self._host.ip
        else:
            try:
                state.ip = self._host.addresses.allocate()
            except AddressesExhausted as error:
                text = f"Failed to create pod sandbox: plugin failed (add): failed to allocate for range 0: {error}"
                self._host.events.pod(state, "Warning", "FailedCreatePodSandBox", text)
                self._later(state, RETRY_SECONDS, self._sandbox_ready, state)
                return
            self._host.network.switch.add_address(state.ip, self._host.name)
        state.sandbox = "ready"
        self._host.changed(state.uid)

    def remove_sandbox(self, state: PodState) -> None:
        """Give back the address; what was about to start does not."""
        for timer in self._timers.pop(state.uid, ()):
            timer.cancel()
        state.starting.clear()
        if state.sandbox == "ready" and state.ip != self._host.ip:
            self._host.network.switch.remove_address(state.ip)
            self._host.addresses.release(state.ip)
        state.sandbox = "removed"

    def forget(self, state: PodState) -> None:
        """Remove all that is left of a pod."""
        for timer in self._timers.pop(state.uid, ()):
            timer.cancel()
        self.runs.pop(state.uid, None)
        self._volumes.pop(state.uid, None)
        self._host.volumes.remove_pod(state.uid)

    def _later(
        self, state: PodState, delay: float, callback: Callable[..., None], *args: object, pending: str = ""
    ) -> None:
        timer = self._host.clock.call_later(delay, callback, *args, pending=pending)
        timers = self._timers.setdefault(state.uid, [])
        timers[:] = [one for one in timers if not one.cancelled]
        timers.append(timer)

    # Containers

    async def start_container(self, state: PodState, name: str, back_off: BackOff | None) -> None:
        """Pull the image if need be, and run its program. What cannot be done is noted in `state.waiting`."""
        spec = next(spec for spec, _ in container_specs(state.pod) if spec["name"] == name)
        host, image, policy = self._host, spec.get("image", ""), spec.get("imagePullPolicy", "IfNotPresent")
        must_pull = host.images.must_pull(image, policy)
        state.waiting.pop(name, None)
        if must_pull and policy == "Never":
            text = f'Container image "{image}" is not present with pull policy of Never'
            self._cannot_start(state, name, "ErrImageNeverPull", text, "ErrImageNeverPull")
            return
        try:
            variables = await environment(state.pod, spec, state, host)
        except ConfigurationError as error:
            self._cannot_start(state, name, "CreateContainerConfigError", str(error), "Failed")
            return
        if back_off is not None:
            state.back_offs[name] = back_off
        state.starting[name] = None
        if must_pull:
            host.events.pod(state, "Normal", "Pulling", f'Pulling image "{image}"', name)
            if host.pace.pull > 0:
                self._later(
                    state, host.pace.pull, self._launch, state, spec, variables, True, pending=f"pulling image {image}"
                )
                return
        self._launch(state, spec, variables, must_pull)

    def _cannot_start(self, state: PodState, name: str, reason: str, message: str, event: str) -> None:
        now = self._host.clock.now()
        state.waiting[name] = Waiting(reason, message, now + RETRY_SECONDS)
        text = f"Error: {message}" if event == "Failed" else message
        self._host.events.pod(state, "Warning", event, text, name)

    def _launch(self, state: PodState, spec: Object, variables: dict[str, str], pulled: bool) -> None:
        name, image, host = spec["name"], spec.get("image", ""), self._host
        if name not in state.starting or state.sandbox != "ready":
            return
        del state.starting[name]
        if state.gone or state.failure or "deletionTimestamp" in state.pod["metadata"]:
            host.changed(state.uid)
            return
        if pulled:
            host.images.add(image)
            took = f"{host.pace.pull:g}s"
            text = f'Successfully pulled image "{image}" in {took} ({took} including waiting).'
            text += f" Image size: {image_bytes(image)} bytes."
        else:
            text = f'Container image "{image}" already present on machine and can be accessed by the pod'
        host.events.pod(state, "Normal", "Pulled", text, name)
        self._run(state, spec, variables)
        host.changed(state.uid)

    def _run(self, state: PodState, spec: Object, variables: dict[str, str]) -> None:
        name, image, host = spec["name"], spec.get("image", ""), self._host
        before = state.containers.get(name)
        container = Container(
            name,
            f"containerd://{host.clock.token_hex(CONTAINER_ID_DIGITS)}",
            image,
            image_id(image),
            host.clock.now(),
            restart_count=before.restart_count + 1 if before else 0,
            previous=before.exit if before else None,
        )
        state.containers[name] = container
        log, stdin = ContainerLog(host.clock), Pipe() if spec.get("stdin") else None
        found = host.programs.find(image)
        volumes = self._volumes.get(state.uid, {})
        context = container_context(state, spec, variables, volumes, host, image=found, log=log, stdin=stdin)
        run = Run(state, container, context, log, found, stdin)
        self.runs.setdefault(state.uid, {})[name] = run
        host.events.pod(state, "Normal", "Created", "Container created", name)
        try:
            program, context.argv = found.main(context.command, context.args)
        except CommandNotFound as error:
            self._not_started(run, error)
            return
        run.release = hold_for_turns(host.clock.ledger, f"starting {image}", START_TURNS_MAX)
        run.task = asyncio.create_task(run_program(program, context), name=f"container {state.key}/{name}")
        run.task.add_done_callback(functools.partial(self._exited, run))
        self._prober.start(state, container, spec)
        host.events.pod(state, "Normal", "Started", "Container started", name)
        hooks = [hook for hook in ("postStart", "preStop") if hook in spec.get("lifecycle", {})]
        if hooks:
            text = f"lifecycle hooks are not emulated, {' and '.join(hooks)} will not run"
            host.events.pod(state, "Warning", "HooksNotEmulated", text, name)

    def _not_started(self, run: Run, error: CommandNotFound) -> None:
        """The image has not what the container is to run."""
        container, now = run.container, self._host.clock.now()
        text = f"{START_ERROR}: {error}"
        self._host.events.pod(run.state, "Warning", "Failed", f"Error: {text}", container.name)
        run.log.close()
        container.exit = Exit(EXIT_CODE_START_ERROR, "StartError", 0.0, now, container.id, text)

    # Their end

    def stop_container(self, state: PodState, name: str, grace: float, message: str) -> None:
        """Stop a container: ask or cancel its program now, kill it when its grace period is over."""
        run, host = self.runs[state.uid][name], self._host
        first = run.container.stop_by is None
        run.container.stop_by = host.clock.now() + grace
        for timer in run.timers:
            timer.cancel()
        run.timers.clear()
        if first:
            host.events.pod(state, "Normal", "Killing", message or f"Stopping container {name}", name)
            run.context.terminating.set()
        run.timers.append(host.clock.call_later(grace, self._kill, run))
        delay = min(host.pace.stop, grace)
        if not run.image.graceful and delay > 0:
            run.timers.append(host.clock.call_later(delay, self._cancel, run, pending=f"stopping pod {state.key}"))
        elif not run.image.graceful:
            self._cancel(run)

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

    def _exited(self, run: Run, task: asyncio.Task[int]) -> None:
        code = EXIT_CODE_TERMINATED if task.cancelled() or task.exception() is not None else task.result()
        self._ended(run, EXIT_CODE_KILLED if run.killed else code)

    def _ended(self, run: Run, code: int) -> None:
        """Note how a run ended."""
        container = run.container
        if container.exit is not None:
            return
        for timer in run.timers:
            timer.cancel()
        if run.release is not None:
            run.release()
        run.context.network.close()
        run.log.close()
        self._prober.end(container)
        container.ready = False
        reason = "Completed" if code == 0 else "Error"
        container.exit = Exit(code, reason, container.started_at, self._host.clock.now(), container.id)
        self._host.changed(run.state.uid)
