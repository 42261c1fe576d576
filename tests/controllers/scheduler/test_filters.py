"""On which nodes a pod can run, and what is said where it cannot."""

from __future__ import annotations

import pytest

NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"


def message(reason: str, preemption: str = NOT_HELPFUL) -> str:
    available = "0/1 nodes are available:"
    return f"{available} 1 {reason}. no new claims to deallocate, preemption: {available} 1 {preemption}."


def affinity(kind: str, *, key: str = "kubernetes.io/hostname", **term: object) -> dict[str, object]:
    own = {"labelSelector": {"matchLabels": {"app": "x"}}, "topologyKey": key, **term}
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [own]}}}


def node_affinity(*terms: object) -> dict[str, object]:
    required = {"nodeSelectorTerms": list(terms)}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def expression(key: str, operator: str, *values: str) -> dict[str, object]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


TAINT = {"key": "k", "value": "v", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("node", "spec", "expected"),
    [
        ({"unschedulable": True}, {}, message("node(s) were unschedulable")),
        ({"taints": [TAINT]}, {}, message("node(s) had untolerated taint(s)")),
        ({"taints": [{**TAINT, "effect": "NoExecute"}]}, {}, message("node(s) had untolerated taint(s)")),
        ({}, {"nodeSelector": {"disk": "ssd"}}, message("node(s) didn't match Pod's node affinity/selector")),
        (
            {},
            node_affinity(expression("disk", "In", "ssd")),
            message("node(s) didn't match Pod's node affinity/selector"),
        ),
        ({}, node_affinity({}), message("node(s) didn't match Pod's node affinity/selector")),
        ({}, {"requests": {"cpu": "5"}}, message("Insufficient cpu")),
        ({}, {"requests": {"example.org/gpu": "1"}}, message("Insufficient example.org/gpu")),
        ({"amounts": {"pods": "0"}}, {}, message("Too many pods", NO_VICTIMS)),
        ({}, affinity("podAffinity"), message("node(s) didn't match pod affinity rules")),
    ],
)
def test_a_node_that_does_not_do(cluster, pod_of, node, spec, expected):
    assert cluster.node("a", **node).failure(pod_of(**spec)) == expected


@pytest.mark.parametrize(
    ("node", "spec"),
    [
        ({}, {}),
        ({"taints": [{**TAINT, "effect": "PreferNoSchedule"}]}, {}),
        ({"taints": [TAINT]}, {"tolerations": [{"key": "k", "value": "v", "effect": "NoSchedule"}]}),
        ({"taints": [TAINT]}, {"tolerations": [{"key": "k", "operator": "Exists"}]}),
        ({"taints": [TAINT]}, {"tolerations": [{"operator": "Exists"}]}),
        (
            {"unschedulable": True},
            {"tolerations": [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]},
        ),
        ({"labels": {"disk": "ssd"}}, {"nodeSelector": {"disk": "ssd"}}),
        ({"labels": {"size": "9"}}, node_affinity(expression("size", "Gt", "8"))),
        ({}, node_affinity(expression("size", "DoesNotExist"))),
        ({}, node_affinity(expression("size", "In", "x"), expression("size", "NotIn", "x"))),
        ({}, {"requests": {"cpu": "4", "memory": "8Gi"}}),
        ({}, affinity("podAntiAffinity")),
        ({}, {**affinity("podAffinity"), "labels": {"app": "x"}}),
    ],
)
def test_a_node_that_does(cluster, pod_of, node, spec):
    assert cluster.node("a", **node).chosen(pod_of(**spec)) == "a"


@pytest.mark.parametrize(
    ("taken", "wanted", "fits"),
    [
        ({"hostPort": 80}, {"hostPort": 80}, False),
        ({"hostPort": 80}, {"hostPort": 81}, True),
        ({"hostPort": 80}, {"hostPort": 80, "protocol": "UDP"}, True),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80, "hostIP": "10.0.0.2"}, True),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80}, False),
        ({"containerPort": 80}, {"containerPort": 80}, True),
    ],
)
def test_host_ports(cluster, pod_of, taken, wanted, fits):
    cluster.node("a").pod("old", "a", ports=[taken])
    if fits:
        assert cluster.chosen(pod_of(ports=[wanted])) == "a"
    else:
        text = "node(s) didn't have free ports for the requested pod ports"
        assert cluster.failure(pod_of(ports=[wanted])) == message(text, NO_VICTIMS)


def test_each_reason_is_counted(cluster, pod_of):
    for name in "ab":
        cluster.node(name).pod(f"old-{name}", name, requests={"cpu": "3500m"})
    cluster.node("c", taints=[TAINT])
    assert cluster.failure(pod_of(requests={"cpu": "1", "memory": "9Gi"})) == (
        "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, 2 Insufficient memory."
        " no new claims to deallocate, preemption: 0/3 nodes are available:"
        " 3 Preemption is not helpful for scheduling."
    )


def test_a_pod_meant_for_one_node(cluster, pod_of):
    cluster.node("a").node("b").node("c", unschedulable=True)
    field = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}
    assert cluster.chosen(pod_of(**node_affinity(field))) == "b"
    other = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["c"]}]}
    assert cluster.failure(pod_of(**node_affinity(other))).startswith(
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]."
    )


def test_without_nodes(cluster, pod_of):
    assert cluster.failure(pod_of()) == "no nodes available to schedule pods"


def test_preemption_may_be_forbidden(cluster, pod_of):
    text = cluster.node("a").failure(pod_of(requests={"cpu": "9"}, preemptionPolicy="Never"))
    assert text.endswith("preemption: not eligible due to preemptionPolicy=Never.")


def test_affinity_follows_pods_through_a_topology(cluster, pod_of):
    for name, zone in (("a", "west"), ("b", "west"), ("c", "east")):
        cluster.node(name, labels={"zone": zone})
    cluster.pod("old", "a", labels={"app": "x"})
    cluster.node("a", labels={"zone": "west"}, unschedulable=True)
    assert cluster.chosen(pod_of(**affinity("podAffinity", key="zone"))) == "b"
    assert cluster.chosen(pod_of(**affinity("podAntiAffinity", key="zone"))) == "c"


def test_affinity_looks_into_the_namespaces_that_it_names(cluster, pod_of):
    cluster.node("a").node("b").pod("old", "a", labels={"app": "x"}, namespace="other")
    cluster.namespaces = {"other": {"team": "red"}, "default": {}}
    text = "node(s) didn't match pod affinity rules"
    assert text in cluster.failure(pod_of(**affinity("podAffinity")))
    assert cluster.chosen(pod_of(**affinity("podAffinity", namespaces=["other"]))) == "a"
    selector = {"matchLabels": {"team": "red"}}
    assert cluster.chosen(pod_of(**affinity("podAffinity", namespaceSelector=selector))) == "a"
    assert cluster.chosen(pod_of(**affinity("podAntiAffinity", namespaceSelector={}))) == "b"


def test_pods_that_are_there_may_not_want_the_new_one(cluster, pod_of):
    cluster.node("a").node("b").pod("old", "a", **affinity("podAntiAffinity"))
    assert cluster.chosen(pod_of(labels={"app": "x"})) == "b"
    cluster.node("b", unschedulable=True)
    text = "1 node(s) didn't satisfy existing pods anti-affinity rules, 1 node(s) were unschedulable."
    assert text in cluster.failure(pod_of(labels={"app": "x"}))


def spread(*, key: str = "zone", **fields: object) -> dict[str, object]:
    own = {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule", **fields}
    return {
        "labels": {"app": "x"},
        "topologySpreadConstraints": [{"labelSelector": {"matchLabels": {"app": "x"}}, **own}],
    }


def test_hard_spreading(cluster, pod_of):
    for name, zone in (("a", "west"), ("b", "west"), ("c", "east")):
        cluster.node(name, labels={"zone": zone})
    cluster.pod("old", "a", labels={"app": "x"})
    assert cluster.chosen(pod_of(**spread())) == "c"
    cluster.node("c", labels={"zone": "east"}, unschedulable=True)
    expected = "1 node(s) were unschedulable, 2 node(s) didn't match pod topology spread constraints."
    assert expected in cluster.failure(pod_of(**spread()))
    assert cluster.chosen(pod_of(**spread(maxSkew=2))) in "ab"
    expected = "2 node(s) didn't match pod topology spread constraints (missing required label)"
    assert expected in cluster.failure(pod_of(**spread(key="rack")))


def test_hard_spreading_over_so_many_domains_at_least(cluster, pod_of):
    cluster.node("a", labels={"zone": "west"}).pod("old", "a", labels={"app": "x"})
    assert cluster.chosen(pod_of(**spread())) == "a"
    assert "didn't match pod topology spread constraints" in cluster.failure(pod_of(**spread(minDomains=2)))
