"""Watches sets and what belongs to them, and syncs one set after the other; upstream: stateful_set.go."""

from __future__ import annotations

import functools
from typing import ClassVar

from minikube_lite.controllers.history.history import History
from minikube_lite.controllers.history.revisions import plan_revisions, sort_revisions, surplus_revisions
from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.controllers.ownership import Ownership, raise_faults, selector_of
from minikube_lite.controllers.pod_availability import next_availability
from minikube_lite.controllers.statefulset.actions import Decision, DeletePod
from minikube_lite.controllers.statefulset.decide import Observed, decide
from minikube_lite.controllers.statefulset.effects import Effects
from minikube_lite.controllers.statefulset.identity import (
    KIND,
    REVISIONS,
    claim_names,
    is_member,
    ordinal_of,
    replica_count,
    start_ordinal,
)
from minikube_lite.controllers.statefulset.pod_state import pod_revision
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.resources import CONTROLLER_REVISIONS, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS
from minikube_lite.machinery.selectors import Selector
from minikube_lite.store import Object


class StatefulSetController(Controller):
    """Keeps the pods of every set as the set says.

    - A pod of a name is created only when none of that name is there, so at most one of it ever runs.
    - A claim is created before the pod that uses it, and never deleted here.
    - Before a sync the caches show everything that earlier syncs of the set wrote.
    """

    name: ClassVar[str] = "statefulset-controller"
    turns = 8

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._sets = self.informer(STATEFUL_SETS, self.enqueue_changed)
        self._pods = self.informer(PODS, self._pod_changed)
        self._claims = self.informer(PERSISTENT_VOLUME_CLAIMS, self._written_changed)
        self._revisions = self.informer(CONTROLLER_REVISIONS, self._written_changed)
        self._writes = OwnWrites(self.client, self._sets, self._pods, self._claims, self._revisions)
        self._history = History(self.client, self._writes)
        self._owned_pods = Ownership(self.client, self._sets, KIND, self._pods, self._writes)
        self._owned_revisions = Ownership(self.client, self._sets, KIND, self._revisions, self._writes)
        self._effects = Effects(self.client, self.events, self._writes)

    # Which sets a change concerns

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        for stateful_set in self._owned_pods.concerned(old, new):
            self.queue.add(object_key(stateful_set))

    def _written_changed(self, _old: Object | None, _new: Object | None) -> None:
        """Claims and revisions cause no sync, but a sync may wait until its own writes of them show."""
        for key in self._writes.waiting:
            self.queue.add(key)

    # Syncing

    async def sync(self, key: str) -> None:
        namespace, name = split_key(key)
        if not await self._writes.are_shown(key, namespace):
            return
        stateful_set = self._sets.get(namespace, name)
        if stateful_set is None:
            self._writes.forget(key)
            return
        selector = selector_of(stateful_set)
        if selector is None:
            return
        await self._owned_revisions.adopt_orphans(stateful_set, selector)
        pods = await self._owned_pods.claim(stateful_set, selector, functools.partial(is_member, stateful_set))
        await self._sync_set(stateful_set, selector, pods)

    async def _sync_set(self, stateful_set: Object, selector: Selector, pods: list[Object]) -> None:
        now = self.clock.now()
        revisions = sort_revisions(self._owned_revisions.matching(stateful_set, selector))
        collision_count = stateful_set.get("status", {}).get("collisionCount", 0)
        plan = plan_revisions(REVISIONS, stateful_set, revisions, collision_count)
        update, collision_count = await self._history.carry_out(stateful_set, plan, collision_count)
        current = plan.current if plan.current is not None else update
        claims = self._claims_near(stateful_set, pods)
        decision = decide(Observed(stateful_set, current, update, collision_count, pods, claims, now))
        self._note(stateful_set, decision)
        status, faults = await self._effects.perform(stateful_set, decision)
        try:
            await self._effects.write_status(stateful_set, status)
            used = [*(revision["metadata"]["name"] for revision in (current, update)), *map(pod_revision, pods)]
            for revision in surplus_revisions(REVISIONS, stateful_set, revisions, used):
                await self._history.delete(stateful_set, revision)
        except Exception as error:
            faults.append(error)
        raise_faults(f"sync of {object_key(stateful_set)} failed", faults)
        self._look_again(stateful_set, status, pods, now)

    def _note(self, stateful_set: Object, decision: Decision) -> None:
        key = object_key(stateful_set)
        reasons = [*decision.waits, *(action.reason for action in decision.actions)]
        code = reasons[0].code if reasons else "AsWanted"
        waits = (f"it waits, since {reason.text}" for reason in decision.waits)
        texts = dict.fromkeys([*waits, *(action.reason.text for action in decision.actions)])
        self.because(STATEFUL_SETS, key, code, "; ".join(texts) or "all its pods are as wanted")
        for action in decision.actions:
            if isinstance(action, DeletePod):
                self.because(PODS, object_key(action.pod), action.reason.code, action.reason.text)

    def _claims_near(self, stateful_set: Object, pods: list[Object]) -> dict[str, Object]:
        """The cached claims of all pods that are there or are wanted, by name."""
        namespace = stateful_set["metadata"]["namespace"]
        start = start_ordinal(stateful_set)
        wanted = range(start, start + replica_count(stateful_set))
        ordinals = dict.fromkeys([*wanted, *map(ordinal_of, pods)])
        names = [name for ordinal in ordinals for name in claim_names(stateful_set, ordinal)]
        found = {name: self._claims.get(namespace, name) for name in names}
        return {name: claim for name, claim in found.items() if claim is not None}

    def _look_again(self, stateful_set: Object, status: Object, pods: list[Object], now: float) -> None:
        """Nothing changes when a ready pod becomes available: come back at that moment."""
        min_ready_seconds = stateful_set["spec"].get("minReadySeconds", 0)
        if min_ready_seconds and status["readyReplicas"] != status["availableReplicas"]:
            delay = next_availability(pods, min_ready_seconds, now)
            self.queue.add_after(object_key(stateful_set), min_ready_seconds if delay is None else delay)
