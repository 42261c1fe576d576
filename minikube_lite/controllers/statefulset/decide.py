"""What to do for a set, and why: a pure function; upstream: updateStatefulSet, processReplica and processCondemned.

- OrderedReady goes through the pods one by one and stops at the first that it has to do something about or to wait for.
- Parallel waits for none of them, except that an update takes one pod at a time.
- Wanted pods come first, from the lowest ordinal; then those beyond the range, and then an update, from the highest.
  So an ordered set scales nothing down, and updates nothing, while a wanted pod is unhealthy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from minikube_lite.controllers.history.revisions import template_of
from minikube_lite.controllers.pod_availability import is_available
from minikube_lite.controllers.statefulset.actions import (
    Action,
    CreateClaim,
    CreatePod,
    Decision,
    DeletePod,
    Reason,
    ReasonCode,
    RefuseClaim,
    Step,
    UpdateClaim,
    UpdatePod,
    Verb,
    WarnOfClaim,
)
from minikube_lite.controllers.statefulset.identity import (
    claim_names,
    claims_of,
    identity_matches,
    in_ordinal_range,
    new_pod,
    ordinal_of,
    replica_count,
    start_ordinal,
    storage_matches,
    update_identity,
    update_storage,
)
from minikube_lite.controllers.statefulset.pod_state import (
    is_created,
    is_running_and_ready,
    is_unavailable,
    phase_of,
    pod_revision,
)
from minikube_lite.controllers.statefulset.retention import (
    has_unexpected_controller,
    is_claim_stale,
    is_owner_up_to_date,
    with_right_owners,
)
from minikube_lite.controllers.statefulset.status import complete_rolling_update, compute_status
from minikube_lite.machinery.meta import copy_object, is_deleting
from minikube_lite.store import Object

FINAL_PHASES: Mapping[str, ReasonCode] = {"Failed": "PodFailed", "Succeeded": "PodSucceeded"}


@dataclass(frozen=True, slots=True)
class Observed:
    """All that a decision rests on. `claims` are those of the set's namespace that its pods name, by name."""

    stateful_set: Object
    current_revision: Object
    update_revision: Object
    collision_count: int
    pods: Sequence[Object]
    claims: Mapping[str, Object]
    now: float


class Outcome(NamedTuple):
    """What one pod gives: actions, what is waited for, and whether an ordered set stops here."""

    step: Step | None = None
    wait: Reason | None = None
    stop: bool = False


def decide(observed: Observed) -> Decision:
    """What this sync does."""
    return _Planner(observed).decide()


class _Planner:
    """One decision in the making."""

    def __init__(self, observed: Observed) -> None:
        self.observed = observed
        self.stateful_set = stateful_set = observed.stateful_set
        self.now = observed.now
        self.min_ready_seconds: int = stateful_set["spec"].get("minReadySeconds", 0)
        self.burst = stateful_set["spec"].get("podManagementPolicy") == "Parallel"
        self.strategy: Object = stateful_set["spec"].get("updateStrategy") or {}
        self.replicas = self._replicas()
        condemned = [pod for pod in observed.pods if ordinal_of(pod) >= 0 and not in_ordinal_range(stateful_set, pod)]
        self.condemned = sorted(condemned, key=ordinal_of, reverse=True)
        self.first_unavailable = next(filter(self._is_unavailable, [*self.replicas, *reversed(self.condemned)]), None)
        self.stages: list[tuple[Step, ...]] = []
        self.waits: list[Reason] = []

    def decide(self) -> Decision:
        if is_deleting(self.stateful_set):
            wait = Reason("SetBeingDeleted", self.stateful_set["metadata"]["name"], "the set is being deleted")
            return Decision((), self._status(), self.burst, (wait,))
        stopped = (
            self._stage(self.replicas, self._replica)
            or self._stage(self.condemned, self._condemned_claims)
            or self._stage(self.condemned, self._condemned)
        )
        if not stopped:
            self._update()
        return Decision(tuple(self.stages), self._status(), self.burst, tuple(self.waits))

    def _status(self) -> Object:
        status = compute_status(
            self.stateful_set,
            [*self.replicas, *self.condemned],
            self.observed.current_revision["metadata"]["name"],
            self.observed.update_revision["metadata"]["name"],
            self.observed.collision_count,
            self.now,
        )
        complete_rolling_update(self.stateful_set, status)
        return status

    def _stage(self, pods: Sequence[Object], process: Callable[[Object], Outcome]) -> bool:
        """Go through pods; True when nothing more may be done in this sync."""
        steps: list[Step] = []
        stopped = False
        for pod in pods:
            outcome = process(pod)
            if outcome.step is not None:
                steps.append(outcome.step)
            if outcome.wait is not None:
                self.waits.append(outcome.wait)
            if outcome.stop and not self.burst:
                stopped = True
                break
        if steps:
            self.stages.append(tuple(steps))
        return stopped

    # The pods that there are to be

    def _replicas(self) -> list[Object]:
        """A pod for each wanted ordinal: the one that is there, else a new one."""
        start = start_ordinal(self.stateful_set)
        found = {ordinal_of(pod): pod for pod in self.observed.pods}
        ordinals = range(start, start + replica_count(self.stateful_set))
        return [found[ordinal] if ordinal in found else self._versioned_pod(ordinal) for ordinal in ordinals]

    def _versioned_pod(self, ordinal: int) -> Object:
        """A new pod: of the current revision below the partition, else of the update revision."""
        rolling = self.strategy.get("rollingUpdate")
        kept = 0
        if rolling is not None:
            kept = rolling.get("partition", 0)
        elif self.strategy.get("type", "RollingUpdate") == "RollingUpdate":
            kept = self.stateful_set.get("status", {}).get("currentReplicas", 0)
        below = ordinal < start_ordinal(self.stateful_set) + kept
        revision = self.observed.current_revision if below else self.observed.update_revision
        template = template_of(self.stateful_set, revision)
        return new_pod(self.stateful_set, template, revision["metadata"]["name"], ordinal)

    def _replica(self, pod: Object) -> Outcome:
        final = FINAL_PHASES.get(phase_of(pod))
        if final is not None:
            return self._replace_final(pod, final)
        if not is_created(pod):
            return self._create(pod)
        pending = phase_of(pod) == "Pending"
        actions = [*self._missing_claims(pod), *self._claim_owners(pod)] if pending else []
        wait = self._unhealthy(pod)
        if wait is not None and not self.burst:
            return Outcome(_step(pod, actions), wait, True)
        in_place = identity_matches(self.stateful_set, pod) and storage_matches(self.stateful_set, pod)
        if in_place and (pending or self._owners_match(pod)):
            return Outcome(_step(pod, actions), wait)
        return Outcome(_step(pod, actions or self._place_claims(pod), self._place(pod), verb="update"), wait)

    def _replace_final(self, pod: Object, code: ReasonCode) -> Outcome:
        name = pod["metadata"]["name"]
        if is_deleting(pod):
            return Outcome(None, Reason("WaitingForTermination", name, f"{name} is being deleted"), True)
        reason = Reason(code, name, f"{name} has ended ({phase_of(pod)}) and is made anew")
        return Outcome(_step(pod, [], DeletePod(pod, reason)), None, True)

    def _create(self, pod: Object) -> Outcome:
        name = pod["metadata"]["name"]
        for claim in self._claims(pod):
            if is_claim_stale(claim, self.stateful_set, pod):
                text = f"claim {claim['metadata']['name']} goes with an earlier {name}"
                return Outcome(None, Reason("ClaimStale", name, text), True)
        actions = self._missing_claims(pod)
        actions.append(CreatePod(pod, Reason("PodMissing", name, f"{name} is wanted and is not there")))
        actions += self._claim_owners(pod)
        return Outcome(_step(pod, actions, verb="create"), None, True)

    def _unhealthy(self, pod: Object) -> Reason | None:
        name = pod["metadata"]["name"]
        if is_deleting(pod):
            return Reason("WaitingForTermination", name, f"{name} is being deleted")
        if not is_running_and_ready(pod):
            return Reason("WaitingForReady", name, f"{name} is not Running and Ready")
        if not is_available(pod, self.min_ready_seconds, self.now):
            return Reason("WaitingForAvailable", name, f"{name} has not been ready for {self.min_ready_seconds} s")
        return None

    def _place(self, pod: Object) -> UpdatePod:
        """Give a pod the identity and the storage of its place."""
        right: Object = copy_object(pod)
        name = pod["metadata"]["name"]
        if not identity_matches(self.stateful_set, pod):
            update_identity(self.stateful_set, right)
        if not storage_matches(self.stateful_set, pod):
            update_storage(self.stateful_set, right)
        return UpdatePod(right, Reason("IdentityDiffers", name, f"{name} lacks labels, volumes or claims of its place"))

    def _place_claims(self, pod: Object) -> list[Action]:
        missing = [] if storage_matches(self.stateful_set, pod) else self._missing_claims(pod)
        return missing if self._owners_match(pod) else [*missing, *self._claim_owners(pod)]

    # Claims

    def _claims(self, pod: Object) -> list[Object]:
        """The pod's claims that are there."""
        names = claim_names(self.stateful_set, ordinal_of(pod))
        return [self.observed.claims[name] for name in names if name in self.observed.claims]

    def _missing_claims(self, pod: Object) -> list[Action]:
        actions: list[Action] = []
        for claim in claims_of(self.stateful_set, ordinal_of(pod)):
            name = claim["metadata"]["name"]
            known = self.observed.claims.get(name)
            if known is None:
                reason = Reason("ClaimMissing", name, f"{pod['metadata']['name']} needs claim {name}")
                actions.append(CreateClaim(claim, reason))
            elif is_deleting(known):
                actions.append(RefuseClaim(name, Reason("ClaimBeingDeleted", name, f"claim {name} is being deleted")))
        return actions

    def _owners_match(self, pod: Object) -> bool:
        return all(is_owner_up_to_date(claim, self.stateful_set, pod) for claim in self._claims(pod))

    def _claim_owners(self, pod: Object) -> list[Action]:
        """Make the policy on claims true for those that are there."""
        actions: list[Action] = []
        for claim in self._claims(pod):
            name = claim["metadata"]["name"]
            if has_unexpected_controller(claim, self.stateful_set, pod):
                reason = Reason("ClaimHasOtherController", name, f"something else manages claim {name}")
                actions.append(WarnOfClaim(name, reason))
            if not is_owner_up_to_date(claim, self.stateful_set, pod):
                right = with_right_owners(claim, self.stateful_set, pod)
                reason = Reason("ClaimOwnersDiffer", name, f"claim {name} is not owned as the policy says")
                actions.append(UpdateClaim(right, reason))
        return actions

    # The pods beyond the range

    def _condemned_claims(self, pod: Object) -> Outcome:
        return Outcome(None if self._owners_match(pod) else _step(pod, self._claim_owners(pod)))

    def _condemned(self, pod: Object) -> Outcome:
        name = pod["metadata"]["name"]
        if is_deleting(pod):
            return Outcome(None, Reason("WaitingForTermination", name, f"{name} is being deleted"), True)
        unhealthy = self._unhealthy(pod)
        if unhealthy is not None and not self.burst and pod is not self.first_unavailable:
            lower = (self.first_unavailable or pod)["metadata"]["name"]
            text = f"{lower} is unhealthy, so {name} is not scaled down"
            return Outcome(None, Reason(unhealthy.code, lower, text), True)
        reason = Reason("ScaleDown", name, f"{name} is beyond the wanted replicas")
        return Outcome(_step(pod, [], DeletePod(pod, reason)), None, True)

    # The update

    def _is_unavailable(self, pod: Object) -> bool:
        return is_unavailable(pod, self.min_ready_seconds, self.now)

    def _update(self) -> None:
        """Delete the highest pod of another revision, unless one above it is not yet available again."""
        revision = self.observed.update_revision["metadata"]["name"]
        outdated = [pod for pod in self.replicas if pod_revision(pod) != revision]
        if self.strategy.get("type", "RollingUpdate") == "OnDelete":
            names = [pod["metadata"]["name"] for pod in outdated]
            self.waits += [Reason("UpdateOnDelete", name, f"{name} is updated when it is deleted") for name in names]
            return
        actions = [action for stage in self.stages for step in stage for action in step.actions]
        leaving = {action.pod["metadata"]["name"] for action in actions if isinstance(action, DeletePod)}
        partition = (self.strategy.get("rollingUpdate") or {}).get("partition", 0)
        for pod in reversed(self.replicas[partition:]):
            name = pod["metadata"]["name"]
            if pod_revision(pod) != revision and is_created(pod) and not is_deleting(pod) and name not in leaving:
                reason = Reason("RevisionOutdated", name, f"{name} is of revision {pod_revision(pod)}, not {revision}")
                self.stages.append((Step(name, (DeletePod(pod, reason, for_update=True),)),))
                return
            if self._is_unavailable(pod) or name in leaving:
                if not any(wait.about == name for wait in self.waits):
                    text = f"{name} is not available, so no other pod is updated"
                    self.waits.append(Reason("WaitingForAvailable", name, text))
                return


def _step(pod: Object, actions: Sequence[Action], last: Action | None = None, *, verb: Verb = "") -> Step | None:
    """A step, if there is something to do."""
    if last is not None:
        actions = [*actions, last]
    return Step(pod["metadata"]["name"], tuple(actions), verb) if actions else None
