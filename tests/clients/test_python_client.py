"""The official Python client: its models must take what we answer, and we what they send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes import client, dynamic, watch
from kubernetes.client.exceptions import ApiException

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

LABELS = {"app": "kubia"}
WATCH_SECONDS_MAX = 30


def pod(name: str) -> Any:
    container = client.V1Container(name="main", image="luksa/kubia-pet")
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name=name, labels=LABELS), spec=client.V1PodSpec(containers=[container])
    )


def statefulset(replicas: int) -> Any:
    template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels=LABELS), spec=pod("x").spec)
    spec = client.V1StatefulSetSpec(
        service_name="kubia",
        replicas=replicas,
        selector=client.V1LabelSelector(match_labels=LABELS),
        template=template,
    )
    return client.V1StatefulSet(metadata=client.V1ObjectMeta(name="kubia"), spec=spec)


def test_pods(cluster: RunningCluster, api_client: Any) -> None:
    core: Any = client.CoreV1Api(api_client)
    created = core.create_namespaced_pod("default", pod("one"))
    assert created.status.phase == "Pending"
    cluster.settle()
    read = core.read_namespaced_pod("one", "default")
    assert read.status.phase == "Running"
    assert read.status.container_statuses[0].ready is True
    assert read.metadata.creation_timestamp.tzinfo is not None
    patched = core.patch_namespaced_pod("one", "default", {"metadata": {"annotations": {"a": "b"}}})
    assert patched.metadata.annotations["a"] == "b"
    read = core.read_namespaced_pod("one", "default")
    read.metadata.labels["more"] = "yes"
    assert core.replace_namespaced_pod("one", "default", read).metadata.labels == {**LABELS, "more": "yes"}
    found = core.list_namespaced_pod("default", label_selector="more=yes", field_selector="status.phase=Running")
    assert [item.metadata.name for item in found.items] == ["one"]
    deleted = core.delete_namespaced_pod("one", "default")
    assert deleted.metadata.deletion_timestamp is not None
    cluster.settle()
    assert core.list_pod_for_all_namespaces().items == []


def test_errors(api_client: Any) -> None:
    core: Any = client.CoreV1Api(api_client)
    with pytest.raises(ApiException) as missing:
        core.read_namespaced_pod("none", "default")
    assert (missing.value.status, missing.value.reason) == (404, "Not Found")
    core.create_namespaced_pod("default", pod("one"))
    with pytest.raises(ApiException) as exists:
        core.create_namespaced_pod("default", pod("one"))
    assert exists.value.status == 409
    assert json.loads(str(exists.value.body))["reason"] == "AlreadyExists"
    stale = core.read_namespaced_pod("one", "default")
    core.patch_namespaced_pod("one", "default", {"metadata": {"labels": {"x": "y"}}})
    with pytest.raises(ApiException) as conflict:
        core.replace_namespaced_pod("one", "default", stale)
    assert conflict.value.status == 409


def test_a_watch(cluster: RunningCluster, api_client: Any) -> None:
    core: Any = client.CoreV1Api(api_client)
    start = core.list_namespaced_config_map("default").metadata.resource_version
    for name in ("a", "b"):
        core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name)))
    core.delete_namespaced_config_map("a", "default")
    seen = []
    watcher = watch.Watch()
    for event in watcher.stream(
        core.list_namespaced_config_map, "default", resource_version=start, timeout_seconds=WATCH_SECONDS_MAX
    ):
        seen.append((event["type"], event["object"].metadata.name))
        if len(seen) == 3:
            watcher.stop()
    assert seen == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]


def test_statefulsets(cluster: RunningCluster, api_client: Any) -> None:
    core: Any = client.CoreV1Api(api_client)
    apps: Any = client.AppsV1Api(api_client)
    ports = [client.V1ServicePort(name="http", port=80)]
    spec = client.V1ServiceSpec(cluster_ip="None", selector=LABELS, ports=ports)
    core.create_namespaced_service("default", client.V1Service(metadata=client.V1ObjectMeta(name="kubia"), spec=spec))
    apps.create_namespaced_stateful_set("default", statefulset(2))
    cluster.settle()
    status = apps.read_namespaced_stateful_set_status("kubia", "default").status
    assert (status.replicas, status.ready_replicas, status.current_replicas) == (2, 2, 2)
    scale = apps.read_namespaced_stateful_set_scale("kubia", "default")
    assert (scale.spec.replicas, scale.status.selector) == (2, "app=kubia")
    apps.patch_namespaced_stateful_set_scale("kubia", "default", {"spec": {"replicas": 3}})
    cluster.settle()
    names = [item.metadata.name for item in core.list_namespaced_pod("default").items]
    assert names == ["kubia-0", "kubia-1", "kubia-2"]
    found = apps.list_namespaced_stateful_set("default")
    assert [item.spec.template.spec.containers[0].image for item in found.items] == ["luksa/kubia-pet"]
    apps.delete_namespaced_stateful_set("kubia", "default", propagation_policy="Background")
    cluster.settle()
    assert core.list_namespaced_pod("default").items == []


def test_the_dynamic_client(api_client: Any) -> None:
    """It reads discovery itself."""
    found = dynamic.DynamicClient(api_client).resources.get(api_version="apps/v1", kind="StatefulSet")
    body = api_client.sanitize_for_serialization(statefulset(0))
    created = found.create(body={"apiVersion": "apps/v1", "kind": "StatefulSet", **body}, namespace="default")
    assert created.metadata.name == "kubia"
    assert [item.metadata.name for item in found.get(namespace="default").items] == ["kubia"]


def test_version_and_groups(api_client: Any) -> None:
    version: Any = client.VersionApi(api_client).get_code()
    assert (version.major, version.minor) == ("1", "36")
    groups = {group.name for group in client.ApisApi(api_client).get_api_versions().groups}
    assert {"apps", "batch", "storage.k8s.io", "discovery.k8s.io"} <= groups


def test_a_token_of_a_service_account(cluster: RunningCluster, api_client: Any) -> None:
    core: Any = client.CoreV1Api(api_client)
    request = client.AuthenticationV1TokenRequest(
        spec=client.V1TokenRequestSpec(audiences=["https://kubernetes.default.svc.cluster.local"])
    )
    made = core.create_namespaced_service_account_token("default", "default", request)
    configuration = client.Configuration(host=cluster.server)
    configuration.api_key = {"authorization": f"Bearer {made.status.token}"}
    with client.ApiClient(configuration) as robot_client:
        robot: Any = client.CoreV1Api(robot_client)
        with pytest.raises(ApiException) as caught:
            robot.list_namespaced_pod("default")
        assert caught.value.status == 403
        review: Any = client.AuthenticationV1Api(robot_client).create_self_subject_review(client.V1SelfSubjectReview())
        assert review.status.user_info.username == "system:serviceaccount:default:default"

        binding: Any = {
            "metadata": {"name": "viewer"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "ServiceAccount", "name": "default"}],
        }
        client.RbacAuthorizationV1Api(api_client).create_namespaced_role_binding("default", binding)
        assert robot.list_namespaced_pod("default").items == []
        asked = client.V1SelfSubjectAccessReview(
            spec=client.V1SelfSubjectAccessReviewSpec(
                resource_attributes=client.V1ResourceAttributes(namespace="default", verb="delete", resource="pods")
            )
        )
        answer: Any = client.AuthorizationV1Api(robot_client).create_self_subject_access_review(asked)
        assert answer.status.allowed is False
