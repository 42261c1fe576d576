"""A quota's status follows what there is: what comes is reserved, what goes is given back."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.resourcequota import ResourceQuotaController
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import CONFIG_MAPS, PODS, RESOURCE_QUOTAS, SERVICES, GroupVersionResource
from minikube_lite.store import Object

LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")


def pod(name: str, cpu: str = "1", **spec: Any) -> Object:
    container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}
    return {"metadata": {"name": name}, "spec": {"containers": [container], **spec}}


async def quota(world, hard: dict[str, str], **spec: Any) -> None:
    await world.create(RESOURCE_QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}})
    await world.settle()


async def status(world) -> Object:
    await world.settle()
    found: Object = (await world.get(RESOURCE_QUOTAS, "q"))["status"]
    return found


async def test_a_new_quota_counts_what_is_there(world) -> None:
    await world.start(ResourceQuotaController)
    await world.create(PODS, pod("a"))
    await world.create(PODS, pod("b", activeDeadlineSeconds=60))
    hard = {
        "pods": "5",
        "requests.cpu": "8",
        "services": "1",
        "count/leases.coordination.k8s.io": "3",
        "configmaps": "0",
    }
    await quota(world, hard)
    assert await status(world) == {
        "hard": hard,
        "used": {
            "configmaps": "0",
            "count/leases.coordination.k8s.io": "0",
            "pods": "2",
            "requests.cpu": "2",
            "services": "0",
        },
    }


async def test_what_goes_is_given_back(world) -> None:
    await world.start(ResourceQuotaController)
    await quota(world, {"pods": "1", "count/leases.coordination.k8s.io": "1"})
    await world.create(PODS, pod("a"))
    await world.create(LEASES, {"metadata": {"name": "l"}, "spec": {"leaseDurationSeconds": 5}})
    assert (await status(world))["used"] == {"pods": "1", "count/leases.coordination.k8s.io": "1"}
    with pytest.raises(ApiError, match="exceeded quota"):
        await world.create(PODS, pod("b"))
    await world.client.delete(PODS, "default", "a", {"gracePeriodSeconds": 0})
    await world.client.delete(LEASES, "default", "l")
    assert (await status(world))["used"] == {"pods": "0", "count/leases.coordination.k8s.io": "0"}
    await world.create(PODS, pod("b"))


async def test_a_pod_that_has_ended_is_given_back(world) -> None:
    await world.start(ResourceQuotaController)
    await quota(world, {"pods": "1", "count/pods": "2"})
    await world.create(PODS, pod("a"))
    await world.report_pod("a", "10.244.0.9", ready=False, phase="Succeeded")
    assert (await status(world))["used"] == {"pods": "0", "count/pods": "1"}


async def test_a_service_that_changes_its_type_is_given_back(world) -> None:
    await world.start(ResourceQuotaController)
    await quota(world, {"services.nodeports": "2"})
    await world.create(SERVICES, {"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}})
    assert (await status(world))["used"] == {"services.nodeports": "1"}
    await world.change(SERVICES, "s", lambda obj: obj["spec"].update(type="ClusterIP"))
    assert (await status(world))["used"] == {"services.nodeports": "0"}


async def test_changed_limits_are_taken_over(world) -> None:
    await world.start(ResourceQuotaController)
    await quota(world, {"pods": "1"})
    await world.change(RESOURCE_QUOTAS, "q", lambda obj: obj["spec"].update(hard={"configmaps": "3"}))
    assert await status(world) == {"hard": {"configmaps": "3"}, "used": {"configmaps": "0"}}


async def test_only_what_is_in_scope_is_counted(world) -> None:
    await world.start(ResourceQuotaController)
    await world.create(PODS, pod("a"))
    await world.create(PODS, pod("b", activeDeadlineSeconds=60))
    await quota(world, {"pods": "5", "requests.cpu": "5"}, scopes=["Terminating"])
    assert (await status(world))["used"] == {"pods": "1", "requests.cpu": "1"}


async def test_what_is_not_served_is_not_counted(world) -> None:
    await world.start(ResourceQuotaController)
    await quota(world, {"count/widgets.example.com": "1", "configmaps": "1"})
    assert (await status(world))["used"] == {"configmaps": "0"}


async def test_a_pod_that_should_be_gone_is_given_back_by_the_next_count(world) -> None:
    await world.start(ResourceQuotaController)
    await world.add_node("node-1")
    await quota(world, {"pods": "1", "count/pods": "9"})
    await world.run_pod("a", "10.244.0.9")
    await world.client.delete(PODS, "default", "a")
    assert (await status(world))["used"]["pods"] == "1"
    await world.advance(600)
    assert (await status(world))["used"] == {"pods": "0", "count/pods": "1"}


async def test_a_write_of_its_status_that_fails_is_tried_again(world) -> None:
    await world.start(ResourceQuotaController)
    world.failures.nth = 1
    await quota(world, {"configmaps": "3"})
    await world.create(CONFIG_MAPS, {"metadata": {"name": "c"}})
    assert (await status(world))["used"] == {"configmaps": "1"}
