"""Probes: containers are asked whether they are started, ready and alive; upstream: pkg/kubelet/prober."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Literal

from minikube_lite.clock import Timer
from minikube_lite.kubelet.asking import Asker, AskingFailed, Response
from minikube_lite.kubelet.container_faults import PROBE_FAILS, ContainerFaults
from minikube_lite.kubelet.environment import expand
from minikube_lite.kubelet.grpc_health import check_health
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.run import Run
from minikube_lite.kubelet.state import Container
from minikube_lite.ledger import hold_for_turns
from minikube_lite.store import Object

log = logging.getLogger(__name__)

PROBE_TURNS_MAX = 100
"""So many turns of the event loop a probe counts as work that `settle()` waits for."""
USER_AGENT = "kube-probe/1.36"

ProbeKind = Literal["startup", "readiness", "liveness"]
KINDS: tuple[ProbeKind, ...] = ("startup", "readiness", "liveness")


@dataclass(slots=True)
class Tally:
    """How often in a row a probe gave the same result."""

    last: bool | None = None
    run: int = 0

    def count(self, success: bool, spec: Object) -> bool | None:
        """The verdict, once a result came as often as the spec's threshold asks; None before."""
        self.run = self.run + 1 if success == self.last else 1
        self.last = success
        threshold = spec.get("successThreshold", 1) if success else spec.get("failureThreshold", 3)
        return success if self.run >= threshold else None


@dataclass(slots=True)
class Probe:
    """One probe of one run of a container."""

    kind: ProbeKind
    spec: Object
    run: Run
    tally: Tally = field(default_factory=Tally)
    timer: Timer | None = None
    task: asyncio.Task[None] | None = None
    on_hold: bool = False


class Prober:
    """Runs the probes of one node's containers."""

    def __init__(self, host: Host, asker: Asker, faults: ContainerFaults) -> None:
        self._host = host
        self._asker = asker
        self._faults = faults
        self._probes: dict[str, list[Probe]] = {}
        self._tasks: dict[asyncio.Task[None], None] = {}

    def start(self, run: Run) -> None:
        """Begin to probe a container that was just started; without probes it is started and ready at once."""
        container, spec = run.container, run.spec
        container.started = "startupProbe" not in spec
        container.ready = "readinessProbe" not in spec
        probes = [Probe(kind, spec[f"{kind}Probe"], run) for kind in KINDS if f"{kind}Probe" in spec]
        if probes:
            self._probes[container.id] = probes
        for probe in probes:
            self._schedule(probe, float(probe.spec.get("initialDelaySeconds", 0)))

    def end(self, container: Container) -> None:
        """The container ended."""
        for probe in self._probes.pop(container.id, ()):
            if probe.timer is not None:
                probe.timer.cancel()
            if probe.task is not None:
                probe.task.cancel()

    def close(self) -> None:
        """Probe no more."""
        for probes in self._probes.values():
            for probe in probes:
                if probe.timer is not None:
                    probe.timer.cancel()
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _schedule(self, probe: Probe, delay: float) -> None:
        if probe.timer is not None:
            probe.timer.cancel()
        if delay > 0:
            probe.timer = self._host.clock.call_later(delay, self._tick, probe)
        else:
            self._tick(probe)

    def _tick(self, probe: Probe) -> None:
        container = probe.run.container
        if container.exit is not None:
            return
        if probe.kind != "readiness" and container.stop_by is not None:
            return
        period = float(probe.spec.get("periodSeconds", 10))
        probe.timer = self._host.clock.call_later(period, self._tick, probe)
        if probe.on_hold or probe.task is not None or container.started == (probe.kind == "startup"):
            return
        probe.task = task = asyncio.create_task(self._run(probe), name=f"{probe.kind} probe of {probe.run.state.key}")
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _run(self, probe: Probe) -> None:
        end = hold_for_turns(self._host.clock.ledger, "probe", PROBE_TURNS_MAX)
        try:
            self._judge(probe, await self._ask(probe))
        except AskingFailed as error:
            self._tell(probe, "Unhealthy", f"probe errored and resulted in unknown state: {error}")
        except Exception:
            log.exception("the %s probe of %s failed", probe.kind, probe.run.state.key)
        finally:
            probe.task = None
            end()

    def _judge(self, probe: Probe, fault: str | None) -> None:
        container = probe.run.container
        if container.exit is not None:
            return
        if fault is not None:
            self._tell(probe, "Unhealthy", f"probe failed: {fault}")
        verdict = probe.tally.count(fault is None, probe.spec)
        if verdict is None:
            return
        if probe.kind == "readiness":
            changed, container.ready = container.ready != verdict, verdict
        elif probe.kind == "startup" and verdict:
            changed = container.started = probe.on_hold = True
            for other in self._probes.get(container.id, ()):
                if other.kind != "startup":
                    self._schedule(other, 0.0)
        else:
            changed = probe.on_hold = not verdict
            container.unhealthy = container.unhealthy if verdict else probe.kind
        if changed:
            self._host.changed(probe.run.state.uid)

    # Asking

    async def _ask(self, probe: Probe) -> str | None:
        """What is wrong; None for success. Raises AskingFailed."""
        spec, timeout = probe.spec, float(probe.spec.get("timeoutSeconds", 1))
        if self._faults.fails_probe(probe.run, probe.kind):
            return PROBE_FAILS
        if "exec" in spec:
            return await self._command(probe, list(spec["exec"].get("command") or ()), timeout)
        try:
            if "httpGet" in spec:
                return self._verdict(probe, await self._asker.http(probe.run, spec["httpGet"], USER_AGENT, timeout))
            if "tcpSocket" in spec:
                self._asker.connect(probe.run, spec["tcpSocket"])
                return None
        except OSError as error:
            return str(error)
        return await check_health(self._host, probe.run.state.ip, spec["grpc"], timeout)

    async def _command(self, probe: Probe, command: list[str], timeout: float) -> str | None:
        variables = {one["name"]: one.get("value", "") for one in probe.run.spec.get("env") or ()}
        argv = [expand(word, variables) for word in command]
        if not probe.run.image.known:
            text = f"what the image {probe.run.container.image} holds is not known, exec probes of it count as success"
            self._tell(probe, "ProbeWarning", f"probe warning: {text}")
            probe.on_hold = True
            return None
        try:
            code, output = await self._asker.command(probe.run, argv, timeout)
        except TimeoutError:
            return f'command timed out: "{" ".join(argv)}" timed out after {timeout:g}s'
        return output.decode(errors="replace") if code else None

    def _verdict(self, probe: Probe, response: Response) -> str | None:
        if 300 <= response.status < 400:
            body = response.body.decode(errors="replace")
            self._tell(probe, "ProbeWarning", f"probe warning: Probe terminated redirects, Response body: {body}")
        good = 200 <= response.status < 400
        return None if good else f"HTTP probe failed with statuscode: {response.status}"

    def _tell(self, probe: Probe, reason: str, text: str) -> None:
        kind = probe.kind.capitalize()
        self._host.events.pod(probe.run.state, "Warning", reason, f"{kind} {text}", probe.run.container.name)
