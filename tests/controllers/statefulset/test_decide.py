"""What is decided for a set, as tables, without an event loop.

Pods are written one letter an ordinal: R ready, a ready but not for long enough, u not ready, p pending, t terminating,
f failed, s succeeded, - not there; a quote after it says that the pod is of the old revision.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from minikube_lite.clock import format_time
from minikube_lite.controllers.history.revisions import new_revision
from minikube_lite.controllers.statefulset.actions import (
    Action,
    CreateClaim,
    CreatePod,
    Decision,
    DeletePod,
    RefuseClaim,
    UpdateClaim,
    UpdatePod,
)
from minikube_lite.controllers.statefulset.decide import Observed, decide
from minikube_lite.controllers.statefulset.identity import REVISIONS, claims_of, new_pod
from minikube_lite.machinery.meta import copy_object
from minikube_lite.store import Object

NOW = 1_767_225_600.0
MIN_READY_SECONDS = 10
OLD, NEW = "kubia-old", "kubia-new"
PHASES = {
    "R": "Running",
    "a": "Running",
    "u": "Running",
    "p": "Pending",
    "t": "Running",
    "f": "Failed",
    "s": "Succeeded",
}

NewManifest = Callable[..., Object]


def observe(
    new_manifest: NewManifest, pods: str, *, claims: str = "all", old_status: Object | None = None, **spec: Any
) -> Observed:
    stateful_set = new_manifest(minReadySeconds=MIN_READY_SECONDS, **spec)
    stateful_set["metadata"].update(uid="set-uid", generation=1)
    stateful_set["status"] = old_status or {}
    revisions = []
    for number, name in enumerate((OLD, NEW), 1):
        revision = new_revision(REVISIONS, stateful_set, number, 0)
        revision["metadata"]["name"] = name
        container = revision["data"]["spec"]["template"]["spec"]["containers"][0]
        container["image"] = f"image-of-{name}"
        revisions.append(revision)
    found = [
        make_pod(stateful_set, ordinal, letter, OLD if old else NEW)
        for ordinal, (letter, old) in enumerate(re.findall(r"(\S)('?)", pods))
        if letter != "-"
    ]
    there = {claim["metadata"]["name"]: claim for n in range(10) for claim in claims_of(stateful_set, n)}
    there = {name: claim for name, claim in there.items() if claims == "all" or name in claims.split()}
    return Observed(stateful_set, revisions[0], revisions[1], 0, found, there, NOW)


def make_pod(stateful_set: Object, ordinal: int, letter: str, revision: str) -> Object:
    pod = new_pod(stateful_set, stateful_set["spec"]["template"], revision, ordinal)
    pod["metadata"]["uid"] = f"uid-{ordinal}"
    if letter == "t":
        pod["metadata"]["deletionTimestamp"] = format_time(NOW)
    since = NOW - (MIN_READY_SECONDS - 1 if letter == "a" else MIN_READY_SECONDS)
    ready = {"type": "Ready", "status": str(letter in "Rat"), "lastTransitionTime": format_time(since)}
    pod["status"] = {"phase": PHASES[letter], "conditions": [ready]}
    return pod


def describe(action: Action) -> str:
    match action:
        case CreateClaim(claim):
            return f"claim {claim['metadata']['name']}"
        case RefuseClaim(name):
            return f"refuse {name}"
        case UpdateClaim(claim):
            return f"owners {claim['metadata']['name']}"
        case CreatePod(pod):
            revision = pod["metadata"]["labels"]["controller-revision-hash"]
            assert pod["spec"]["containers"][0]["image"] == f"image-of-{revision}"
            return f"create {pod['metadata']['name']}" + ("'" if revision == OLD else "")
        case DeletePod(pod):
            return f"delete {pod['metadata']['name']}"
        case UpdatePod(pod):
            return f"update {pod['metadata']['name']}"
        case _:
            return type(action).__name__


def deeds(decision: Decision) -> str:
    return ", ".join(describe(action) for action in decision.actions).replace("kubia-", "")


def waits(decision: Decision) -> str:
    return ", ".join(f"{wait.code} {wait.about}" for wait in decision.waits).replace("kubia-", "")


ORDERED = [
    # replicas, pods, what is done, what is waited for
    (3, "- - -", "create 0", ""),
    (3, "p - -", "", "WaitingForReady 0"),
    (3, "u - -", "", "WaitingForReady 0"),
    (3, "a - -", "", "WaitingForAvailable 0"),
    (3, "t - -", "", "WaitingForTermination 0"),
    (3, "R - -", "create 1", ""),
    (3, "R - R", "create 1", ""),
    (3, "- p -", "create 0", ""),
    (3, "R R R", "", ""),
    (3, "f R R", "delete 0", ""),
    (3, "R s u", "delete 1", ""),
    (2, "R f -", "delete 1", ""),
    (1, "R R R", "delete 2", ""),
    (1, "R R t", "", "WaitingForTermination 2"),
    (1, "u R R", "", "WaitingForReady 0"),
    (1, "a R R", "", "WaitingForAvailable 0"),
    (1, "- R R", "create 0", ""),
    (1, "R u R", "delete 2", ""),
    (1, "R R u", "delete 2", ""),
    (1, "R R p", "delete 2", ""),
    (1, "R u u", "", "WaitingForReady 1"),
    (1, "R a a", "", "WaitingForAvailable 1"),
    (1, "R R a", "delete 2", ""),
    (0, "f - -", "delete 0", ""),
    (0, "u R -", "delete 1", ""),
    (3, "R' R' R'", "delete 2", ""),
    (3, "R' R' p", "", "WaitingForReady 2"),
    (3, "R' R' R", "delete 1", ""),
    (3, "R' u R", "", "WaitingForReady 1"),
    (3, "R' R' -", "create 2", ""),
    (3, "R R' u'", "", "WaitingForReady 2"),
    (1, "R' R R", "delete 2", ""),
    (3, "R' R R", "delete 0", ""),
]
PARALLEL = [
    (3, "- - -", "create 0, create 1, create 2", "WaitingForAvailable 2"),
    (3, "- u -", "create 0, create 2", "WaitingForReady 1, WaitingForAvailable 2"),
    (3, "p t R", "", "WaitingForReady 0, WaitingForTermination 1"),
    (3, "f R s", "delete 0, delete 2", "WaitingForAvailable 2"),
    (1, "R R R", "delete 2, delete 1", ""),
    (1, "u R t", "delete 1", "WaitingForReady 0, WaitingForTermination 2"),
    (1, "- R R", "create 0, delete 2, delete 1", "WaitingForAvailable 0"),
    (3, "R' R' R'", "delete 2", ""),
    (3, "R' R' R", "delete 1", ""),
    (3, "R' R' u", "", "WaitingForReady 2"),
    (3, "R' R' u'", "delete 2", "WaitingForReady 2"),
    (3, "R' R' f'", "delete 2", "WaitingForAvailable 2"),
    (3, "u' R R", "delete 0", "WaitingForReady 0"),
    (2, "R' R' R", "delete 2, delete 1", ""),
]


@pytest.mark.parametrize(("replicas", "pods", "done", "waited_for"), ORDERED)
def test_ordered(new_manifest: NewManifest, replicas: int, pods: str, done: str, waited_for: str):
    decision = decide(observe(new_manifest, pods, replicas=replicas))
    assert (deeds(decision), waits(decision)) == (done, waited_for)


@pytest.mark.parametrize(("replicas", "pods", "done", "waited_for"), PARALLEL)
def test_parallel(new_manifest: NewManifest, replicas: int, pods: str, done: str, waited_for: str):
    decision = decide(observe(new_manifest, pods, replicas=replicas, policy="Parallel"))
    assert (deeds(decision), waits(decision)) == (done, waited_for)


@pytest.mark.parametrize(
    ("strategy", "pods", "done"),
    [
        ({"type": "OnDelete"}, "R' R' R'", ""),
        ({"type": "OnDelete"}, "R' - R'", "create 1"),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}, "R' R R", ""),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, "R' R' R'", "delete 2"),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, "R' - R", "create 1'"),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, "R' R' -", "create 2"),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 9}}, "R' R' R'", ""),
        ({"type": "RollingUpdate"}, "R' R' R'", "delete 2"),
        ({"type": "RollingUpdate"}, "R' - R", "create 1'"),
    ],
)
def test_update_strategies(new_manifest: NewManifest, policy: str, strategy: Object, pods: str, done: str):
    old_status = {"currentReplicas": 2}
    observed = observe(new_manifest, pods, replicas=3, updateStrategy=strategy, policy=policy, old_status=old_status)
    assert deeds(decide(observed)) == done


def test_outdated_pods_wait_for_their_deletion(new_manifest: NewManifest, policy: str):
    decision = decide(observe(new_manifest, "R R'", updateStrategy={"type": "OnDelete"}, policy=policy))
    assert waits(decision) == "UpdateOnDelete 1"


def test_partition_counts_from_the_start_ordinal(new_manifest: NewManifest):
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    observed = observe(new_manifest, "- - - R' R'", replicas=2, ordinals={"start": 3}, updateStrategy=rolling)
    assert deeds(decide(observed)) == "delete 4"
    observed = observe(new_manifest, "R R - - -", replicas=2, ordinals={"start": 3}, updateStrategy=rolling)
    assert deeds(decide(observed)) == "create 3'"


def test_claims_come_before_their_pod(new_manifest: NewManifest, policy: str):
    decision = decide(observe(new_manifest, "-", replicas=1, claims="", policy=policy))
    assert deeds(decision) == "claim data-0, create 0"
    assert [action.reason.code for action in decision.actions] == ["ClaimMissing", "PodMissing"]


def test_a_pending_pod_gets_back_its_claims(new_manifest: NewManifest, policy: str):
    assert deeds(decide(observe(new_manifest, "p", replicas=1, claims="", policy=policy))) == "claim data-0"
    assert deeds(decide(observe(new_manifest, "u", replicas=1, claims="", policy=policy))) == ""


def test_no_pod_is_created_on_a_claim_that_is_being_deleted(new_manifest: NewManifest, policy: str):
    observed = observe(new_manifest, "-", replicas=1, policy=policy)
    observed.claims["data-kubia-0"]["metadata"]["deletionTimestamp"] = format_time(NOW)
    decision = decide(observed)
    # The refusal fails the step before the pod's turn comes.
    assert deeds(decision) == "refuse data-0, create 0"


def test_identity_is_restored(new_manifest: NewManifest, policy: str):
    observed = observe(new_manifest, "R R", policy=policy)
    pod = observed.pods[0]
    del pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"]
    decision = decide(observed)
    assert deeds(decision) == "update 0"
    (action,) = decision.actions
    assert isinstance(action, UpdatePod)
    assert action.pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] == "kubia-0"
    assert "statefulset.kubernetes.io/pod-name" not in pod["metadata"]["labels"]


@pytest.mark.parametrize(
    ("policies", "pods", "replicas", "done"),
    [
        (("Retain", "Delete"), "R R", 2, "owners data-0, update 0, owners data-1, update 1"),
        (("Retain", "Delete"), "p -", 1, "owners data-0"),
        (("Delete", "Retain"), "R R", 2, ""),
        (("Delete", "Retain"), "R R", 1, "owners data-1, delete 1"),
        (("Retain", "Retain"), "R R", 1, "delete 1"),
    ],
)
def test_claims_follow_the_retention_policy(
    new_manifest: NewManifest, policies: tuple[str, str], pods: str, replicas: int, done: str
):
    retention = {"whenScaled": policies[0], "whenDeleted": policies[1]}
    observed = observe(new_manifest, pods, replicas=replicas, persistentVolumeClaimRetentionPolicy=retention)
    assert deeds(decide(observed)) == done


def test_a_pod_waits_for_the_claim_of_its_predecessor(new_manifest: NewManifest, policy: str):
    retention = {"whenScaled": "Delete"}
    observed = observe(new_manifest, "-", replicas=1, policy=policy, persistentVolumeClaimRetentionPolicy=retention)
    reference = {"apiVersion": "v1", "kind": "Pod", "name": "kubia-0", "uid": "earlier", "controller": True}
    observed.claims["data-kubia-0"]["metadata"]["ownerReferences"] = [reference]
    decision = decide(observed)
    assert deeds(decision) == ""
    assert decision.waits[0].code == "ClaimStale"


def test_a_set_that_is_being_deleted_does_nothing(new_manifest: NewManifest, policy: str):
    observed = observe(new_manifest, "R - u", replicas=2, policy=policy)
    observed.stateful_set["metadata"]["deletionTimestamp"] = format_time(NOW)
    decision = decide(observed)
    assert deeds(decision) == ""
    assert decision.status["replicas"] == 2
    assert waits(decision).startswith("SetBeingDeleted")


def counts(decision: Decision) -> tuple[int, ...]:
    parts = ("replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas")
    return tuple(decision.status[part] for part in parts)


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ("- - -", (0, 0, 0, 0, 0)),
        ("R' R' R'", (3, 3, 3, 3, 0)),
        ("R' R' t'", (3, 3, 3, 2, 0)),
        ("R' u a", (3, 2, 1, 1, 2)),
        ("R' p f", (3, 1, 1, 1, 2)),
        ("R' R' R' R", (4, 4, 4, 3, 1)),
        ("R R R", (3, 3, 3, 3, 3)),
    ],
)
def test_status(new_manifest: NewManifest, policy: str, pods: str, expected: tuple[int, ...]):
    decision = decide(observe(new_manifest, pods, replicas=3, policy=policy))
    assert counts(decision) == expected
    assert decision.status["updateRevision"] == NEW
    assert decision.status["currentRevision"] == (NEW if pods == "R R R" else OLD)


def test_nothing_observed_is_changed(new_manifest: NewManifest, policy: str):
    for _, pods, *_ in ORDERED:
        observed = observe(new_manifest, pods, policy=policy, claims="data-kubia-0")
        before = copy_object([observed.stateful_set, *observed.pods, *observed.claims.values()])
        decide(observed)
        assert [observed.stateful_set, *observed.pods, *observed.claims.values()] == before
