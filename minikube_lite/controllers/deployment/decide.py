"""What to do for a Deployment, and why: a pure function; upstream: syncDeployment, sync.go, rolling.go and recreate.go.

- The ReplicaSet of the Deployment's template is the new one; all others are old.
- A change of the Deployment's size is shared among them first, and so it is while the Deployment is paused.
- RollingUpdate: the new one grows as far as there is room, else the old ones shrink as far as enough pods are available:
  first by pods that are not, which takes nothing away.
- Recreate: the new one comes when the last old pod is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from minikube_lite.controllers.deployment.actions import (
    Action,
    CreateReplicaSet,
    Decision,
    DeleteReplicaSet,
    Reason,
    ReasonCode,
    UpdateReplicaSet,
)
from minikube_lite.controllers.deployment.conditions import PROGRESSING, find, new_condition, with_condition
from minikube_lite.controllers.deployment.limits import is_rolling, max_surge, min_available, wanted_replicas
from minikube_lite.controllers.deployment.new_replicaset import new_replica_set
from minikube_lite.controllers.deployment.progress import (
    conditions_of_pause,
    conditions_of_progress,
    has_deadline,
    is_complete,
    seconds_until_judged,
)
from minikube_lite.controllers.deployment.proportions import proportional_sizes
from minikube_lite.controllers.deployment.replicasets import (
    DESIRED_REPLICAS,
    REVISION,
    age_order,
    annotated_number,
    annotation,
    counted,
    find_new,
    is_active,
    name_of,
    revision_order,
    size_of,
    total,
    total_size,
)
from minikube_lite.controllers.deployment.revision import annotations_of_new, next_revision, size_annotations
from minikube_lite.controllers.deployment.status import compute_status, conditions_of_failures
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.store import Object

_KEEP_ALL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Observed:
    """All that a decision rests on. `running` are the names of ReplicaSets with pods that have not ended."""

    deployment: Object
    replica_sets: Sequence[Object]
    running: frozenset[str]
    now: float


def decide(observed: Observed) -> Decision:
    """What this sync does."""
    return _Planner(observed).decide()


class _Planner:
    """One decision in the making. Its ReplicaSets are those that will be there when its actions are done."""

    def __init__(self, observed: Observed) -> None:
        self.observed = observed
        self.deployment = deployment = observed.deployment
        self.now = observed.now
        self.wanted = wanted_replicas(deployment)
        by_age = sorted(observed.replica_sets, key=age_order)
        self.new = find_new(deployment, by_age)
        self.old = [replica_set for replica_set in by_age if replica_set is not self.new]
        self.conditions: list[Object] = list(deployment.get("status", {}).get("conditions") or ())
        self.actions: list[Action] = []
        self.waits: list[Reason] = []
        self.revision: str | None = None

    def decide(self) -> Decision:
        paused, deleting = bool(self.deployment["spec"].get("paused")), is_deleting(self.deployment)
        if not deleting:
            self.conditions = conditions_of_pause(self.deployment, self.conditions, self.now)
        self._take_revision()
        if deleting:
            self._wait("BeingDeleted", self.deployment, "it is being deleted")
        elif paused:
            self._wait("Paused", self.deployment, "it is paused")
            self._scale()
            self._clean_up()
        elif self._is_scaled():
            self._scale()
        else:
            self._roll() if is_rolling(self.deployment) else self._recreate()
            return self._decision(judged=True)
        return self._decision(judged=False)

    def _decision(self, *, judged: bool) -> Decision:
        status = compute_status(self.deployment, self._all(), self.new, self.conditions, self.now)
        after = None
        if judged:
            conditions = conditions_of_progress(self.deployment, status, self.new, self.now)
            status["conditions"] = conditions_of_failures(conditions, self._all(), self.new)
            after = seconds_until_judged(self.deployment, status, self.now)
        return Decision(tuple(self.actions), status, self.revision, after, tuple(self.waits))

    def _all(self) -> list[Object]:
        return [*self.old, *((self.new,) if self.new is not None else ())]

    def _active_old(self) -> list[Object]:
        return [replica_set for replica_set in self.old if is_active(replica_set)]

    def _wait(self, code: ReasonCode, about: Object, text: str) -> None:
        self.waits.append(Reason(code, name_of(about), text))

    # The new ReplicaSet

    def _take_revision(self) -> None:
        """Give the new ReplicaSet what it has from the Deployment, and the Deployment its revision."""
        if self.new is None:
            return
        annotations = annotations_of_new(self.deployment, self.new, next_revision(self.old))
        seconds = self.deployment["spec"].get("minReadySeconds", 0)
        if annotations or seconds != self.new["spec"].get("minReadySeconds", 0):
            reason = Reason("NewRevision", name_of(self.new), "it follows the Deployment's annotations and revision")
            self._update(self.new, size_of(self.new), annotations, reason)
        self._number(annotation(self.new, REVISION))
        if has_deadline(self.deployment) and find(self.conditions, PROGRESSING) is None:
            self._progress("FoundNewReplicaSet", f'Found new replica set "{name_of(self.new)}"')

    def _number(self, revision: str) -> None:
        if annotation(self.deployment, REVISION) != revision:
            self.revision = revision

    def _progress(self, reason: str, message: str) -> None:
        condition = new_condition(PROGRESSING, "True", reason, message, self.now)
        self.conditions = with_condition(self.conditions, condition)

    def _ensure_new(self) -> Object:
        if self.new is not None:
            return self.new
        made = new_replica_set(self.deployment, {})
        revision = next_revision(self.old)
        annotations = annotations_of_new(self.deployment, made, revision)
        made["metadata"]["annotations"] = {**annotations, **size_annotations(self.deployment)}
        made["spec"]["replicas"] = self._size_of_new(made)
        self.actions.append(
            CreateReplicaSet(made, Reason("NewTemplate", name_of(made), "no ReplicaSet has the template"))
        )
        self.new = made
        self._number(str(revision))
        if has_deadline(self.deployment):
            self._progress("NewReplicaSetCreated", f'Created new replica set "{name_of(made)}"')
        return made

    def _size_of_new(self, new: Object) -> int:
        """As large as there is room for."""
        if not is_rolling(self.deployment):
            return self.wanted
        room = self.wanted + max_surge(self.deployment) - total_size([*self.old, new])
        return size_of(new) + min(room, self.wanted - size_of(new)) if room > 0 else size_of(new)

    # Changes of size

    def _resize(self, replica_set: Object, size: int, reason: Reason, *, forced: bool = False) -> bool:
        """Whether its size changes. `forced`: its annotations are brought up to date even if it does not."""
        changed = size_of(replica_set) != size
        annotations = size_annotations(self.deployment)
        known = (replica_set["metadata"].get("annotations") or {}).items()
        if changed or (forced and not annotations.items() <= known):
            self._update(replica_set, size, annotations, reason)
        return changed

    def _update(self, replica_set: Object, size: int, annotations: Mapping[str, str], reason: Reason) -> None:
        seconds = self.deployment["spec"].get("minReadySeconds", 0) if replica_set is self.new else None
        if seconds is None:
            seconds = replica_set["spec"].get("minReadySeconds", 0)
        action = UpdateReplicaSet(replica_set, reason, size, annotations, seconds)
        self.actions.append(action)
        after = action.carried_out_on(replica_set)
        if replica_set is self.new:
            self.new = after
        else:
            self.old = [after if other is replica_set else other for other in self.old]

    def _is_scaled(self) -> bool:
        """Whether the Deployment's size is another one than an active ReplicaSet knows of."""
        sizes = (
            annotated_number(replica_set, DESIRED_REPLICAS) for replica_set in self._all() if is_active(replica_set)
        )
        return any(size is not None and size != self.wanted for size in sizes)

    def _scale(self) -> None:
        """Bring a new size to the ReplicaSets, without going on with an update."""
        active = [replica_set for replica_set in self._all() if is_active(replica_set)]
        if len(active) <= 1:
            only = active[0] if active else self.new if self.new is not None else self.old[-1] if self.old else None
            if only is not None:
                self._resize(only, self.wanted, self._scaled(only))
        elif self.new is not None and self._is_saturated(self.new):
            for replica_set in self._active_old():
                self._resize(replica_set, 0, Reason("Saturated", name_of(replica_set), "the new one has all pods"))
        elif is_rolling(self.deployment):
            for replica_set, size in proportional_sizes(self.deployment, active):
                self._resize(replica_set, size, self._scaled(replica_set), forced=True)

    def _scaled(self, replica_set: Object) -> Reason:
        return Reason("Scaled", name_of(replica_set), f"the Deployment is to have {self.wanted}")

    def _is_saturated(self, new: Object) -> bool:
        sizes = (size_of(new), annotated_number(new, DESIRED_REPLICAS), counted(new, "availableReplicas"))
        return sizes == (self.wanted,) * len(sizes)

    # RollingUpdate

    def _roll(self) -> None:
        new = self._ensure_new()
        if self._grow(new) or self._shrink_old():
            return
        self._clean_up_if_complete()

    def _grow(self, new: Object) -> bool:
        if size_of(new) > self.wanted:
            return self._resize(
                new, self.wanted, Reason("TooManyNew", name_of(new), "it is larger than the Deployment")
            )
        reason = Reason("RoomForNew", name_of(new), f"{max_surge(self.deployment)} pods more than wanted may be there")
        return self._resize(new, self._size_of_new(new), reason)

    def _shrink_old(self) -> bool:
        new, active = self._ensure_new(), self._active_old()
        if not active:
            return False
        missing = size_of(new) - counted(new, "availableReplicas")
        budget = total_size(self._all()) - min_available(self.deployment) - missing
        if budget <= 0:
            text = f"{missing} of its pods are not available, and {min_available(self.deployment)} have to be"
            self._wait("WaitingForAvailable", new, text)
            return False
        cleaned = self._drop_unhealthy(active, budget)
        return cleaned is not None and cleaned + self._drop_available() > 0

    def _drop_unhealthy(self, active: Sequence[Object], budget: int) -> int | None:
        """Take pods that are not available from old ReplicaSets. None where one has not shrunk yet as it was told."""
        dropped = 0
        for replica_set in active:
            unhealthy = size_of(replica_set) - counted(replica_set, "availableReplicas")
            if dropped >= budget:
                break
            if unhealthy < 0:
                self._wait("WaitingForOldPods", replica_set, "it has not shrunk yet")
                return None
            part = min(budget - dropped, unhealthy)
            reason = Reason("Unhealthy", name_of(replica_set), f"{unhealthy} of its pods are not available")
            self._resize(replica_set, size_of(replica_set) - part, reason)
            dropped += part
        return dropped

    def _drop_available(self) -> int:
        """Take as many available pods from old ReplicaSets as may be missing."""
        active = self._active_old()
        available = total([*active, self._ensure_new()], "availableReplicas")
        spare = available - min_available(self.deployment)
        dropped = 0
        for replica_set in active:
            part = min(size_of(replica_set), spare - dropped)
            if part <= 0:
                break
            text = f"{available} pods are available, and {min_available(self.deployment)} have to be"
            reason = Reason("EnoughAvailable", name_of(replica_set), text)
            self._resize(replica_set, size_of(replica_set) - part, reason)
            dropped += part
        return dropped

    # Recreate

    def _recreate(self) -> None:
        scaled = [
            self._resize(replica_set, 0, Reason("Recreate", name_of(replica_set), "old pods go before new ones come"))
            for replica_set in self._active_old()
        ]
        if any(scaled):
            return
        for replica_set in self.old:
            if counted(replica_set, "replicas") or name_of(replica_set) in self.observed.running:
                self._wait("WaitingForOldPods", replica_set, "it still has pods")
                return
        new = self._ensure_new()
        self._resize(new, self.wanted, self._scaled(new))
        self._clean_up_if_complete()

    # The history

    def _clean_up_if_complete(self) -> None:
        if is_complete(self.deployment, self.deployment.get("status", {})):
            self._clean_up()

    def _clean_up(self) -> None:
        """Delete the oldest revisions that the history has no room for, unless they still have pods."""
        limit = self.deployment["spec"].get("revisionHistoryLimit", _KEEP_ALL)
        alive = sorted((found for found in self.old if not is_deleting(found)), key=revision_order)
        for replica_set in alive[: max(0, len(alive) - limit)]:
            seen = counted(replica_set, "observedGeneration") >= replica_set["metadata"].get("generation", 0)
            if seen and not is_active(replica_set) and not counted(replica_set, "replicas"):
                reason = Reason("HistoryLimit", name_of(replica_set), f"{limit} old ones are kept")
                self.actions.append(DeleteReplicaSet(replica_set, reason))
