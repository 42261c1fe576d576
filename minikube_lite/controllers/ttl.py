"""ttl-controller: tells kubelets how long they may keep what they read, by the size of the cluster; upstream: pkg/controller/ttl."""

from __future__ import annotations

from typing import NamedTuple

from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.resources import NODES
from minikube_lite.store import Object

TTL_ANNOTATION = "node.alpha.kubernetes.io/ttl"


class Boundary(NamedTuple):
    """Up to and from how many nodes a time holds; steps overlap so that it does not change to and fro."""

    nodes_min: int
    nodes_max: int
    seconds: int


BOUNDARIES = (
    Boundary(0, 100, 0),
    Boundary(90, 500, 15),
    Boundary(450, 1000, 30),
    Boundary(900, 2000, 60),
    Boundary(1800, 2**31 - 1, 300),
)


class TTLController(Controller):
    """Keys are names of nodes."""

    name = "ttl-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._step = 0
        self._nodes = self.informer(NODES, self._node_changed)

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        count = len(self._nodes)
        while count > BOUNDARIES[self._step].nodes_max:
            self._step += 1
        while count < BOUNDARIES[self._step].nodes_min:
            self._step -= 1
        if new is not None:
            self.enqueue_changed(old, new)

    async def sync(self, key: str) -> None:
        """Annotate one node."""
        node = self._nodes.get("", key)
        seconds = str(BOUNDARIES[self._step].seconds)
        if node is None or (node["metadata"].get("annotations") or {}).get(TTL_ANNOTATION) == seconds:
            return
        try:
            await self.client.patch(NODES, "", key, {"metadata": {"annotations": {TTL_ANNOTATION: seconds}}})
        except ApiError as error:
            if not is_not_found(error):
                raise
