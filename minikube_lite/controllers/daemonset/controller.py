"""Watches sets, nodes and pods, and syncs one set after the other; upstream: daemon_controller.go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from minikube_lite.controllers.daemonset.decide import BackOff, Decision, Observed, decide
from minikube_lite.controllers.daemonset.nodes import HASH_LABEL, KIND, REVISIONS, NodeFilter, new_pod
from minikube_lite.controllers.history.history import History
from minikube_lite.controllers.history.revisions import equal_data, plan_revisions, sort_revisions, surplus_revisions
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.controllers.ownership import Ownership, raise_faults, selector_of
from minikube_lite.controllers.pod_availability import next_availability
from minikube_lite.controllers.pod_control import PodControl, in_doubling_batches
from minikube_lite.controllers.status_writes import write_status
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_namespace_terminating
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS
from minikube_lite.store import Object


class DaemonSetController(Controller):
    """Keeps a pod of every set on each node that should have one.

    Before a sync the caches show everything that earlier syncs of the set wrote.
    """

    name: ClassVar[str] = "daemonset-controller"
    turns = 8

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._sets = self.informer(DAEMON_SETS, self.enqueue_changed)
        self._pods = self.informer(PODS, self._pod_changed)
        self._revisions = self.informer(CONTROLLER_REVISIONS, self._revision_changed)
        self._nodes = self.informer(NODES, self._node_changed)
        self._writes = OwnWrites(self.client, self._sets, self._pods, self._revisions)
        self._history = History(self.client, self._writes)
        self._owned_pods = Ownership(self.client, self._sets, KIND, self._pods, self._writes)
        self._owned_revisions = Ownership(self.client, self._sets, KIND, self._revisions, self._writes)
        self._pod_control = PodControl(self.client, self.events, self._writes, DAEMON_SETS, KIND)
        self._back_offs: dict[str, tuple[object, dict[str, BackOff]]] = {}
        """Of failed pods, by the set's key; for one uid and generation, by node."""

    # Which sets a change concerns

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        for daemon_set in self._owned_pods.concerned(old, new):
            self.queue.add(object_key(daemon_set))

    def _revision_changed(self, old: Object | None, new: Object | None) -> None:
        for daemon_set in self._owned_revisions.concerned(old, new):
            self.queue.add(object_key(daemon_set))

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        """Only sets that want something else of the node than before."""
        if old is not None and new is not None and _same_for_placement(old, new):
            return
        for daemon_set in self._sets:
            wanted = NodeFilter(daemon_set)
            if wanted.placement(old) != wanted.placement(new):
                self.queue.add(object_key(daemon_set))

    # Syncing

    async def sync(self, key: str) -> None:
        namespace, name = split_key(key)
        if not await self._writes.are_shown(key, namespace):
            return
        daemon_set = self._sets.get(namespace, name)
        if daemon_set is None:
            self._writes.forget(key)
            self._back_offs.pop(key, None)
            return
        selector = selector_of(daemon_set)
        if is_deleting(daemon_set) or selector is None:
            return
        if selector.everything:
            text = "This daemon set is selecting all pods. A non-empty selector is required."
            self.events.event(ObjectReference.of(daemon_set, DAEMON_SETS, KIND), "Warning", "SelectingAll", text)
            return
        revisions = sort_revisions(await self._owned_revisions.claim(daemon_set, selector))
        pods = await self._owned_pods.claim(daemon_set, selector)
        await self._sync_set(daemon_set, revisions, pods)

    async def _sync_set(self, daemon_set: Object, revisions: Sequence[Object], pods: Sequence[Object]) -> None:
        collision_count = daemon_set.get("status", {}).get("collisionCount", 0)
        plan = plan_revisions(REVISIONS, daemon_set, revisions, collision_count)
        update, collision_count = await self._history.carry_out(daemon_set, plan, collision_count)
        if await self._merge_revisions(daemon_set, update, revisions, pods):
            return
        now, back_offs = self.clock.now(), self._back_offs_of(daemon_set)
        decision = decide(Observed(daemon_set, self._nodes.list_objects(), pods, _hash(update), back_offs, now))
        back_offs.update(decision.back_offs)
        faults = await self._perform(daemon_set, decision, _hash(update))
        if not faults:
            await self._clean_up(daemon_set, update, revisions, pods)
        try:
            await self._write_status(daemon_set, decision.status, collision_count)
        except ApiError as error:
            faults.append(error)
        raise_faults(f"sync of {object_key(daemon_set)} failed", faults)
        self._look_again(daemon_set, decision, pods, now)

    def _back_offs_of(self, daemon_set: Object) -> dict[str, BackOff]:
        """A set that was changed begins anew."""
        key = object_key(daemon_set)
        version = (daemon_set["metadata"]["uid"], daemon_set.get("status", {}).get("observedGeneration", 0))
        known = self._back_offs.get(key)
        if known is None or known[0] != version:
            known = self._back_offs[key] = (version, {})
        return known[1]

    async def _merge_revisions(
        self, daemon_set: Object, update: Object, revisions: Sequence[Object], pods: Sequence[Object]
    ) -> bool:
        """Adopted revisions may say the same as the newest: their pods become its own. Whether there were any."""
        name = update["metadata"]["name"]
        doubles = [one for one in revisions if one["metadata"]["name"] != name and equal_data(one, update)]
        hashes = [_hash(double) for double in doubles]
        for pod in pods:
            if hashes and (pod["metadata"].get("labels") or {}).get(HASH_LABEL) in hashes:
                metadata = pod["metadata"]
                patch = {"metadata": {"labels": {HASH_LABEL: _hash(update)}}}
                patched = await self.client.patch(PODS, metadata["namespace"], metadata["name"], patch)
                self._writes.note(object_key(daemon_set), PODS, patched)
        for double in doubles:
            await self._history.delete(daemon_set, double)
        return bool(doubles)

    async def _perform(self, daemon_set: Object, decision: Decision, revision_hash: str) -> list[Exception]:
        reference = ObjectReference.of(daemon_set, DAEMON_SETS, KIND)
        for report in decision.reports:
            self.events.event(reference, report.type, report.reason, report.message)

        async def create(node_name: str) -> None:
            await self._pod_control.create(daemon_set, new_pod(daemon_set, node_name, revision_hash))

        _, errors = await in_doubling_batches(decision.create, create)
        faults: list[Exception] = [error for error in errors if not is_namespace_terminating(error)]
        for pod in decision.delete:
            try:
                await self._pod_control.delete(daemon_set, pod)
            except ApiError as error:
                faults.append(error)
        return faults

    async def _clean_up(
        self, daemon_set: Object, update: Object, revisions: Sequence[Object], pods: Sequence[Object]
    ) -> None:
        """Forget the oldest revisions beyond the limit that no pod is of."""
        hashes = [(pod["metadata"].get("labels") or {}).get(HASH_LABEL) for pod in pods]
        old = [one for one in revisions if one["metadata"]["name"] != update["metadata"]["name"]]
        used = [one["metadata"]["name"] for one in old if _hash(one) in hashes]
        for revision in surplus_revisions(REVISIONS, daemon_set, old, used):
            await self._history.delete(daemon_set, revision)

    async def _write_status(self, daemon_set: Object, status: Object, collision_count: int) -> None:
        """Write the status if it says something new."""
        known = daemon_set.get("status", {})
        changed = any(known.get(part, 0) != status[part] for part in status if part != "observedGeneration")
        outdated = known.get("observedGeneration", 0) < status["observedGeneration"]
        if not changed and not outdated and known.get("collisionCount", 0) == collision_count:
            return
        new = {**known, **status}
        if collision_count:
            new["collisionCount"] = collision_count
        written = await write_status(self.client, DAEMON_SETS, daemon_set, new)
        self._writes.note(object_key(daemon_set), DAEMON_SETS, written)

    def _look_again(self, daemon_set: Object, decision: Decision, pods: Sequence[Object], now: float) -> None:
        """Nothing changes when a ready pod becomes available, or a back-off ends: come back at that moment."""
        delays = [decision.look_again_in]
        min_ready_seconds = daemon_set["spec"].get("minReadySeconds", 0)
        if min_ready_seconds:
            delays.append(next_availability(pods, min_ready_seconds, now))
        for delay in delays:
            if delay is not None:
                self.queue.add_after(object_key(daemon_set), delay)


def _same_for_placement(old: Object, new: Object) -> bool:
    same_taints = old["spec"].get("taints") == new["spec"].get("taints")
    return bool(same_taints and old["metadata"].get("labels") == new["metadata"].get("labels"))


def _hash(revision: Object) -> str:
    """The revision's hash as pods carry it; one without the label goes by its name."""
    metadata = revision["metadata"]
    return str((metadata.get("labels") or {}).get(HASH_LABEL) or metadata["name"])
