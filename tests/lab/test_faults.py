"""Faults as objects of the API: checked, counted, limited in time, healed when they are deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.lab.breaking import NeverHit
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import EVENTS, FAULTS, NODES

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(clock="stepped", serve_api=False, serve_dns=False)

CUT: dict[str, Any] = {"node": {"name": "node-2", "type": "Cut"}}


def ready(cluster: RunningCluster, node: str = "node-2") -> str:
    condition = find_condition(cluster.get(NODES, "", node), "Ready")
    assert condition is not None
    return str(condition["status"])


def status(cluster: RunningCluster, name: str) -> Any:
    cluster.settle()
    return cluster.get(FAULTS, "", name)["status"]


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({}, "spec: Required value: must say what is broken: "),
        ({"node": {"type": "Cut"}}, "spec.node.name: Required value"),
        ({"node": {"name": "", "type": "Cut"}}, "spec.node.name: Required value"),
        ({"node": {"name": "x", "type": "Drowned"}}, 'spec.node.type: Unsupported value: "Drowned"'),
        ({**CUT, "probability": 0}, "spec.probability: Invalid value: 0: must be greater than 0"),
        ({**CUT, "times": 0}, "spec.times: Invalid value: 0: must be greater than or equal to 1"),
        ({**CUT, "durationSeconds": -1}, "spec.durationSeconds: Invalid value: -1: must be greater than 0"),
    ],
)
def test_what_is_wrong_is_told_as_of_any_kind(cluster: RunningCluster, spec: Any, fault: str) -> None:
    with pytest.raises(ApiError) as caught:
        cluster.create(FAULTS, "", {"metadata": {"name": "one"}, "spec": spec})
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert fault in str(caught.value)


def test_a_node_is_cut_while_the_object_is_there(cluster: RunningCluster) -> None:
    cluster.create(FAULTS, "", {"metadata": {"name": "cut"}, "spec": CUT})
    cluster.advance(60)
    assert [ready(cluster, f"node-{number}") for number in (1, 2, 3)] == ["True", "Unknown", "True"]
    told = status(cluster, "cut")
    assert (told["phase"], told["hits"], told["lastHit"]) == ("Active", 1, "node node-2")
    cluster.delete(FAULTS, "", "cut")
    cluster.settle()
    assert ready(cluster) == "True"


def test_two_cuts_of_one_node_both_have_to_heal(cluster: RunningCluster) -> None:
    with cluster.fault(node={"name": "node-*", "type": "Cut"}) as outer:
        cluster.cut("node-2")
        cluster.heal("node-2")
        cluster.advance(60)
        assert (ready(cluster), outer.hits) == ("Unknown", 3)
    cluster.settle()
    assert ready(cluster) == "True"


def test_a_window_of_time(cluster: RunningCluster) -> None:
    cluster.create(
        FAULTS, "", {"metadata": {"name": "later"}, "spec": {**CUT, "startSeconds": 100, "durationSeconds": 100}}
    )
    phases = []
    for seconds in (0, 99, 2, 97, 3):
        cluster.advance(seconds)
        phases.append((status(cluster, "later")["phase"], ready(cluster)))
    assert phases == [
        ("Pending", "True"), ("Pending", "True"), ("Active", "True"), ("Active", "Unknown"), ("Over", "True"),
    ]  # fmt: skip


def test_a_changed_spec_begins_anew(cluster: RunningCluster) -> None:
    cluster.create(FAULTS, "", {"metadata": {"name": "cut"}, "spec": CUT})
    cluster.patch(FAULTS, "", "cut", {"spec": {"node": {"name": "node-3"}}})
    cluster.advance(60)
    assert [ready(cluster, name) for name in ("node-2", "node-3")] == ["True", "Unknown"]
    told = status(cluster, "cut")
    assert (told["observedGeneration"], told["hits"], told["lastHit"]) == (2, 1, "node node-3")


def test_one_that_never_hit_says_so(cluster: RunningCluster) -> None:
    missing = {"name": "node-9", "type": "Cut"}
    with pytest.raises(NeverHit, match="the fault nobody never struck"), cluster.fault("nobody", node=missing):
        pass
    cluster.settle()
    told = [event["message"] for event in cluster.list(EVENTS) if event["reason"] == "NeverHit"]
    assert told == ["Fault nobody was deleted without ever having struck (0 matches)"]
    with cluster.fault(may_miss=True, node=missing):
        pass
    with pytest.raises(ZeroDivisionError), cluster.fault(node=missing):  # a failure of the block's own comes first
        raise ZeroDivisionError


@pytest.mark.minikube_lite(lab=False, clock="stepped", serve_api=False, serve_dns=False)
def test_without_the_lab_there_are_none(cluster: RunningCluster) -> None:
    with pytest.raises(RuntimeError, match=r"lab\.minikube-lite\.io"):
        cluster.fault(**CUT)
