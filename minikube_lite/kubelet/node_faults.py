"""Nodes that are broken on purpose: what each kind of node fault does to the node that it befalls; no counterpart upstream."""

from __future__ import annotations

from collections.abc import Mapping

from minikube_lite.kubelet.kubelet import Kubelet
from minikube_lite.machinery.fault_specs import NodeFault, matches
from minikube_lite.machinery.faults import Fault, Faults
from minikube_lite.network.fabric import Network


class NodeFaults:
    """Follows the faults of nodes. One strikes each node that it matches, when it begins."""

    def __init__(self, faults: Faults, network: Network, kubelets: Mapping[str, Kubelet]) -> None:
        self._network = network
        self._kubelets = kubelets
        self._befallen: dict[Fault, list[str]] = {}
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
        match spec.type:
            case "Cut":
                self._network.isolate(name, cause)

    def _heal(self, spec: NodeFault, name: str, cause: str) -> None:
        match spec.type:
            case "Cut":
                self._network.rejoin(name, cause)


def _cause(fault: Fault) -> str:
    return f"fault {fault.name}"
