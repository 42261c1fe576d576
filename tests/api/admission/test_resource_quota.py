"""ResourceQuota: what is refused in which words, and what is reserved; nothing else counts here than admission."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import (
    CONFIG_MAPS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    RESOURCE_QUOTAS,
    SERVICES,
    GroupVersionResource,
)
from minikube_lite.store import Object

LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")


@pytest.fixture
def quota(api):
    """Makes a quota of which something is used."""

    async def make(name: str, hard: dict[str, str], used: dict[str, str], **spec: Any) -> None:
        obj = {"metadata": {"name": name}, "spec": {"hard": hard, **spec}}
        made = copy_object(await api.create(RESOURCE_QUOTAS, obj, "default"))
        made["status"] = {"hard": hard, "used": used}
        await api.client.update(RESOURCE_QUOTAS, "default", made, subresource="status")

    return make


async def used(api, name: str = "q") -> dict[str, str]:
    quota = await api.client.get(RESOURCE_QUOTAS, "default", name)
    found: dict[str, str] = quota["status"]["used"]
    return found


def asking(**requests: str) -> list[Object]:
    return [{"name": "c", "image": "i", "resources": {"requests": requests}}]


async def test_what_fits_is_reserved_and_what_does_not_is_refused(api, quota) -> None:
    await quota("q", {"pods": "2", "requests.cpu": "1"}, {"pods": "1", "requests.cpu": "600m"})
    text = "exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1"
    assert await api.pod_refusal(containers=asking(cpu="500m")) == text
    assert await used(api) == {"pods": "1", "requests.cpu": "600m"}
    await api.create_pod(containers=asking(cpu="400m"))
    assert await used(api) == {"pods": "2", "requests.cpu": "1"}
    refusal = await api.pod_refusal({"name": "p2"}, containers=asking(cpu="1m"))
    assert refusal == (
        "exceeded quota: q, requested: pods=1,requests.cpu=1m, used: pods=2,requests.cpu=1, limited: pods=2,requests.cpu=1"
    )


async def test_a_container_has_to_say_what_is_limited(api, quota) -> None:
    await quota("q", {"limits.cpu": "1", "requests.memory": "1Gi"}, {"limits.cpu": "0", "requests.memory": "0"})
    text = "failed quota: q: must specify limits.cpu for: c; requests.memory for: c"
    assert await api.pod_refusal() == text


async def test_before_it_has_been_counted_nothing_is_let_in(api, quota) -> None:
    await quota("q", {"pods": "2", "configmaps": "5"}, {"configmaps": "0"})
    assert await api.pod_refusal() == "status unknown for quota: q, resources: pods"


async def test_a_quota_without_a_status_limits_nothing(api) -> None:
    await api.create(RESOURCE_QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "0"}}}, "default")
    await api.create_pod()


async def test_who_reserved_is_said(api, quota) -> None:
    await quota("q", {"configmaps": "2"}, {"configmaps": "1"})
    await api.create(CONFIG_MAPS, {"metadata": {"name": "c"}}, "default")
    changed = await api.client.get(RESOURCE_QUOTAS, "default", "q")
    (entry,) = (item for item in changed["metadata"]["managedFields"] if item["manager"] == "kube-apiserver")
    assert (entry["operation"], entry["subresource"]) == ("Update", "status")
    assert entry["fieldsV1"] == {"f:status": {"f:used": {"f:configmaps": {}}}}


async def test_a_write_that_fails_reserves_nothing(api, quota) -> None:
    await quota("q", {"configmaps": "9", "count/leases.coordination.k8s.io": "0"}, {
        "configmaps": "0", "count/leases.coordination.k8s.io": "0",
    })  # fmt: skip
    await api.create(CONFIG_MAPS, {"metadata": {"name": "c"}}, "default")
    status = await api.refusal(CONFIG_MAPS, {"metadata": {"name": "c"}}, "default")
    assert status["reason"] == "AlreadyExists"
    assert (await api.refusal(CONFIG_MAPS, {"metadata": {"name": "C"}}, "default"))["reason"] == "Invalid"
    await api.client.create(CONFIG_MAPS, "default", {"metadata": {"name": "dry"}}, dry_run=True)
    status = await api.refusal(LEASES, {"metadata": {"name": "l"}}, "default")
    assert status["message"] == (
        'leases.coordination.k8s.io "l" is forbidden: exceeded quota: q, requested: count/leases.coordination.k8s.io=1,'
        " used: count/leases.coordination.k8s.io=0, limited: count/leases.coordination.k8s.io=0"
    )
    assert await used(api) == {"configmaps": "1", "count/leases.coordination.k8s.io": "0"}


async def test_of_several_quotas_all_must_allow_it(api, quota) -> None:
    await quota("a", {"configmaps": "5"}, {"configmaps": "0"})
    await quota("b", {"count/configmaps": "1"}, {"count/configmaps": "1"})
    status = await api.refusal(CONFIG_MAPS, {"metadata": {"name": "c"}}, "default")
    assert "exceeded quota: b, requested: count/configmaps=1" in status["message"]
    assert await used(api, "a") == {"configmaps": "0"}


async def test_a_generated_name_is_refused_by_what_it_would_be(api, quota) -> None:
    await quota("q", {"configmaps": "0"}, {"configmaps": "0"})
    status = await api.refusal(CONFIG_MAPS, {"metadata": {"generateName": "c-"}}, "default")
    assert status["details"]["name"].startswith("c-")
    assert len(status["details"]["name"]) == len("c-") + 5


async def test_an_update_is_charged_for_what_is_more(api, quota) -> None:
    service = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    made = copy_object(await api.create(SERVICES, service, "default"))
    await quota("q", {"services": "1", "services.nodeports": "1"}, {"services": "1", "services.nodeports": "0"})
    made["spec"]["type"] = "NodePort"
    made["spec"]["ports"].append({"name": "b", "port": 81})
    made["spec"]["ports"][0]["name"] = "a"
    with pytest.raises(ApiError, match=r"requested: services.nodeports=2, used: services.nodeports=0, limited: servic"):
        await api.client.update(SERVICES, "default", copy_object(made))
    del made["spec"]["ports"][1]
    await api.client.update(SERVICES, "default", made)
    assert await used(api) == {"services": "1", "services.nodeports": "1"}


async def test_a_resize_is_charged(api, quota) -> None:
    await api.create_pod(containers=asking(cpu="1"))
    await quota("q", {"requests.cpu": "2"}, {"requests.cpu": "1"})

    async def resize(cpu: str) -> None:
        patch = {"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]}}
        await api.client.patch(
            PODS, "default", "p", patch, patch_type="application/strategic-merge-patch+json", subresource="resize"
        )

    with pytest.raises(ApiError, match=r"requested: requests.cpu=2, used: requests.cpu=1, limited: requests.cpu=2"):
        await resize("3")
    await resize("1500m")
    assert await used(api) == {"requests.cpu": "1500m"}


async def test_a_pod_that_gets_a_deadline_is_charged_to_another_quota(api, quota) -> None:
    await quota("short", {"pods": "0"}, {"pods": "0"}, scopes=["Terminating"])
    await quota("long", {"pods": "1"}, {"pods": "0"}, scopes=["NotTerminating"])
    made = copy_object(await api.create_pod())
    assert await used(api, "long") == {"pods": "1"}
    made["spec"]["activeDeadlineSeconds"] = 5
    with pytest.raises(ApiError, match="exceeded quota: short, requested: pods=1, used: pods=0, limited: pods=0"):
        await api.client.update(PODS, "default", made)


async def test_claims_are_limited_by_class(api, quota) -> None:
    name = "gold.storageclass.storage.k8s.io/requests.storage"
    await quota("q", {name: "1Gi"}, {name: "0"})
    spec: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    await api.create(PERSISTENT_VOLUME_CLAIMS, {"metadata": {"name": "a"}, "spec": copy_object(spec)}, "default")
    claim = {"metadata": {"name": "b"}, "spec": {**spec, "storageClassName": "gold"}}
    status = await api.refusal(PERSISTENT_VOLUME_CLAIMS, claim, "default")
    assert f"requested: {name}=2Gi, used: {name}=0, limited: {name}=1Gi" in status["message"]
