"""Nodes that are broken on purpose: what each kind of node fault does to the node that it befalls; no counterpart upstream."""

from __future__ import annotations

from collections.abc import Mapping

from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.kubelet import Kubelet
from minikube_lite.kubelet.pace import Pace
from minikube_lite.machinery.fault_specs import NodeFault, matches
from minikube_lite.machinery.faults import Fault, Faults
from minikube_lite.network.fabric import Network


class NodeFaults:
    """Follows the faults of nodes. One strikes each node that it matches, when it begins."""

    def __init__(self, faults: Faults, network: Network, kubelets: Mapping[str, Kubelet]) -> None:
        self._network = network
        self._kubelets = kubelets
        self._befallen: dict[Fault, list[str]] = {}
        self._slow: dict[str, dict[str, float]] = {}
        self._paces: dict[str, Pace] = {}
        faults.follow(NodeFault, self._changed)

    def _changed(self, fault: Fault, begins: bool) -> None:
        spec = fault.spec
        assert isinstance(spec, NodeFault)
        if not begins:
            for name in self._befallen.pop(fault, ()):
                self._heal(spec, name, _cause(fault))
            return
        befallen = self._befallen[fault] = []
        for name in self._kubelets:
            if matches(spec.name, name) and fault.strikes(f"node {name}"):
                befallen.append(name)
                self._break(spec, name, _cause(fault))

    def _break(self, spec: NodeFault, name: str, cause: str) -> None:
        kubelet = self._kubelets[name]
        match spec.type:
            case "Cut":
                self._network.isolate(name, cause)
            case "Reboot":
                self._network.isolate(name, cause)
                kubelet.go_down(cause)
                kubelet.host.clock.call_later(spec.delay_seconds, self._boot, name, cause)
            case "Slow":
                self._slow.setdefault(name, {})[cause] = spec.delay_seconds
                self._set_pace(kubelet.host)
            case "MemoryPressure" | "DiskPressure" | "PIDPressure":
                kubelet.eviction.begin(spec.type, cause)

    def _heal(self, spec: NodeFault, name: str, cause: str) -> None:
        kubelet = self._kubelets[name]
        match spec.type:
            case "Cut":
                self._network.rejoin(name, cause)
            case "Reboot":
                self._boot(name, cause)
            case "Slow":
                self._slow[name].pop(cause)
                self._set_pace(kubelet.host)
            case "MemoryPressure" | "DiskPressure" | "PIDPressure":
                kubelet.eviction.end(spec.type, cause)

    def _boot(self, name: str, cause: str) -> None:
        """The node comes up, unless it did already."""
        self._kubelets[name].boot(cause)
        self._network.rejoin(name, cause)

    def _set_pace(self, host: Host) -> None:
        host.pace = self._paces.setdefault(host.name, host.pace).slowed(sum(self._slow[host.name].values()))


def _cause(fault: Fault) -> str:
    return f"fault {fault.name}"
