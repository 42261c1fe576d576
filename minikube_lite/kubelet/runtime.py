"""Sandboxes and containers of one node: addresses, programs as tasks, logs, and their end; upstream: the CRI."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable
from typing import Any

from minikube_lite.clock import Timer
from minikube_lite.kubelet.asking import Asker
from minikube_lite.kubelet.container_faults import ContainerFaults
from minikube_lite.kubelet.environment import ConfigurationError, environment
from minikube_lite.kubelet.hooks import HookFailed, cancel_hook, run_hook
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.images import image_id
from minikube_lite.kubelet.mounts import MountedVolume
from minikube_lite.kubelet.probes import Prober
from minikube_lite.kubelet.process import container_context
from minikube_lite.kubelet.pulling import Puller
from minikube_lite.kubelet.run import Fate, Run
from minikube_lite.kubelet.state import BackOff, Container, Exit, PodState, Waiting, container_specs
from minikube_lite.kubelet.step import pod_grace_seconds
from minikube_lite.kubelet.termination import Terminator
from minikube_lite.kubelet.termination_message import termination_message
from minikube_lite.ledger import hold_for_turns
from minikube_lite.machinery.instances import Instance
from minikube_lite.network.addresses import AddressesExhausted
from minikube_lite.programs.image import CommandNotFound
from minikube_lite.programs.log import ContainerLog
from minikube_lite.programs.program import START_TURNS_MAX, run_program
from minikube_lite.programs.streams import Pipe
from minikube_lite.store import Object

RETRY_SECONDS = 10.0
"""After how long a container that could not be made is tried again."""
STOP_SECONDS_MAX = 2.0
"""How long, in the host's time, the end of a node waits for programs that do not heed that they are cancelled."""
CONTAINER_ID_DIGITS = 64
EXIT_CODE_START_ERROR = 128
EXIT_CODE_UNKNOWN = 255
"""Of what ended while nobody watched, as containerd says it after a restart of the machine."""
START_ERROR = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: error during container init"
)


log = logging.getLogger(__name__)


class Runtime:
    """What runs on a node."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._asker = Asker(host)
        self._timers: dict[str, list[Timer]] = {}
        self._volumes: dict[str, dict[str, MountedVolume]] = {}
        self.runs: dict[str, dict[str, Run]] = {}
        """The newest run of each container, by pod uid and name."""
        self._terminator = Terminator(host, self._asker, self.runs, self._ended)
        self._puller = Puller(host)
        self._faults = ContainerFaults(host, self.runs, self._terminator.crash)
        self._prober = Prober(host, self._asker, self._faults)

    async def stop(self) -> None:
        """End everything."""
        self._prober.close()
        tasks: list[asyncio.Task[Any]] = []
        for timers in self._timers.values():
            for timer in timers:
                timer.cancel()
        for runs in self.runs.values():
            for run in runs.values():
                tasks.extend(task for task in (run.task, run.hook, *run.processes) if task is not None)
        for task in tasks:
            task.cancel()
        if tasks:
            with contextlib.suppress(TimeoutError):
                async with self._host.clock.transport.timeout(STOP_SECONDS_MAX):
                    await asyncio.wait(tasks)
            for task in tasks:
                if not task.done():
                    log.warning("%s does not end when it is cancelled; it is left behind", task.get_name())
        await self._prober.stop()
        await self._asker.close()

    def log_of(self, state: PodState, name: str, container_id: str) -> ContainerLog | None:
        """What that run of a container wrote; kept are those of the newest and of the one before."""
        run = self.runs.get(state.uid, {}).get(name)
        if run is None:
            return None
        known = {run.container.id: run.log}
        if run.previous is not None:
            known[run.previous[0]] = run.previous[1]
        return known.get(container_id)

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

    def cut_power(self, state: PodState) -> None:
        """The machine is switched off: what was about to start does not, and what runs ends at once, nobody knows how."""
        for timer in self._timers.pop(state.uid, ()):
            timer.cancel()
        state.starting.clear()
        for run in self.runs.get(state.uid, {}).values():
            self._terminator.crash(run, Fate(EXIT_CODE_UNKNOWN, "Unknown"))

    def reset_sandbox(self, state: PodState) -> None:
        """Let the pod begin again, as after a restart of its machine; what it keeps in memory is lost."""
        if state.sandbox in ("creating", "ready"):
            self.remove_sandbox(state)
            state.sandbox, state.ip = "", ""
            state.sandboxes += 1
        state.back_offs.clear()
        state.waiting.clear()
        for volume in state.pod["spec"].get("volumes") or ():
            if volume.get("emptyDir", {}).get("medium") == "Memory":
                self._host.volumes.empty(state.uid, "emptyDir", volume["name"])

    def forget(self, state: PodState) -> None:
        """Remove all that is left of a pod."""
        for timer in self._timers.pop(state.uid, ()):
            timer.cancel()
        self.runs.pop(state.uid, None)
        self._volumes.pop(state.uid, None)
        self._puller.forget(state.uid)
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
        state.waiting.pop(name, None)
        held_back = self._puller.held_back(state, spec)
        if held_back is not None:
            state.waiting[name] = held_back
            return
        try:
            variables = await environment(state.pod, spec, state, self._host)
        except ConfigurationError as error:
            state.waiting[name] = Waiting(
                "CreateContainerConfigError", str(error), self._host.clock.now() + RETRY_SECONDS
            )
            self._host.events.pod(state, "Warning", "Failed", f"Error: {error}", name)
            return
        state.starting[name] = None
        if not self._puller.must_pull(spec):
            image = spec.get("image", "")
            text = f'Container image "{image}" already present on machine and can be accessed by the pod'
            self._host.events.pod(state, "Normal", "Pulled", text, name)
            self._launch(state, spec, variables, back_off)
            return
        seconds = self._puller.begin(state, spec)
        if seconds > 0:
            pending = f"pulling image {spec.get('image', '')}"
            self._later(state, seconds, self._pulled, state, spec, variables, back_off, seconds, pending=pending)
        else:
            self._pulled(state, spec, variables, back_off, seconds)

    def _pulled(
        self, state: PodState, spec: Object, variables: dict[str, str], back_off: BackOff | None, seconds: float
    ) -> None:
        """The pull has come to its end."""
        name = spec["name"]
        if name not in state.starting:
            return
        failed = self._puller.finish(state, spec, seconds)
        if failed is None:
            self._launch(state, spec, variables, back_off)
            return
        del state.starting[name]
        state.waiting[name] = failed
        self._host.changed(state.uid)

    def _launch(self, state: PodState, spec: Object, variables: dict[str, str], back_off: BackOff | None) -> None:
        name = spec["name"]
        if name not in state.starting or state.sandbox != "ready":
            return
        del state.starting[name]
        if not (state.gone or state.failure or "deletionTimestamp" in state.pod["metadata"]):
            if back_off is not None:
                state.back_offs[name] = back_off
            self._run(state, spec, variables)
        self._host.changed(state.uid)

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
            sandbox=state.sandboxes,
            resources=state.allocation.resources.get(name, {}),
            previous=before.exit if before else None,
        )
        state.containers[name] = container
        log, stdin = ContainerLog(host.clock), Pipe() if spec.get("stdin") else None
        found = host.programs.find(image)
        volumes = self._volumes.get(state.uid, {})
        context = container_context(state, spec, variables, volumes, host, image=found, log=log, stdin=stdin)
        runs = self.runs.setdefault(state.uid, {})
        last = runs.get(name)
        run = Run(state, container, spec, context, log, found, stdin, (last.container.id, last.log) if last else None)
        runs[name] = run
        host.events.pod(state, "Normal", "Created", "Container created", name)
        try:
            program, context.argv = found.main(context.command, context.args)
        except CommandNotFound as error:
            self._not_started(run, error)
            return
        run.release = hold_for_turns(host.clock.ledger, f"starting {image}", START_TURNS_MAX)
        program = self._faults.program(run, program)
        run.task = asyncio.create_task(run_program(program, context), name=f"container {state.key}/{name}")
        run.task.add_done_callback(functools.partial(self._terminator.exited, run))
        if context.terminal is not None:
            context.terminal.on_interrupt = run.interrupt
        host.instances.begin(_instance(state, container, host.name))
        host.events.pod(state, "Normal", "Started", "Container started", name)
        handler = spec.get("lifecycle", {}).get("postStart")
        if handler is None:
            self._prober.start(run)
        else:
            container.starting = True
            run.hook = asyncio.create_task(self._post_start(run, handler), name=f"postStart hook of {state.key}")
        self._faults.started(run)

    async def _post_start(self, run: Run, handler: Object) -> None:
        """Until the hook is done the container counts as being created, and the ones after it wait."""
        state, container, host = run.state, run.container, self._host
        try:
            await run_hook(host, self._asker, run, handler)
        except HookFailed as error:
            host.events.pod(state, "Warning", "FailedPostStartHook", "PostStartHook failed", container.name)
            state.waiting[container.name] = Waiting("PostStartHookError", str(error), host.clock.now())
            run.hook = None
            self._terminator.stop(run, pod_grace_seconds(state.pod), "FailedPostStartHook")
        else:
            run.hook = None
            container.starting = False
            self._prober.start(run)
        host.changed(state.uid)

    def _not_started(self, run: Run, error: CommandNotFound) -> None:
        """The image has not what the container is to run."""
        container, now = run.container, self._host.clock.now()
        text = f"{START_ERROR}: {error}"
        self._host.events.pod(run.state, "Warning", "Failed", f"Error: {text}", container.name)
        run.log.close()
        container.exit = Exit(EXIT_CODE_START_ERROR, "StartError", 0.0, now, container.id, text)

    # Their end

    def stop_container(self, state: PodState, name: str, grace: float, message: str) -> None:
        """Stop a container within the grace period, in seconds."""
        self._terminator.stop(self.runs[state.uid][name], grace, message)

    def _ended(self, run: Run, code: int) -> None:
        """Note how a run ended."""
        container = run.container
        if container.exit is not None:
            return
        for timer in run.timers:
            timer.cancel()
        if run.release is not None:
            run.release()
        cancel_hook(run)
        for process in list(run.processes):
            process.cancel()
        run.context.network.close()
        run.log.close()
        self._prober.end(container)
        container.ready = container.starting = False
        self._host.instances.end(container.id)
        reason, message = "Completed" if code == 0 else "Error", termination_message(run, code)
        if run.fate is not None:
            reason = run.fate.reason
        now = self._host.clock.now()
        container.exit = Exit(code, reason, container.started_at, now, container.id, message)
        for other in self.runs.get(run.state.uid, {}).values():
            self._terminator.proceed(other)
        self._host.changed(run.state.uid)


def _instance(state: PodState, container: Container, node: str) -> Instance:
    return Instance(
        node,
        state.namespace,
        state.name,
        state.uid,
        container.name,
        container.id,
        state.ip,
        container.started_at,
        state.owner_text,
        state.owner.get("uid", ""),
    )
