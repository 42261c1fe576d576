"""Probes: containers are asked whether they are started, ready and alive; upstream: pkg/kubelet/prober."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Literal

import aiohttp

from minikube_lite.clock import Timer
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.state import Container, PodState
from minikube_lite.network.http import http_session
from minikube_lite.network.switch import Origin
from minikube_lite.programs.program import hold_for_turns
from minikube_lite.store import Object

log = logging.getLogger(__name__)

PROBE_TURNS_MAX = 100
"""So many turns of the event loop a probe counts as work that `settle()` waits for."""
PROBE_BODY_BYTES_MAX = 10 << 10

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
    state: PodState
    container: Container
    ports: Object
    """The numbers of the container's named ports."""
    tally: Tally = field(default_factory=Tally)
    timer: Timer | None = None
    task: asyncio.Task[None] | None = None
    on_hold: bool = False


class Prober:
    """Runs the probes of one node's containers."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._probes: dict[str, list[Probe]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._tasks: dict[asyncio.Task[None], None] = {}

    def start(self, state: PodState, container: Container, spec: Object) -> None:
        """Begin to probe a container that was just started; without probes it is started and ready at once."""
        container.started = "startupProbe" not in spec
        container.ready = "readinessProbe" not in spec
        ports = {port["name"]: port["containerPort"] for port in spec.get("ports") or () if port.get("name")}
        probes = [
            Probe(kind, spec[f"{kind}Probe"], state, container, ports) for kind in KINDS if f"{kind}Probe" in spec
        ]
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
        if self._session is not None:
            await self._session.close()

    def _schedule(self, probe: Probe, delay: float) -> None:
        if probe.timer is not None:
            probe.timer.cancel()
        if delay > 0:
            probe.timer = self._host.clock.call_later(delay, self._tick, probe)
        else:
            self._tick(probe)

    def _tick(self, probe: Probe) -> None:
        container = probe.container
        if container.exit is not None:
            return
        if probe.kind != "readiness" and container.stop_by is not None:
            return
        period = float(probe.spec.get("periodSeconds", 10))
        probe.timer = self._host.clock.call_later(period, self._tick, probe)
        if probe.on_hold or probe.task is not None or container.started == (probe.kind == "startup"):
            return
        probe.task = task = asyncio.create_task(self._run(probe), name=f"{probe.kind} probe of {probe.state.key}")
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _run(self, probe: Probe) -> None:
        end = hold_for_turns(self._host.clock.ledger, "probe", PROBE_TURNS_MAX)
        try:
            fault = await self._ask(probe)
            self._judge(probe, fault)
        except Exception:
            log.exception("the %s probe of %s failed", probe.kind, probe.state.key)
        finally:
            probe.task = None
            end()

    def _judge(self, probe: Probe, fault: str) -> None:
        host, container = self._host, probe.container
        if container.exit is not None:
            return
        if fault:
            text = f"{probe.kind.capitalize()} probe failed: {fault}"
            host.events.pod(probe.state, "Warning", "Unhealthy", text, container.name)
        verdict = probe.tally.count(not fault, probe.spec)
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
            host.changed(probe.state.uid)

    # Asking

    async def _ask(self, probe: Probe) -> str:
        """What is wrong; empty for success. Time out in emulated time."""
        if "httpGet" in probe.spec:
            asking = asyncio.ensure_future(self._http(probe))
        elif "tcpSocket" in probe.spec:
            return self._tcp(probe)
        else:
            kind = "exec" if "exec" in probe.spec else "grpc"
            text = (
                f"{probe.kind.capitalize()} probe warning: {kind} probes are not emulated, this one counts as success"
            )
            self._host.events.pod(probe.state, "Warning", "ProbeWarning", text, probe.container.name)
            probe.on_hold = True
            return ""
        timeout = float(probe.spec.get("timeoutSeconds", 1))
        timer = self._host.clock.call_later(timeout, asking.cancel)
        try:
            return await asking
        except asyncio.CancelledError:
            if not timer.cancelled:
                asking.cancel()
                raise
            exceeded = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            return f'Get "{self._url(probe)}": {exceeded}'
        finally:
            timer.cancel()

    async def _http(self, probe: Probe) -> str:
        if self._session is None:
            self._session = http_session(self._host.network.switch, Origin(self._host.name, self._host.ip))
        url = self._url(probe)
        headers = {header["name"]: header.get("value", "") for header in probe.spec["httpGet"].get("httpHeaders") or ()}
        headers.setdefault("User-Agent", "kube-probe/1.36")
        try:
            plain = f"http://{url.partition('://')[2]}"
            async with self._session.get(plain, headers=headers, allow_redirects=False) as response:
                await response.content.read(PROBE_BODY_BYTES_MAX)
                good = 200 <= response.status < 400
                return "" if good else f"HTTP probe failed with statuscode: {response.status}"
        except (aiohttp.ClientError, OSError) as error:
            return f'Get "{url}": {error}'

    def _tcp(self, probe: Probe) -> str:
        action, host = probe.spec["tcpSocket"], self._host
        origin = Origin(host.name, host.ip)
        try:
            _, writer = host.network.switch.connect(
                origin, action.get("host") or probe.state.ip, self._port(probe, action)
            )
        except OSError as error:
            return str(error)
        writer.close()
        return ""

    def _url(self, probe: Probe) -> str:
        action = probe.spec["httpGet"]
        address = action.get("host") or probe.state.ip
        path = action.get("path") or "/"
        slash = "" if path.startswith("/") else "/"
        return f"{action.get('scheme', 'HTTP').lower()}://{address}:{self._port(probe, action)}{slash}{path}"

    def _port(self, probe: Probe, action: Object) -> int:
        port = action["port"]
        return int(probe.ports.get(port, 0) if isinstance(port, str) and not port.isdigit() else port)
