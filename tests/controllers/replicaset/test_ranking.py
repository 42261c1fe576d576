"""Which of two pods goes first when there are too many."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.clock import format_time
from minikube_lite.controllers.replicaset.ranking import DELETION_COST, deletion_cost, pods_to_delete
from minikube_lite.store import Object

NOW = 1_767_225_600.0
HOUR = 3600


def pod(
    uid: str,
    *,
    node: str = "n",
    phase: str = "Running",
    ready_for: float | None = HOUR,
    cost: str = "",
    restarts: int = 0,
    sidecar_restarts: int = 0,
    age: float = HOUR,
) -> Object:
    """A pod that has run for an hour, unless something else is said."""
    status: Object = {"phase": phase, "containerStatuses": [{"name": "c", "restartCount": restarts}]}
    if sidecar_restarts:
        status["initContainerStatuses"] = [{"name": "s", "restartCount": sidecar_restarts}]
    if ready_for is not None:
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": format_time(NOW - ready_for)}
        status["conditions"] = [ready]
    metadata: Object = {"uid": uid, "creationTimestamp": format_time(NOW - age)}
    if cost:
        metadata["annotations"] = {DELETION_COST: cost}
    sidecar = {"name": "s", "restartPolicy": "Always"}
    spec: Object = {"containers": [{"name": "c"}], "initContainers": [sidecar]}
    return {"metadata": metadata, "spec": {**spec, "nodeName": node} if node else spec, "status": status}


def first(pods: list[Object], related: list[Object] | None = None) -> str:
    [gone] = pods_to_delete(pods, related or [], 1, NOW)
    return str(gone["metadata"]["uid"])


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one without a node": ({"node": "", "phase": "Pending", "cost": "9"}, {"phase": "Pending", "ready_for": None}),
    "a pending one": ({"phase": "Pending", "ready_for": None, "cost": "9"}, {"ready_for": None}),
    "one of a lost node": ({"phase": "Unknown", "cost": "9"}, {}),
    "one that is not ready": ({"ready_for": None, "cost": "9"}, {"cost": "-9"}),
    "a cheap one": ({"cost": "-1"}, {"ready_for": 1}),
    "one that is cheaper than one without a price": ({}, {"cost": "1", "ready_for": 1}),
    "one that has not been ready for long": ({"ready_for": 60}, {"restarts": 9}),
    "one that restarted": ({"restarts": 1}, {"sidecar_restarts": 3, "age": 60}),
    "one whose sidecar restarted": ({"sidecar_restarts": 1}, {"age": 60}),
    "a young one": ({"age": 60}, {}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("order", [1, -1])
def test_goes_first(case: str, order: int) -> None:
    goes, stays = CASES[case]
    assert first([pod("z-goes", **goes), pod("a-stays", **stays)][::order]) == "z-goes"


@pytest.mark.parametrize("part", ["ready_for", "age"])
def test_of_about_the_same_age_the_uid_decides(part: str) -> None:
    """Both ages lie between 2^41 and 2^42 nanoseconds."""
    younger: dict[str, Any] = {part: 3000}
    older: dict[str, Any] = {part: 3600}
    assert first([pod("b", **younger), pod("a", **older)]) == "a"
    assert first([pod("b", **older), pod("a", **younger)]) == "a"


def test_the_more_related_pods_share_its_node_the_sooner_a_pod_goes() -> None:
    pods = [pod("a", node="one", ready_for=1), pod("b", node="two")]
    ended = {**pod("e", node="one"), "status": {"phase": "Failed"}}
    related = [*pods, pod("c", node="two"), ended, ended]
    assert first(pods, related) == "b"
    assert first(pods) == "a"


def test_all_go_without_being_ranked() -> None:
    pods = [pod("a"), pod("b", node="")]
    assert pods_to_delete(pods, [], 2, NOW) == pods


@pytest.mark.parametrize(
    ("text", "cost"),
    [("5", 5), ("-5", -5), ("0", 0), ("", 0), ("+5", 0), ("05", 0), ("-05", -5), ("x", 0), ("9999999999", 0)],
)
def test_deletion_cost(text: str, cost: int) -> None:
    assert deletion_cost({"metadata": {"annotations": {DELETION_COST: text}}}) == cost
