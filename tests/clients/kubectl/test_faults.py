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
