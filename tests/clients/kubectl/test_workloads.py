"""Rollouts of Deployments and DaemonSets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube


@pytest.fixture
def web(kubectl: Kube) -> Kube:
    """A Deployment whose two pods are ready."""
    printed = kubectl("create", "deployment", "web", "--image=example/web:1", "--replicas=2")
    assert printed == "deployment.apps/web created\n"
    assert 'deployment "web" successfully rolled out' in finished(kubectl)
    return kubectl


def finished(kubectl: Kube) -> str:
    return kubectl("rollout", "status", "deployment/web", "--timeout=60s")


def images(kubectl: Kube) -> set[str]:
    pods = kubectl.object("pods", "-l", "app=web")["items"]
    return {pod["spec"]["containers"][0]["image"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}


def test_a_deployment_is_shown(web: Kube) -> None:
    assert web("get", "deployment", "web", "--no-headers").split()[:4] == ["web", "2/2", "2", "2"]
    shown = web("get", "all")
    assert "replicaset.apps/web-" in shown and shown.count("pod/web-") == 2
    described = " ".join(web("describe", "deployment", "web").split())
    assert "Replicas: 2 desired | 2 updated | 2 total | 2 available | 0 unavailable" in described
    assert "NewReplicaSet: web-" in described
    assert "deployment.apps/web condition met" in web("wait", "--for=condition=Available", "deployment/web")


def test_rollouts_of_a_deployment(web: Kube) -> None:
    assert web("set", "image", "deployment/web", "web=example/web:2") == "deployment.apps/web image updated\n"
    finished(web)
    assert images(web) == {"example/web:2"}
    assert [line.split()[0] for line in web("rollout", "history", "deployment/web").splitlines()[2:] if line] == [
        "1",
        "2",
    ]
    assert "Image:\texample/web:2" in web("rollout", "history", "deployment/web", "--revision=2")
    assert "deployment.apps/web rolled back" in web("rollout", "undo", "deployment/web")
    finished(web)
    assert images(web) == {"example/web:1"}


def test_pause_resume_and_restart_of_a_deployment(web: Kube) -> None:
    assert web("rollout", "pause", "deployment/web") == "deployment.apps/web paused\n"
    assert "is already paused" in web("rollout", "pause", "deployment/web", code=1)
    web("set", "image", "deployment/web", "web=example/web:2")
    assert images(web) == {"example/web:1"}
    assert web("rollout", "resume", "deployment/web") == "deployment.apps/web resumed\n"
    finished(web)
    assert images(web) == {"example/web:2"}
    before = {pod["metadata"]["uid"] for pod in web.object("pods")["items"]}
    assert web("rollout", "restart", "deployment/web") == "deployment.apps/web restarted\n"
    finished(web)
    web("wait", "--for=jsonpath={.status.replicas}=2", "deployment/web", "--timeout=30s")
    left = {pod["metadata"]["uid"] for pod in web.object("pods")["items"] if "deletionTimestamp" not in pod["metadata"]}
    assert not before & left


def test_scale_expose_and_delete_of_a_deployment(web: Kube) -> None:
    assert web("scale", "deployment/web", "--replicas=3", "--current-replicas=2") == "deployment.apps/web scaled\n"
    finished(web)
    assert web("expose", "deployment", "web", "--port=80") == "service/web exposed\n"
    assert web.object("service", "web")["spec"]["selector"] == {"app": "web"}
    web("delete", "deployment", "web", "--cascade=foreground")
    assert web("get", "pods,replicasets") == f"No resources found in {web.namespace} namespace.\n"


DAEMON_SET: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {"name": "agent"},
    "spec": {
        "selector": {"matchLabels": {"app": "agent"}},
        "template": {
            "metadata": {"labels": {"app": "agent"}},
            "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "example/agent:1"}]},
        },
    },
}


def test_rollouts_of_a_daemon_set(kubectl: Kube) -> None:
    kubectl("apply", "-f", kubectl.write("f.yaml", DAEMON_SET))
    status = ("rollout", "status", "daemonset/agent", "--timeout=60s")
    assert 'daemon set "agent" successfully rolled out' in kubectl(*status)
    assert kubectl("get", "daemonset", "agent", "--no-headers").split()[:6] == ["agent", "3", "3", "3", "3", "3"]
    kubectl("set", "image", "daemonset/agent", "c=example/agent:2")
    kubectl(*status)
    history = kubectl("rollout", "history", "daemonset/agent")
    assert [line.split()[0] for line in history.splitlines()[2:] if line] == ["1", "2"]
    assert "daemonset.apps/agent rolled back" in kubectl("rollout", "undo", "daemonset/agent")
    kubectl(*status)
    assert (
        kubectl("get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}").split() == ["example/agent:1"] * 3
    )
