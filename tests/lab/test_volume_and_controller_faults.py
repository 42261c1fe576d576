"""Volumes that cannot be had, and controllers that do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.lab.breaking import NeverHit
from minikube_lite.machinery.resources import (
    EVENTS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
)

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(clock="stepped", serve_api=False, serve_dns=False)

CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
}


def pod(name: str, *volumes: Any) -> Any:
    container = {
        "name": "main",
        "image": "quiet",
        "volumeMounts": [{"name": one["name"], "mountPath": f"/{one['name']}"} for one in volumes],
    }
    return {"metadata": {"name": name}, "spec": {"containers": [container], "volumes": list(volumes)}}


def stateful_set(replicas: int) -> Any:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "quiet"}]}}
    spec = {"serviceName": "web", "replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": "web"}, "spec": spec}


def phases(cluster: RunningCluster) -> dict[str, str]:
    cluster.settle()
    return {one["metadata"]["name"]: one["status"]["phase"] for one in cluster.list(PODS, "default")}


def reasons(cluster: RunningCluster) -> dict[str, str]:
    cluster.settle()
    return {event["reason"]: event["message"] for event in cluster.list(EVENTS, "default")}


def test_a_volume_that_cannot_be_attached(cluster: RunningCluster) -> None:
    cluster.create(PERSISTENT_VOLUME_CLAIMS, "default", CLAIM)
    cluster.settle()
    bound = cluster.get(PERSISTENT_VOLUME_CLAIMS, "default", "data")["spec"]["volumeName"]
    with cluster.fault(volume={"type": "AttachFailure", "claims": ["data"]}) as fault:
        cluster.create(PODS, "default", pod("holder", {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}))
        cluster.create(PODS, "default", pod("other", {"name": "v", "emptyDir": {}}))
        assert phases(cluster) == {"holder": "Pending", "other": "Running"}
        cluster.advance(10)
        assert phases(cluster)["holder"] == "Pending"
        assert fault.hits > 3
    error = "rpc error: code = Unavailable desc = a fault lets it fail"
    assert reasons(cluster)["FailedAttachVolume"] == f'AttachVolume.Attach failed for volume "{bound}" : {error}'
    cluster.advance(130)
    assert phases(cluster)["holder"] == "Running"


def test_a_volume_that_cannot_be_mounted(cluster: RunningCluster) -> None:
    with cluster.fault(volume={"type": "MountFailure", "volumes": ["scratch"]}, times=2):
        cluster.create(PODS, "default", pod("web", {"name": "scratch", "emptyDir": {}}))
        assert phases(cluster) == {"web": "Pending"}
        cluster.advance(10)
        assert phases(cluster) == {"web": "Running"}
    assert reasons(cluster)["FailedMount"].startswith('MountVolume.SetUp failed for volume "scratch" : ')


@pytest.mark.parametrize("name", ["statefulset", "statefulset-controller", "stateful*"])
def test_a_paused_controller_catches_up(cluster: RunningCluster, name: str) -> None:
    cluster.create(STATEFUL_SETS, "default", stateful_set(1))
    assert phases(cluster) == {"web-0": "Running"}
    with cluster.fault(controller={"name": name}) as fault:
        cluster.patch(STATEFUL_SETS, "default", "web", {"spec": {"replicas": 2}})
        cluster.delete(PODS, "default", "web-0")
        cluster.advance(600)
        assert phases(cluster) == {}
        assert fault.hits == 1
    assert phases(cluster) == {"web-0": "Running", "web-1": "Running"}


def test_the_scheduler_may_be_paused_twice(cluster: RunningCluster) -> None:
    with cluster.fault(controller={"name": "default-scheduler"}):
        with cluster.fault(controller={"name": "*"}):
            cluster.create(PODS, "default", pod("web"))
            assert phases(cluster) == {"web": "Pending"}
        cluster.create(REPLICA_SETS, "default", {**stateful_set(1), "spec": replica_set_spec()})
        assert sorted(phases(cluster).values()) == ["Pending", "Pending"]
    assert sorted(phases(cluster).values()) == ["Running", "Running"]


def replica_set_spec() -> Any:
    spec = dict(stateful_set(1)["spec"])
    del spec["serviceName"]
    return spec


def test_a_controller_that_is_not_there_is_never_struck(cluster: RunningCluster) -> None:
    with pytest.raises(NeverHit), cluster.fault(controller={"name": "horizontal-pod-autoscaling"}):
        pass
