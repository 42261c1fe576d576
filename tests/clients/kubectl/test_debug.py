"""kubectl debug in all its forms: a container beside, a copy, a pod on a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube


@pytest.fixture
def web(kubectl: Kube) -> Kube:
    """With a pod that serves on port 80."""
    kubectl("run", "web", "--image=nginx", "--port=80")
    kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=60s")
    return kubectl


def test_a_container_beside_shares_the_network(web: Kube) -> None:
    command = "wget -qO- localhost | grep -c 'Welcome to nginx'; hostname"
    said = web("debug", "web", "--image=busybox", "--container=beside", "--target=web", "-i", "--", "sh", "-c", command)
    assert "2\nweb\n" in said
    status = web.object("pod", "web")["status"]
    [beside] = status["ephemeralContainerStatuses"]
    assert (beside["name"], beside["state"]["terminated"]["exitCode"]) == ("beside", 0)
    assert status["containerStatuses"][0]["restartCount"] == 0


def test_a_copy_with_another_command(web: Kube) -> None:
    web("debug", "web", "--copy-to=copy", "--container=web", "--", "sleep", "1000000")
    web("wait", "pod/copy", "--for=condition=Ready", "--timeout=60s")
    [container] = web.object("pod", "copy")["spec"]["containers"]
    assert container["command"] == ["sleep", "1000000"]
    assert web("exec", "copy", "--", "hostname") == "copy\n"
    assert "labels" not in web.object("pod", "copy")["metadata"]


def test_a_copy_with_another_image_and_a_container_beside(web: Kube) -> None:
    web("debug", "web", "--copy-to=copy", "--set-image=*=httpd")
    assert web.object("pod", "copy")["spec"]["containers"][0]["image"] == "httpd"
    said = web("debug", "web", "--copy-to=other", "--image=busybox", "--share-processes", "-i", "--", "echo", "there")
    assert "there\n" in said
    assert web.object("pod", "other")["spec"]["shareProcessNamespace"] is True


def test_a_pod_on_a_node_sees_the_machine(kubectl: Kube) -> None:
    command = "cat /host/etc/hostname; ls /host; echo seen > /host/tmp/mark; cat /host/tmp/mark"
    said = kubectl("debug", "node/node-2", "--image=busybox", "-i", "--", "sh", "-c", command)
    for line in ("node-2", "etc", "var", "seen"):
        assert f"\n{line}\n" in f"\n{said}"
    [pod] = kubectl.object("pods")["items"]
    assert (pod["spec"]["nodeName"], pod["spec"]["hostNetwork"]) == ("node-2", True)
    assert pod["spec"]["volumes"][0]["hostPath"] == {"path": "/", "type": ""}
