"""Which of several nodes a pod gets."""

from __future__ import annotations

import pytest

from minikube_lite.controllers.scheduler.cache import PodInfo
from minikube_lite.controllers.scheduler.decide import feasible_nodes_wanted
from minikube_lite.controllers.scheduler.requests import PodRequest
from minikube_lite.machinery.selectors import selector_from_set

MINE = selector_from_set({"app": "x"})


def preferring(kind: str, weight: int = 100) -> dict[str, object]:
    term = {"labelSelector": {"matchLabels": {"app": "x"}}, "topologyKey": "kubernetes.io/hostname"}
    preferred = [{"weight": weight, "podAffinityTerm": term}]
    return {"affinity": {kind: {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}}


def test_the_emptier_node(cluster, pod_of):
    cluster.node("a").node("b").pod("old", "a", requests={"cpu": "2", "memory": "4Gi"})
    assert cluster.chosen(pod_of(requests={"cpu": "1", "memory": "2Gi"})) == "b"


def test_pods_that_ask_for_nothing_count_too(cluster, pod_of):
    cluster.node("a").node("b")
    for number in range(4):
        cluster.pod(f"old-{number}", "a")
    assert cluster.chosen(pod_of()) == "b"


def test_pods_of_one_kind_lie_apart(cluster, pod_of):
    cluster.node("a", amounts={"cpu": "64", "memory": "128Gi"}).node("b")
    cluster.pod("old", "a", labels={"app": "x"})
    assert cluster.chosen(pod_of(labels={"app": "x"}), MINE) == "b"


def test_pods_of_one_kind_lie_in_other_zones(cluster, pod_of):
    for name, zone in (("a", "west"), ("b", "west"), ("c", "east")):
        cluster.node(name, labels={"topology.kubernetes.io/zone": zone})
    cluster.pod("old", "a", labels={"app": "x"})
    assert cluster.chosen(pod_of(labels={"app": "x"}), MINE) == "c"


def test_a_taint_that_would_rather_not(cluster, pod_of):
    cluster.node("a", taints=[{"key": "k", "effect": "PreferNoSchedule"}]).node("b", amounts={"cpu": "1"})
    assert cluster.chosen(pod_of(requests={"cpu": "500m"})) == "b"


def test_a_preferred_node(cluster, pod_of):
    cluster.node("a").node("b", labels={"disk": "ssd"}).pod("old", "b", requests={"cpu": "1"})
    term = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
    affinity = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": term}]}
    assert cluster.chosen(pod_of(affinity={"nodeAffinity": affinity})) == "b"


@pytest.mark.parametrize(("kind", "expected"), [("podAffinity", "a"), ("podAntiAffinity", "b")])
def test_preferred_neighbours(cluster, pod_of, kind, expected):
    cluster.node("a").node("b").pod("old", "a", labels={"app": "x"})
    assert cluster.chosen(pod_of(**preferring(kind))) == expected


def test_neighbours_that_prefer_the_new_one(cluster, pod_of):
    cluster.node("a").node("b").pod("old", "a", **preferring("podAffinity"))
    assert cluster.chosen(pod_of(labels={"app": "x"})) == "a"


def test_equals_are_drawn_by_lot(cluster, pod_of):
    cluster.node("a").node("b").node("c")
    assert {cluster.chosen(pod_of()) for _ in range(40)} == {"a", "b", "c"}


@pytest.mark.parametrize(("nodes", "wanted"), [(3, 3), (99, 99), (100, 100), (250, 120), (1000, 420), (10_000, 500)])
def test_in_large_clusters_some_nodes_are_enough(nodes, wanted):
    assert feasible_nodes_wanted(nodes) == wanted


def test_what_a_pod_asks_for():
    def container(cpu: str, **fields: str) -> dict[str, object]:
        return {"name": "c", "resources": {"requests": {"cpu": cpu}}, **fields}

    spec = {
        "containers": [container("100m"), container("200m")],
        "initContainers": [container("50m", restartPolicy="Always"), container("900m"), container("10m")],
        "overhead": {"cpu": "5m"},
    }
    assert PodRequest.of(spec).amounts == {"cpu": 955}
    spec["initContainers"] = []
    assert PodRequest.of(spec).amounts == {"cpu": 305}


def test_sums_are_kept_through_all_changes(cluster, pod_of):
    selector = selector_from_set({"app": "x"})
    cluster.node("a").node("b")
    subject = pod_of(labels={"app": "x"}, requests={"cpu": "1"}, ports=[{"hostPort": 80}])
    info = PodInfo.of(subject)
    nodes = {node.name: node for node in cluster.cache.nodes}
    assert nodes["a"].count_matching("default", selector) == 0
    cluster.cache.assume(info, "a")
    assert (nodes["a"].requested, nodes["a"].count_matching("default", selector)) == ({"cpu": 1000}, 1)
    assert cluster.cache.assumed == {info.uid: "a"}
    cluster.cache.set_pod(info, "b")
    assert (nodes["a"].requested, nodes["a"].host_ports, nodes["a"].pods) == ({"cpu": 0}, {}, {})
    assert nodes["a"].count_matching("default", selector) == 0
    subject["metadata"]["deletionTimestamp"] = "t"
    cluster.cache.set_pod(PodInfo.of(subject), "b")
    assert (nodes["b"].requested, nodes["b"].count_matching("default", selector)) == ({"cpu": 1000}, 0)
    cluster.cache.remove_pod(info.uid)
    assert (nodes["b"].requested, nodes["b"].pods, cluster.cache.assumed) == ({"cpu": 0}, {}, {})
