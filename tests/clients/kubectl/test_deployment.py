"""The life of a Deployment, as people type it: create, update, look back, go back, pause, scale, delete."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube

WEB = "deployment/web"


@pytest.fixture
def web(kubectl: Kube) -> Kube:
    """A Deployment of 3 pods that run."""
    assert kubectl("create", "deployment", "web", "--image=web:1", "--replicas=3") == "deployment.apps/web created\n"
    rolled_out(kubectl)
    return kubectl


def rolled_out(kubectl: Kube) -> list[str]:
    lines = kubectl("rollout", "status", WEB, "--timeout=60s").splitlines()
    assert lines[-1] == 'deployment "web" successfully rolled out'
    return lines


def found(kubectl: Kube, kind: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(kubectl("get", kind, "-l", "app=web", "-o", "json"))["items"]
    return items


def test_updates_and_going_back(web: Kube) -> None:
    web("set", "image", WEB, "web=web:2")
    web("annotate", WEB, "kubernetes.io/change-cause=the second")
    lines = rolled_out(web)
    assert re.match(
        'Waiting for deployment "web" rollout to finish: \\d out of 3 new replicas have been updated', lines[0]
    )
    history = web("rollout", "history", WEB).split("\n")
    assert [line.split(maxsplit=1) for line in history[2:4]] == [["1", "<none>"], ["2", "the second"]]
    assert "web:2" in web("rollout", "history", WEB, "--revision=2")
    assert web("rollout", "undo", WEB) == "deployment.apps/web rolled back\n"
    rolled_out(web)
    assert web("get", WEB, "-o", "jsonpath={.spec.template.spec.containers[0].image}") == "web:1"
    assert [line.split()[0] for line in web("rollout", "history", WEB).splitlines()[2:4]] == ["2", "3"]
    web("rollout", "undo", WEB, "--to-revision=2")
    rolled_out(web)
    described = web("describe", WEB)
    assert re.search(r"NewReplicaSet: +web-\w+ \(3/3 replicas created\)", described)
    assert re.search(r"OldReplicaSets: +web-\w+ \(0/0 replicas created\)", described)
    assert re.search(r"Available +True +MinimumReplicasAvailable", described)
    assert re.search(r"Progressing +True +NewReplicaSetAvailable", described)
    assert re.search(r"ScalingReplicaSet .* Scaled up replica set web-\w+ from 0 to 3", described)
    assert "change-cause: the second" in described


def test_paused_it_can_be_scaled(web: Kube) -> None:
    web("rollout", "pause", WEB)
    web("set", "image", WEB, "web=web:2")
    web("scale", WEB, "--replicas=4")
    web("wait", WEB, "--for=jsonpath={.status.availableReplicas}=4", "--timeout=60s")
    assert {pod["spec"]["containers"][0]["image"] for pod in found(web, "pods")} == {"web:1"}
    web("rollout", "resume", WEB)
    rolled_out(web)
    web("rollout", "restart", WEB)
    rolled_out(web)
    active = [item["spec"] for item in found(web, "replicasets") if item["spec"]["replicas"]]
    assert [(spec["replicas"], spec["template"]["spec"]["containers"][0]["image"]) for spec in active] == [(4, "web:2")]
    assert "kubectl.kubernetes.io/restartedAt" in active[0]["template"]["metadata"]["annotations"]


def test_deletions(web: Kube) -> None:
    web("expose", WEB, "--port=80")
    web("delete", WEB, "--cascade=orphan")
    assert [item["status"]["readyReplicas"] for item in found(web, "replicasets")] == [3]
    names = {pod["metadata"]["name"] for pod in found(web, "pods")}
    web("create", "deployment", "web", "--image=web:1", "--replicas=3")
    rolled_out(web)
    assert {pod["metadata"]["name"] for pod in found(web, "pods")} == names  # it took over what was left
    web("delete", WEB, "--cascade=foreground", "--timeout=60s")
    assert found(web, "replicasets") == found(web, "pods") == []
