"""Breaking things with kubectl alone: a Fault is applied, seen, and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube


@contextmanager
def broken(kubectl: Kube, **spec: Any) -> Iterator[str]:
    """A Fault, named after the namespace as it has none itself."""
    name = f"fault-{kubectl.namespace}"
    body = {"apiVersion": "lab.minikube-lite.io/v1alpha1", "kind": "Fault", "metadata": {"name": name}, "spec": spec}
    assert f"fault.lab.minikube-lite.io/{name} created" in kubectl("apply", "-f", kubectl.write("fault.yaml", body))
    try:
        yield name
    finally:
        kubectl("delete", "fault", name)


def test_an_image_that_cannot_be_pulled(kubectl: Kube) -> None:
    with broken(kubectl, image={"type": "NotFound", "images": ["shop/*"], "namespaces": [kubectl.namespace]}) as fault:
        kubectl("run", "web", "--image=shop/web:2")
        waiting = "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff"
        kubectl("wait", "pod/web", waiting, "--timeout=30s")
        assert "ImagePullBackOff" in kubectl("get", "pods")
        described = kubectl("describe", "pod", "web")
        assert 'Failed to pull image "shop/web:2": rpc error: code = NotFound' in described
        assert "Error: ErrImagePull" in described
        [row] = kubectl("get", "fault", fault, "-o", "wide", "--no-headers").splitlines()
        assert row.split()[1:5] == ["image/shop/*", "NotFound", "Active", "1"]
    kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=60s")


def test_a_container_that_crashes(kubectl: Kube) -> None:
    with broken(kubectl, container={"type": "Crash", "namespaces": [kubectl.namespace], "exitCode": 7}):
        kubectl("run", "web", "--image=nginx")
        waiting = "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff"
        kubectl("wait", "pod/web", waiting, "--timeout=60s")
        described = kubectl("describe", "pod", "web")
        assert "Exit Code:    7" in described
        assert "Back-off restarting failed container web in pod web_" in described
    kubectl("delete", "pod", "web", "--now")


def test_a_node_without_memory(kubectl: Kube) -> None:
    kubectl("run", "web", "--image=quiet", "--overrides", '{"spec": {"nodeName": "node-3"}}')
    kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=30s")
    with broken(kubectl, node={"name": "node-3", "type": "MemoryPressure"}):
        kubectl("wait", "pod/web", "--for=jsonpath={.status.reason}=Evicted", "--timeout=30s")
        described = kubectl("describe", "pod", "web")
        assert "The node was low on resource: memory." in described
        assert ["Reason:", "Evicted"] in [line.split() for line in described.splitlines()]
        kubectl("wait", "node/node-3", "--for=condition=MemoryPressure", "--timeout=30s")
        assert "node.kubernetes.io/memory-pressure:NoSchedule" in kubectl("describe", "node", "node-3")
    kubectl.cluster.advance("6m")
    kubectl("wait", "node/node-3", "--for=condition=MemoryPressure=false", "--timeout=30s")


def test_a_node_that_reboots(kubectl: Kube) -> None:
    kubectl("run", "web", "--image=quiet", "--overrides", '{"spec": {"nodeName": "node-2"}}')
    kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=30s")
    with broken(kubectl, node={"name": "node-2", "type": "Reboot", "delaySeconds": 1}):
        kubectl("wait", "pod/web", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "--timeout=30s")
    assert "has been rebooted, boot id: " in kubectl("describe", "node", "node-2")


def test_a_volume_and_a_controller(kubectl: Kube) -> None:
    volumes = [{"name": "v", "emptyDir": {}}]
    container = {"name": "main", "image": "quiet", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [container], "volumes": volumes},
    }
    with broken(kubectl, volume={"type": "MountFailure", "namespaces": [kubectl.namespace]}):
        kubectl("apply", "-f", kubectl.write("pod.yaml", pod))
        with kubectl.running("get", "events", "-w", "-o", "jsonpath={.reason}{'\\n'}") as told:
            assert "FailedMount" in (line.strip() for line in told)
    kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=60s")
    with broken(kubectl, controller={"name": "deployment", "type": "Paused"}) as fault:
        kubectl("create", "deployment", "late", "--image=quiet")
        assert "No resources found" in kubectl("get", "replicasets")
        assert kubectl("get", "fault", fault, "--no-headers").split()[1:5] == [
            "controller/deployment",
            "Paused",
            "Active",
            "1",
        ]
    kubectl("wait", "deployment/late", "--for=condition=Available", "--timeout=60s")
