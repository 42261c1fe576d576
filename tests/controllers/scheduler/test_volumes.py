"""What a pod's claims say to where it can run."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.scheduler.decide import Chosen
from minikube_lite.machinery.volumes import BIND_COMPLETED

IMMEDIATE: dict[str, Any] = {"metadata": {"name": "now"}, "provisioner": "x.org/y", "volumeBindingMode": "Immediate"}
DELAYED = {**IMMEDIATE, "volumeBindingMode": "WaitForFirstConsumer"}
STATIC = {**DELAYED, "provisioner": "kubernetes.io/no-provisioner"}


def claim(volume: str = "", *, storage_class: str = "", **more: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "data", "namespace": "default", "uid": "u", "resourceVersion": "1"}
    if volume:
        metadata["annotations"] = {BIND_COMPLETED: "yes"}
    resources = {"requests": {"storage": "1Gi"}}
    spec = {"volumeName": volume, "storageClassName": storage_class, "resources": resources, **more}
    return {"metadata": metadata, "spec": spec}


def volume(name: str, node: str = "", *, storage_class: str = "") -> dict[str, Any]:
    spec: dict[str, Any] = {"capacity": {"storage": "1Gi"}, "storageClassName": storage_class}
    if node:
        term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [term]}}
    return {"metadata": {"name": name}, "spec": spec, "status": {"phase": "Available"}}


@pytest.fixture
def subject(pod_of):
    return pod_of(volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])


@pytest.fixture
def two_nodes(cluster):
    return cluster.node("a").node("b")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (None, 'persistentvolumeclaim "data" not found'),
        (claim(), "pod has unbound immediate PersistentVolumeClaims"),
        (claim(storage_class="now"), "pod has unbound immediate PersistentVolumeClaims"),
        (
            {**claim("pv"), "status": {"phase": "Lost"}},
            'persistentvolumeclaim "data" bound to non-existent persistentvolume "pv"',
        ),
    ],
)
def test_claims_that_a_pod_has_to_wait_for(two_nodes, subject, found, text):
    two_nodes.storage.classes["now"] = IMMEDIATE
    if found is not None:
        two_nodes.storage.claims["data"] = found
    assert two_nodes.failure(subject) == f"0/2 nodes are available: {text}. not found"


def test_a_pod_follows_its_volume(two_nodes, subject):
    two_nodes.storage.claims["data"] = claim("pv")
    assert "2 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)" in two_nodes.failure(subject)
    two_nodes.storage.volumes["pv"] = volume("pv", "b")
    assert two_nodes.chosen(subject) == "b"
    two_nodes.storage.volumes["pv"] = volume("pv", "c")
    assert "2 node(s) didn't match PersistentVolume's node affinity" in two_nodes.failure(subject)


def test_a_claim_for_one_pod_only(two_nodes, subject):
    two_nodes.storage.claims["data"] = claim("pv", accessModes=["ReadWriteOncePod"])
    two_nodes.storage.volumes["pv"] = volume("pv")
    two_nodes.storage.used = ("data",)
    assert "ReadWriteOncePod access mode already in-use by another pod" in two_nodes.failure(subject)


def test_a_claim_that_waits_takes_a_volume_that_the_node_reaches(two_nodes, subject):
    two_nodes.storage.classes["later"] = STATIC
    two_nodes.storage.claims["data"] = claim(storage_class="later")
    assert "2 node(s) didn't find available persistent volumes to bind" in two_nodes.failure(subject)
    two_nodes.storage.volumes["pv"] = volume("pv", "b", storage_class="later")
    decision = two_nodes.decide(subject)
    assert isinstance(decision, Chosen)
    assert (decision.node, [found["metadata"]["name"] for _, found in decision.volumes.bind]) == ("b", ["pv"])


def test_a_claim_that_waits_is_provisioned_where_the_class_allows_it(two_nodes, subject):
    expression = {"key": "kubernetes.io/hostname", "values": ["b"]}
    two_nodes.storage.classes["later"] = {**DELAYED, "allowedTopologies": [{"matchLabelExpressions": [expression]}]}
    two_nodes.storage.claims["data"] = claim(storage_class="later")
    decision = two_nodes.decide(subject)
    assert isinstance(decision, Chosen)
    assert (decision.node, len(decision.volumes.provision)) == ("b", 1)
