"""Watches Deployments and their ReplicaSets, and syncs one after the other; upstream: deployment_controller.go."""

from __future__ import annotations

from typing import ClassVar

from minikube_lite.controllers.deployment.decide import Observed, decide
from minikube_lite.controllers.deployment.effects import Effects
from minikube_lite.controllers.deployment.limits import is_rolling
from minikube_lite.controllers.deployment.new_replicaset import KIND
from minikube_lite.controllers.deployment.replicasets import name_of
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.controllers.ownership import CONTROLLER_INDEX, Ownership, controller_index, selector_of
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.meta import controller_of, is_pod_terminal
from minikube_lite.machinery.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from minikube_lite.store import Object


class DeploymentController(Controller):
    """Brings pods from one template to the next by the sizes of ReplicaSets; it never touches pods itself.

    Before a sync the caches show everything that earlier syncs of the Deployment wrote.
    """

    name: ClassVar[str] = "deployment-controller"
    turns = 8

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._deployments = self.informer(DEPLOYMENTS, self.enqueue_changed)
        self._sets = self.informer(REPLICA_SETS, self._set_changed)
        self._pods = self.informer(PODS, self._pod_changed)
        self._pods.add_index(CONTROLLER_INDEX, controller_index)
        self._writes = OwnWrites(self.client, self._deployments, self._sets)
        self._owned = Ownership(self.client, self._deployments, KIND, self._sets, self._writes)
        self._effects = Effects(self.client, self.events, self._writes, self.clock.now)

    # Which Deployments a change concerns

    def _set_changed(self, old: Object | None, new: Object | None) -> None:
        for deployment in self._owned.concerned(old, new):
            self.queue.add(object_key(deployment))

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        """Where pods are recreated, the last old one that goes makes room for the new ones."""
        if old is None or new is not None:
            return
        reference = controller_of(old)
        if reference is None or reference["kind"] != "ReplicaSet":
            return
        replica_set = self._sets.get(old["metadata"]["namespace"], reference["name"])
        if replica_set is None or replica_set["metadata"]["uid"] != reference["uid"]:
            return
        deployment = self._owned.owner_of(replica_set)
        if deployment is not None and not is_rolling(deployment):
            self.queue.add(object_key(deployment))

    # Syncing

    async def sync(self, key: str) -> None:
        namespace, name = split_key(key)
        if not await self._writes.are_shown(key, namespace):
            return
        deployment = self._deployments.get(namespace, name)
        if deployment is None:
            self._writes.forget(key)
            return
        selector = selector_of(deployment)
        if selector is None or selector.everything:
            return
        replica_sets = await self._owned.claim(deployment, selector)
        running = frozenset() if is_rolling(deployment) else self._running(replica_sets)
        decision = decide(Observed(deployment, replica_sets, running, self.clock.now()))
        reasons = [*decision.waits, *(action.reason for action in decision.actions)]
        code = reasons[0].code if reasons else "AsWanted"
        texts = dict.fromkeys(f"{reason.about}: {reason.text}" for reason in reasons)
        self.because(DEPLOYMENTS, key, code, "; ".join(texts) or "all its ReplicaSets are as wanted")
        written = await self._effects.perform(deployment, decision)
        if not written and decision.look_again_after is not None:
            self.queue.add_after(key, decision.look_again_after)

    def _running(self, replica_sets: list[Object]) -> frozenset[str]:
        """The names of those that have pods which have not ended."""
        return frozenset(
            name_of(replica_set)
            for replica_set in replica_sets
            if not all(map(is_pod_terminal, self._pods.by_index(CONTROLLER_INDEX, replica_set["metadata"]["uid"])))
        )
