"""Watches ReplicaSets (or ReplicationControllers) and their pods, and syncs one after the other; upstream: replica_set.go."""

from __future__ import annotations

from typing import ClassVar

from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.controllers.ownership import CONTROLLER_INDEX, Ownership, controller_index, selector_of
from minikube_lite.controllers.pod_availability import next_availability
from minikube_lite.controllers.pod_control import PodControl, in_doubling_batches, pod_from_template
from minikube_lite.controllers.replicaset.decide import Decision, decide, surplus
from minikube_lite.controllers.replicaset.ranking import is_active
from minikube_lite.controllers.replicaset.status import compute_status, is_status_outdated
from minikube_lite.controllers.status_writes import write_status
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_namespace_terminating
from minikube_lite.machinery.meta import controller_of, is_deleting, is_pod_terminal
from minikube_lite.machinery.resources import PODS, REPLICA_SETS, REPLICATION_CONTROLLERS, GroupVersionResource
from minikube_lite.machinery.selectors import Selector
from minikube_lite.store import Object


class ReplicaSetController(Controller):
    """Keeps as many pods as every ReplicaSet says.

    - Pods that ended count no more: others take their place, and the garbage collector of pods removes them.
    - Before a sync the caches show everything that earlier syncs of the ReplicaSet wrote.
    """

    name: ClassVar[str] = "replicaset-controller"
    turns = 8
    resource: ClassVar[GroupVersionResource] = REPLICA_SETS
    kind: ClassVar[str] = "ReplicaSet"
    counts_terminating: ClassVar[bool] = True
    """Whether the status has a place for pods that are being deleted."""

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._sets = self.informer(self.resource, self._set_changed)
        self._pods = self.informer(PODS, self._pod_changed)
        self._sets.add_index(CONTROLLER_INDEX, controller_index)
        self._writes = OwnWrites(self.client, self._sets, self._pods)
        self._owned = Ownership(self.client, self._sets, self.kind, self._pods, self._writes)
        self._pod_control = PodControl(self.client, self.events, self._writes, self.resource, self.kind)

    # Which ReplicaSets a change concerns

    def _set_changed(self, old: Object | None, new: Object | None) -> None:
        """Its own status asks for nothing; its own pods do, for they are to be counted."""
        if new is None or self._writes.is_news(object_key(new), self.resource, new):
            self.enqueue_changed(old, new)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        for replica_set in self._owned.concerned(old, new):
            self.queue.add(object_key(replica_set))

    # Syncing

    async def sync(self, key: str) -> None:
        namespace, name = split_key(key)
        if not await self._writes.are_shown(key, namespace):
            return
        replica_set = self._sets.get(namespace, name)
        if replica_set is None:
            self._writes.forget(key)
            return
        selector = selector_of(replica_set)
        if selector is None:
            return
        there = filter(is_active, self._owned.owned_and_orphans(replica_set))
        await self._sync_set(replica_set, selector, await self._owned.claim(replica_set, selector, among=there))

    async def _sync_set(self, replica_set: Object, selector: Selector, active: list[Object]) -> None:
        terminating = self._terminating(replica_set, selector) if self.counts_terminating else None
        related = self._related(replica_set) if surplus(replica_set, active) > 0 else []
        decision = decide(replica_set, active, related, self.clock.now())
        self._note(replica_set, active, decision)
        fault = await self._perform(replica_set, decision)
        now = self.clock.now()
        failure = _failure_text(fault, created=surplus(replica_set, active) < 0) if fault else None
        status = compute_status(replica_set, active, terminating, failure, now)
        if is_status_outdated(replica_set, status):
            written = await write_status(self.client, self.resource, replica_set, status)
            self._writes.note(object_key(replica_set), self.resource, written)
        if fault is not None:
            raise fault
        self._look_again(replica_set, status, active, now)

    def _note(self, replica_set: Object, active: list[Object], decision: Decision) -> None:
        text = f"{len(active)} of {replica_set['spec']['replicas']} pods are there"
        self.because(self.resource, object_key(replica_set), decision.reason, text)
        for pod in decision.delete:
            self.because(
                PODS, object_key(pod), decision.reason, f"{text} of {self.kind} {replica_set['metadata']['name']}"
            )

    async def _perform(self, replica_set: Object, decision: Decision) -> ApiError | None:
        """Make or delete pods; returns the first fault. Nothing is to be done about a namespace that goes."""

        async def create(_number: int) -> None:
            template = replica_set["spec"]["template"]
            pod = pod_from_template(replica_set, self.resource, self.kind, template)
            await self._pod_control.create(replica_set, pod)

        _, faults = await in_doubling_batches(range(decision.create), create)
        for pod in decision.delete:
            try:
                await self._pod_control.delete(replica_set, pod)
            except ApiError as error:
                faults.append(error)
        return next((fault for fault in faults if not is_namespace_terminating(fault)), None)

    def _terminating(self, replica_set: Object, selector: Selector) -> int:
        """How many of its pods are being deleted and have not ended."""
        return sum(
            is_deleting(pod) and not is_pod_terminal(pod) and selector.matches(pod["metadata"].get("labels"))
            for pod in self._owned.owned(replica_set)
        )

    def _related(self, replica_set: Object) -> list[Object]:
        """The pods of all ReplicaSets that one Deployment owns; none where nothing owns this one."""
        reference = controller_of(replica_set)
        found: dict[str, Object] = {}
        for related in self._sets.by_index(CONTROLLER_INDEX, reference["uid"]) if reference else ():
            selector = selector_of(related)
            for pod in self._owned.matching(related, selector) if selector is not None else ():
                found[pod["metadata"]["uid"]] = pod
        return list(found.values())

    def _look_again(self, replica_set: Object, status: Object, active: list[Object], now: float) -> None:
        """Nothing changes when a ready pod becomes available: come back at that moment."""
        min_ready_seconds = replica_set["spec"].get("minReadySeconds", 0)
        if min_ready_seconds and status.get("readyReplicas") != status.get("availableReplicas"):
            delay = next_availability(active, min_ready_seconds, now)
            self.queue.add_after(object_key(replica_set), min_ready_seconds if delay is None else delay)


class ReplicationManager(ReplicaSetController):
    """The same for ReplicationControllers, which were there before ReplicaSets."""

    name: ClassVar[str] = "replication-controller"
    resource: ClassVar[GroupVersionResource] = REPLICATION_CONTROLLERS
    kind: ClassVar[str] = "ReplicationController"
    counts_terminating: ClassVar[bool] = False


def _failure_text(fault: ApiError, *, created: bool) -> str:
    return str(fault) if created else f"unable to delete pods: {fault}"
