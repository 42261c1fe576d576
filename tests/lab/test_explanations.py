"""Why things are as they are: asked in Python, by kubectl, by the command, and through the API."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import (
    DEPLOYMENTS,
    EXPLANATIONS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    STATEFUL_SETS,
)

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(clock="stepped", seed=4)

LABELS = {"app": "web"}
Pod = dict[str, Any]


def pod(name: str, container: Pod | None = None, **spec: Any) -> Pod:
    containers = [{"name": "main", "image": "busybox", **(container or {})}]
    return {"metadata": {"name": name}, "spec": {"containers": containers, **spec}}


def stateful_set(container: Pod, replicas: int = 2) -> Pod:
    template = {"metadata": {"labels": LABELS}, "spec": pod("", container)["spec"]}
    spec = {"replicas": replicas, "serviceName": "web", "selector": {"matchLabels": LABELS}, "template": template}
    return {"metadata": {"name": "web"}, "spec": spec}


SLEEP = {"command": ["sleep", "1000000"]}
UNREADY = {**SLEEP, "readinessProbe": {"exec": {"command": ["sh", "-c", "echo not yet; exit 1"]}}}


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (pod("a", SLEEP), r"Pod a runs on node-\d and is ready since 2026-01-01T00:00:00Z\."),
        (
            pod("a", {"resources": {"requests": {"cpu": "99"}}}),
            r"Pod a is Pending and has no node: 0/3 nodes are available: 3 Insufficient cpu\..*",
        ),
        (pod("a", schedulerName="mine"), r"Pod a is Pending and has no node: nobody plays its scheduler mine\."),
        (
            pod("a", schedulingGates=[{"name": "b.example/c"}]),
            r"Pod a is Pending and has no node: its scheduling gates b\.example/c are closed\.",
        ),
        (
            pod("a", {"command": ["sh", "-c", "exit 3"]}),
            r"Pod a is Running on node-\d and not ready: container main waits \(CrashLoopBackOff, back-off 40s .*\) after its "
            r"last run ended with exit code 3 \(Error\)\.",
        ),
        (
            pod("a", {"envFrom": [{"configMapRef": {"name": "b"}}]}),
            r"Pod a is Pending on node-\d and not ready: container main waits \(CreateContainerConfigError, "
            r'configmap "b" not found\)\.',
        ),
        (
            pod("a", volumes=[{"name": "v", "secret": {"secretName": "b"}}]),
            r"Pod a is Pending on node-\d and not ready: container main waits \(ContainerCreating\); "
            r'MountVolume.SetUp failed for volume "v" : secret "b" not found\.',
        ),
        (
            pod("a", UNREADY),
            r"Pod a is Running on node-\d and not ready: container main runs and is not ready; "
            r"Readiness probe failed: not yet\.",
        ),
        (
            pod("a", SLEEP, readinessGates=[{"conditionType": "b.example/c"}]),
            r"Pod a is Running on node-\d and not ready: its readiness gate b\.example/c is not True\.",
        ),
        (
            pod("a", SLEEP, initContainers=[{"name": "first", "image": "busybox", **SLEEP}]),
            r"Pod a is Pending on node-\d and not ready: .*container main waits \(PodInitializing\).*",
        ),
        (
            pod("a", {"command": ["false"]}, restartPolicy="Never"),
            r"Pod a has ended \(Failed\): container main has ended with exit code 1 \(Error\)\.",
        ),
    ],
)
def test_a_pod(cluster: RunningCluster, manifest: Pod, sentence: str) -> None:
    cluster.create(PODS, "default", manifest)
    cluster.advance("40s")
    assert re.fullmatch(sentence, cluster.why("pod/a")), cluster.why("pod/a")


def test_a_pod_that_is_not_there_yet(cluster: RunningCluster) -> None:
    cluster.create(STATEFUL_SETS, "default", stateful_set(UNREADY))
    cluster.advance("1m")
    assert cluster.why("sts/web") == "StatefulSet web: it waits, since web-0 is not Running and Ready."
    beginning = "There is no pod web-1 in namespace default: StatefulSet web:"
    assert cluster.why("pod/web-1") == f"{beginning} it waits, since web-0 is not Running and Ready."
    with cluster.fault("halt", controller={"name": "statefulset"}):
        assert "fault halt pauses the statefulset-controller" in cluster.why("pod/web-1")
    assert cluster.why("pod/web-2").endswith(": StatefulSet web is to have 2 pods.")
    assert cluster.why("pod/other").endswith(": nothing that is there makes a pod of this name.")


def test_a_pod_that_is_lost_and_is_not_believed_to_be(cluster: RunningCluster) -> None:
    cluster.create(STATEFUL_SETS, "default", stateful_set(SLEEP, 1))
    cluster.settle()
    node = cluster.get(PODS, "default", "web-0")["spec"]["nodeName"]
    cluster.cut(node)
    cluster.advance("1m")
    told = cluster.why("pod/web-0")
    assert told.startswith(f"Pod web-0 is on {node}, as far as anybody knows: its node {node} has not reported since")
    assert f"fault cut-{node} (Cut) strikes its node" in told
    assert re.search(r"it tolerates that until 2026-01-01T00:0\d:\d\dZ", told)
    assert f"fault cut-{node} breaks it (Cut)" in cluster.why(f"node/{node}")
    cluster.advance("6m")
    told = cluster.why("pod/web-0")
    assert told.startswith("Pod web-0 is being deleted since 2026-01-01T00:0"), told
    assert told.endswith("it tolerates the taints of its node no longer.")
    assert cluster.why("sts/web") == "StatefulSet web: it waits, since web-0 is being deleted."


def test_others(cluster: RunningCluster) -> None:
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Mi"}},
        "storageClassName": "none",
    }
    cluster.create(PERSISTENT_VOLUME_CLAIMS, "default", {"metadata": {"name": "a"}, "spec": claim})
    template = {"metadata": {"labels": LABELS}, "spec": pod("", UNREADY)["spec"]}
    spec = {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template}
    cluster.create(DEPLOYMENTS, "default", {"metadata": {"name": "web"}, "spec": spec})
    cluster.advance("20s")
    assert cluster.why("pvc/a") == 'PersistentVolumeClaim a is Pending: storageclass.storage.k8s.io "none" not found.'
    assert "Available is False, Deployment does not have minimum availability." in cluster.why("deploy/web")
    assert cluster.why("svc/kubernetes") == "Service kubernetes: nobody says that anything is missing."
    assert cluster.why("cm/b", "kube-system") == "There is no ConfigMap b in namespace kube-system."


def test_what_cannot_be_asked(cluster: RunningCluster) -> None:
    for spec, field in (({"resource": "cats", "name": "a"}, "resource"), ({"resource": "pods"}, "name")):
        with pytest.raises(ApiError) as refused:
            cluster.call(cluster.cluster.client.create(EXPLANATIONS, "", {"spec": spec}))
        assert (refused.value.code, refused.value.reason) == (422, "Invalid")
        assert f"spec.{field}" in refused.value.message


def test_by_command_and_by_kubectl(cluster: RunningCluster, kubectl_path: str) -> None:
    cluster.create(STATEFUL_SETS, "default", stateful_set(UNREADY))
    cluster.advance("1m")
    manifest = {
        "apiVersion": EXPLANATIONS.api_version,
        "kind": "Explanation",
        "spec": {"resource": "pod", "name": "web-1"},
    }
    done = subprocess.run(
        [kubectl_path, "--kubeconfig", str(cluster.kubeconfig), "create", "-f", "-", "-o", "json"],
        input=json.dumps(manifest),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    status = json.loads(done.stdout)["status"]
    assert status["sentence"] == cluster.why("pod/web-1")
    [reason] = status["reasons"]
    assert (reason["component"], reason["reason"]) == ("statefulset-controller", "WaitingForReady")
    assert reason["since"] == "2026-01-01T00:00:00Z"
