"""Containers that are broken on purpose: what each kind of fault does to those of one node; no counterpart upstream."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.run import Fate, Run
from minikube_lite.machinery.faults import Fault
from minikube_lite.machinery.pod_faults import ContainerFacts, ContainerFault
from minikube_lite.programs.program import EXIT_CODE_KILLED, PodContext, Program

PROBE_FAILS = "a fault lets it fail"


class ContainerFaults:
    """Follows the faults of containers. `crash` ends a run as it is told to."""

    def __init__(self, host: Host, runs: Mapping[str, Mapping[str, Run]], crash: Callable[[Run, Fate], None]) -> None:
        self._host = host
        self._runs = runs
        self._crash = crash
        self._hung: dict[Fault, list[Run]] = {}
        host.faults.follow(ContainerFault, self._changed)

    def started(self, run: Run) -> None:
        """A container was started."""
        for fault in self._host.faults.of(ContainerFault):
            self._strike(fault, run)

    def program(self, run: Run, program: Program) -> Program:
        """What a container that starts is to run: its program, at once or later."""
        if ContainerFault not in self._host.faults:
            return program
        facts = self._facts(run)
        slow = self._host.faults.find(
            ContainerFault, lambda one: one.type == "SlowStart" and one.fits(facts), str(facts)
        )
        if slow is None:
            return program
        delay = slow.delay_seconds

        async def later(context: PodContext) -> int | None:
            await context.clock.sleep(delay)
            return await program(context)

        return later

    def fails_probe(self, run: Run, kind: str) -> bool:
        """Whether a probe that is about to be made fails."""
        if ContainerFault not in self._host.faults:
            return False
        facts = self._facts(run)

        def meant(one: ContainerFault) -> bool:
            return one.type == "FailProbe" and (not one.probes or kind in one.probes) and one.fits(facts)

        return self._host.faults.find(ContainerFault, meant, f"{kind} probe of {facts}") is not None

    def _facts(self, run: Run) -> ContainerFacts:
        state, spec = run.state, run.spec
        return ContainerFacts(state.namespace, state.name, spec["name"], spec.get("image", ""), self._host.name)

    def _changed(self, fault: Fault, begins: bool) -> None:
        if not begins:
            for run in self._hung.pop(fault, ()):
                if not any(one is run for others in self._hung.values() for one in others):
                    run.context.network.resume()
            return
        for runs in list(self._runs.values()):
            for run in list(runs.values()):
                if run.container.exit is None:
                    self._strike(fault, run)

    def _strike(self, fault: Fault, run: Run) -> None:
        spec = fault.spec
        assert isinstance(spec, ContainerFault)
        if spec.type not in ("Crash", "OOMKilled", "Hang"):
            return
        facts = self._facts(run)
        if not spec.fits(facts) or not fault.strikes(str(facts)):
            return
        if spec.after_seconds > 0:
            run.timers.append(self._host.clock.call_later(spec.after_seconds, self._befall, fault, spec, run))
        else:
            self._befall(fault, spec, run)

    def _befall(self, fault: Fault, spec: ContainerFault, run: Run) -> None:
        if fault not in self._host.faults.of(ContainerFault) or run.container.exit is not None:
            return
        match spec.type:
            case "Crash":
                self._crash(run, Fate(spec.exit_code, "Completed" if spec.exit_code == 0 else "Error"))
            case "OOMKilled":
                self._crash(run, Fate(EXIT_CODE_KILLED, "OOMKilled"))
            case "Hang":
                self._hung.setdefault(fault, []).append(run)
                run.context.network.hang()
