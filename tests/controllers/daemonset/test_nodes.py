"""Which nodes a set means, and the pod that it makes for one."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.daemonset.nodes import (
    NOWHERE,
    NodeFilter,
    Placement,
    daemon_tolerations,
    is_updated,
    new_pod,
    target_node,
)
from minikube_lite.store import Object

RUNS, STAYS = Placement(True, True), Placement(False, True)


def daemon_set(**spec: Any) -> Object:
    metadata = {"name": "d", "namespace": "default", "uid": "u", "annotations": {}}
    template = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [{"name": "c"}], **spec}}
    return {"metadata": metadata, "spec": {"template": template}}


def node(name: str = "n", *taints: tuple[str, str], **labels: str) -> Object:
    found = [{"key": key, "effect": effect} for key, effect in taints]
    return {"metadata": {"name": name, "labels": labels}, "spec": {"taints": found}}


def requires(**condition: Any) -> Object:
    terms = {"nodeSelectorTerms": [condition]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


@pytest.mark.parametrize(
    ("spec", "of", "expected"),
    [
        ({}, node(), RUNS),
        ({"nodeSelector": {"disk": "ssd"}}, node(disk="ssd"), RUNS),
        ({"nodeSelector": {"disk": "ssd"}}, node(disk="hdd"), NOWHERE),
        ({"nodeName": "n"}, node(), RUNS),
        ({"nodeName": "n"}, node("other"), NOWHERE),
        (
            {"affinity": requires(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["n"]}])},
            node("other"),
            NOWHERE,
        ),
        ({"affinity": requires(matchExpressions=[{"key": "disk", "operator": "Exists"}])}, node(disk="x"), RUNS),
        ({}, node("n", ("dedicated", "NoSchedule")), STAYS),
        ({}, node("n", ("dedicated", "NoExecute")), NOWHERE),
        ({}, node("n", ("dedicated", "PreferNoSchedule")), RUNS),
        ({"tolerations": [{"operator": "Exists"}]}, node("n", ("dedicated", "NoExecute")), RUNS),
        ({}, node("n", ("node.kubernetes.io/unschedulable", "NoSchedule")), RUNS),
        ({}, node("n", ("node.kubernetes.io/not-ready", "NoExecute")), RUNS),
        ({}, node("n", ("node.kubernetes.io/not-ready", "NoSchedule")), STAYS),
        ({}, node("n", ("node.kubernetes.io/network-unavailable", "NoSchedule")), STAYS),
        ({"hostNetwork": True}, node("n", ("node.kubernetes.io/network-unavailable", "NoSchedule")), RUNS),
        ({}, None, NOWHERE),
    ],
)
def test_placement(spec: Object, of: Object | None, expected: Placement):
    assert NodeFilter(daemon_set(**spec)).placement(of) == expected


def test_a_toleration_that_ends_gets_no_end():
    own = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3}
    other = {"key": "mine", "operator": "Exists"}
    found = daemon_tolerations({"tolerations": [other, own]})
    assert found[0] == other
    assert found[1] == {key: value for key, value in own.items() if key != "tolerationSeconds"}
    assert len(found) == 7


def test_a_pod_asks_for_its_node_alone():
    affinity = requires(matchExpressions=[{"key": "disk", "operator": "Exists"}])
    affinity["podAntiAffinity"] = {"kept": True}
    owner = daemon_set(affinity=affinity)
    owner["metadata"]["annotations"]["deprecated.daemonset.template.generation"] = "3"
    pod = new_pod(owner, "node-7", "hash")
    assert target_node(pod) == "node-7"
    assert pod["spec"]["affinity"]["podAntiAffinity"] == {"kept": True}
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    condition = {"key": "metadata.name", "operator": "In", "values": ["node-7"]}
    assert terms == {"nodeSelectorTerms": [{"matchFields": [condition]}]}
    expected = {"app": "d", "controller-revision-hash": "hash", "pod-template-generation": "3"}
    assert pod["metadata"]["labels"] == expected
    assert pod["metadata"]["generateName"] == "d-"
    assert "matchExpressions" in str(owner["spec"]["template"])  # the template stays as it was


def test_the_node_where_a_pod_is_counts_before_the_one_it_asked_for():
    pod = new_pod(daemon_set(), "asked", "hash")
    pod["spec"]["nodeName"] = "there"
    assert target_node(pod) == "there"
    assert target_node({"spec": {}}) == ""


def test_a_pod_is_updated_by_hash_or_generation():
    owner = daemon_set()
    owner["metadata"]["annotations"]["deprecated.daemonset.template.generation"] = "2"
    pod = new_pod(owner, "n", "old")
    assert is_updated(owner, pod, "new")
    owner["metadata"]["annotations"]["deprecated.daemonset.template.generation"] = "3"
    assert not is_updated(owner, pod, "new")
    assert is_updated(owner, pod, "old")
