"""How much of a quota an object uses, and which quotas count it."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.machinery.quota.amounts import add, exceeded, growth, parse, text, written
from minikube_lite.machinery.quota.evaluators import evaluator_for
from minikube_lite.machinery.quota.scopes import Scope, scopes_of
from minikube_lite.store import Object

NOW = 1_000_000.0


def pod(*containers: Object, status: Object | None = None, metadata: Object | None = None, **spec: Any) -> Object:
    named = [{"name": f"c{number}", **container} for number, container in enumerate(containers)]
    return {
        "metadata": {"name": "p", **(metadata or {})},
        "spec": {"containers": named, **spec},
        "status": status or {},
    }


def asking(requests: dict[str, str], limits: dict[str, str] | None = None) -> Object:
    return {"resources": {"requests": requests, "limits": limits or {}}}


def used(key: str, obj: Object) -> dict[str, str]:
    evaluator = evaluator_for(key)
    assert evaluator is not None
    return written(evaluator.usage(obj, NOW))


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (pod({}), {"count/pods": "1", "pods": "1"}),
        (
            pod(asking({"cpu": "250m", "memory": "1Gi"}, {"cpu": "1"}), asking({"cpu": "250m"})),
            {
                "count/pods": "1",
                "pods": "1",
                "cpu": "500m",
                "requests.cpu": "500m",
                "limits.cpu": "1",
                "memory": "1Gi",
                "requests.memory": "1Gi",
            },
        ),
        (
            pod(asking({"ephemeral-storage": "1Gi"}, {"ephemeral-storage": "2Gi"})),
            {
                "count/pods": "1",
                "pods": "1",
                "ephemeral-storage": "1Gi",
                "requests.ephemeral-storage": "1Gi",
                "limits.ephemeral-storage": "2Gi",
            },
        ),
        (
            pod(asking({"nvidia.com/gpu": "2", "hugepages-2Mi": "4Mi"}, {"nvidia.com/gpu": "2"})),
            {
                "count/pods": "1",
                "pods": "1",
                "hugepages-2Mi": "4Mi",
                "requests.hugepages-2Mi": "4Mi",
                "requests.nvidia.com/gpu": "2",
            },
        ),
        (
            pod(asking({"cpu": "1"}), initContainers=[{"name": "i", **asking({"cpu": "3"})}], overhead={"cpu": "1"}),
            {"count/pods": "1", "pods": "1", "cpu": "4", "requests.cpu": "4"},
        ),
        (
            pod(asking({"cpu": "1"}), resources={"requests": {"cpu": "5"}}),
            {"count/pods": "1", "pods": "1", "cpu": "5", "requests.cpu": "5"},
        ),
        (pod(asking({"cpu": "1"}), status={"phase": "Failed"}), {"count/pods": "1"}),
        (
            pod(
                asking({"cpu": "1"}),
                metadata={"deletionTimestamp": "1970-01-12T13:40:00Z", "deletionGracePeriodSeconds": 30},
            ),
            {"count/pods": "1"},
        ),
        (
            pod(
                asking({"cpu": "1"}),
                status={
                    "containerStatuses": [
                        {
                            "name": "c0",
                            "allocatedResources": {"cpu": "2"},
                            "resources": {"requests": {"cpu": "1500m"}, "limits": {"cpu": "3"}},
                        }
                    ]
                },
            ),
            {"count/pods": "1", "pods": "1", "cpu": "2", "requests.cpu": "2", "limits.cpu": "3"},
        ),
    ],
)
def test_pods(obj: Object, expected: dict[str, str]) -> None:
    assert used("pods", obj) == expected


def test_a_pod_whose_grace_period_is_not_over_is_charged() -> None:
    going = {"deletionTimestamp": "1970-01-12T13:46:30Z", "deletionGracePeriodSeconds": 30}
    assert used("pods", pod({}, metadata=going)) == {"count/pods": "1", "pods": "1"}


@pytest.mark.parametrize(
    ("spec", "node_ports", "load_balancers"),
    [
        ({"type": "ClusterIP", "ports": [{}, {}]}, "0", "0"),
        ({"type": "NodePort", "ports": [{}, {}]}, "2", "0"),
        ({"type": "LoadBalancer", "ports": [{}, {}]}, "2", "1"),
        (
            {"type": "LoadBalancer", "ports": [{}, {"nodePort": 30000}], "allocateLoadBalancerNodePorts": False},
            "1",
            "1",
        ),
        ({"type": "ExternalName"}, "0", "0"),
    ],
)
def test_services(spec: Object, node_ports: str, load_balancers: str) -> None:
    assert used("services", {"metadata": {}, "spec": spec}) == {
        "count/services": "1",
        "services": "1",
        "services.nodeports": node_ports,
        "services.loadbalancers": load_balancers,
    }


def claim(storage: str, storage_class: str | None = None, **status: Any) -> Object:
    spec: Object = {"resources": {"requests": {"storage": storage}}}
    if storage_class:
        spec["storageClassName"] = storage_class
    return {"metadata": {}, "spec": spec, "status": status}


@pytest.mark.parametrize(
    ("obj", "storage"),
    [
        (claim("1Gi"), "1Gi"),
        (claim("1500m"), "2"),
        (claim("1Gi", allocatedResources={"storage": "2Gi"}), "2Gi"),
        (claim("3Gi", allocatedResources={"storage": "2Gi"}), "3Gi"),
    ],
)
def test_claims(obj: Object, storage: str) -> None:
    assert used("persistentvolumeclaims", obj) == {
        "count/persistentvolumeclaims": "1",
        "persistentvolumeclaims": "1",
        "requests.storage": storage,
    }


def test_claims_of_a_class_are_counted_by_it_too() -> None:
    found = used("persistentvolumeclaims", claim("1Gi", "gold"))
    assert found["gold.storageclass.storage.k8s.io/requests.storage"] == "1Gi"
    assert found["gold.storageclass.storage.k8s.io/persistentvolumeclaims"] == "1"


def test_resource_claims_count_the_most_devices_that_they_may_get() -> None:
    requests = [
        {"exactly": {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 2}},
        {
            "firstAvailable": [
                {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 3},
                {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1},
                {"deviceClassName": "nic", "allocationMode": "All"},
            ]
        },
    ]
    obj = {"metadata": {}, "spec": {"devices": {"requests": requests}}}
    assert used("resourceclaims.resource.k8s.io", obj) == {
        "count/resourceclaims.resource.k8s.io": "1",
        "gpu.deviceclass.resource.k8s.io/devices": "5",
        "nic.deviceclass.resource.k8s.io/devices": "32",
    }


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("configmaps", {"count/configmaps": "1", "configmaps": "1"}),
        ("deployments.apps", {"count/deployments.apps": "1"}),
        ("widgets.example.com", {"count/widgets.example.com": "1"}),
    ],
)
def test_other_objects_are_counted(key: str, expected: dict[str, str]) -> None:
    assert used(key, {"metadata": {}}) == expected


def test_events_are_never_counted() -> None:
    assert evaluator_for("events") is None


@pytest.mark.parametrize(
    ("key", "names", "matching"),
    [
        (
            "pods",
            ["configmaps", "requests.nvidia.com/gpu", "pods", "limits.cpu", "nvidia.com/gpu", "hugepages-2Mi"],
            ["hugepages-2Mi", "limits.cpu", "pods", "requests.nvidia.com/gpu"],
        ),
        ("services", ["services.nodeports", "pods", "count/services"], ["count/services", "services.nodeports"]),
        (
            "persistentvolumeclaims",
            ["gold.storageclass.storage.k8s.io/requests.storage", "gold.storageclass.storage.k8s.io/pods"],
            ["gold.storageclass.storage.k8s.io/requests.storage"],
        ),
        ("secrets", ["secrets", "configmaps", "count/secrets"], ["count/secrets", "secrets"]),
    ],
)
def test_the_names_under_which_quotas_limit(key: str, names: list[str], matching: list[str]) -> None:
    evaluator = evaluator_for(key)
    assert evaluator is not None
    assert evaluator.matching(names) == matching


@pytest.mark.parametrize(
    ("names", "obj", "expected"),
    [
        (["pods"], pod({}), ""),
        (["limits.cpu"], pod(asking({"cpu": "1"})), "must specify limits.cpu for: c0"),
        (["cpu", "limits.memory"], pod({}, {}), "must specify cpu for: c0,c1; limits.memory for: c0,c1"),
        (["requests.cpu"], pod(asking({"cpu": "1"})), ""),
        (["requests.ephemeral-storage"], pod({}), ""),
        (["cpu"], pod({}, resources={"requests": {"cpu": "1"}}), ""),
        (["cpu"], pod(asking({"cpu": "1"}), initContainers=[{"name": "i"}]), "must specify cpu for: i"),
    ],
)
def test_what_a_pod_must_say(names: list[str], obj: Object, expected: str) -> None:
    evaluator = evaluator_for("pods")
    assert evaluator is not None
    assert evaluator.missing(names, obj) == expected


ELSEWHERE: Object = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"namespaceSelector": {}}]}}


@pytest.mark.parametrize(
    ("scope", "obj", "expected"),
    [
        (Scope("Terminating", "Exists"), pod({}, activeDeadlineSeconds=0), True),
        (Scope("Terminating", "Exists"), pod({}), False),
        (Scope("NotTerminating", "Exists"), pod({}), True),
        (Scope("BestEffort", "Exists"), pod({}), True),
        (Scope("BestEffort", "Exists"), pod(asking({"cpu": "1"})), False),
        (Scope("NotBestEffort", "Exists"), pod(asking({"cpu": "1"})), True),
        (Scope("PriorityClass", "Exists"), pod({}), False),
        (Scope("PriorityClass", "DoesNotExist"), pod({}), True),
        (Scope("PriorityClass", "In", ("high", "low")), pod({}, priorityClassName="low"), True),
        (Scope("PriorityClass", "NotIn", ("high",)), pod({}, priorityClassName="high"), False),
        (Scope("PriorityClass", "NotIn", ("high",)), pod({}), True),
        (Scope("CrossNamespacePodAffinity", "Exists"), pod({}, affinity=ELSEWHERE), True),
        (Scope("CrossNamespacePodAffinity", "Exists"), pod({}, affinity={"podAffinity": {}}), False),
        (Scope("VolumeAttributesClass", "Exists"), pod({}), False),
    ],
)
def test_scopes_of_pods(scope: Scope, obj: Object, expected: bool) -> None:
    evaluator = evaluator_for("pods")
    assert evaluator is not None
    assert evaluator.in_scope(obj, scope) is expected


@pytest.mark.parametrize(
    ("scope", "obj", "expected"),
    [
        (Scope("VolumeAttributesClass", "Exists"), claim("1Gi"), False),
        (Scope("VolumeAttributesClass", "In", ("fast",)), claim("1Gi", currentVolumeAttributesClassName="fast"), True),
        (Scope("VolumeAttributesClass", "DoesNotExist"), claim("1Gi"), True),
        (Scope("BestEffort", "Exists"), claim("1Gi"), False),
    ],
)
def test_scopes_of_claims(scope: Scope, obj: Object, expected: bool) -> None:
    evaluator = evaluator_for("persistentvolumeclaims")
    assert evaluator is not None
    assert evaluator.in_scope(obj, scope) is expected


def test_a_quota_counts_what_is_in_all_its_scopes() -> None:
    quota = {
        "spec": {
            "scopes": ["NotTerminating"],
            "scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["a"]}]},
        },
        "status": {"hard": {"pods": "1"}},
    }
    assert scopes_of(quota) == [Scope("NotTerminating", "Exists"), Scope("PriorityClass", "In", ("a",))]
    evaluator = evaluator_for("pods")
    assert evaluator is not None
    assert evaluator.counts(quota, pod({}, priorityClassName="a"))
    assert not evaluator.counts(quota, pod({}, priorityClassName="a", activeDeadlineSeconds=5))
    assert not evaluator.counts({**quota, "status": {"hard": {"configmaps": "1"}}}, pod({}, priorityClassName="a"))


def test_arithmetic() -> None:
    one, two = parse({"cpu": "1", "memory": "1Gi"}), parse({"cpu": "1500m", "pods": "2"})
    assert written(add(one, two)) == {"cpu": "2500m", "memory": "1Gi", "pods": "2"}
    assert written(growth(two, one)) == {"cpu": "500m", "pods": "2"}
    assert written(growth(one, two)) == {"cpu": "0", "memory": "1Gi"}
    assert exceeded(two, one) == ["cpu"]
    assert text(two) == "cpu=1500m,pods=2"
