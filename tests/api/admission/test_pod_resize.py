"""PodResizeValidator: a pod cannot grow beyond its node."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import NODES, PODS


@pytest.fixture
def resize(api):
    async def resize(**requests: str) -> None:
        patch = {"spec": {"containers": [{"name": "c", "resources": {"requests": requests}}]}}
        kind = "application/strategic-merge-patch+json"
        await api.client.patch(PODS, "default", "p", patch, patch_type=kind, subresource="resize")

    return resize


async def place(api, **labels: str) -> None:
    """A pod on a node of two CPUs."""
    node = copy_object(await api.create(NODES, {"metadata": {"name": "n", "labels": labels}}))
    node["status"] = {"allocatable": {"cpu": "2", "memory": "1Gi"}, "capacity": {"cpu": "2", "memory": "1Gi"}}
    await api.client.update(NODES, "", node, subresource="status")
    resources = {"requests": {"cpu": "1", "memory": "1Mi"}}
    await api.create_pod(containers=[{"name": "c", "image": "i", "resources": resources}], nodeName="n")


async def test_a_pod_may_grow_to_the_size_of_its_node(api, resize) -> None:
    await place(api)
    await resize(cpu="2")
    with pytest.raises(ApiError) as caught:
        await resize(cpu="2500m", memory="2Gi")
    assert caught.value.code == 403
    assert caught.value.message == (
        'pods "p" is forbidden: node didn\'t have enough allocatable resources: cpu, requested: 2500, allocatable: 2000;'
        " memory, requested: 2147483648, allocatable: 1073741824"
    )
    assert caught.value.details is not None
    assert caught.value.details["causes"] == [{"reason": "NodeCapacity"}]


async def test_pods_of_other_systems_are_not_resized(api, resize) -> None:
    await place(api, **{"kubernetes.io/os": "windows"})
    with pytest.raises(ApiError, match='only supported on linux nodes, node "n" is "windows"'):
        await resize(cpu="2")


async def test_a_node_that_is_gone_resizes_nothing(api, resize) -> None:
    await place(api)
    await api.client.delete(NODES, "", "n")
    with pytest.raises(ApiError, match='node "n" not found'):
        await resize(cpu="2")
    await resize(cpu="1")


async def test_a_pod_without_a_node_is_of_any_size(api, resize) -> None:
    await api.create_pod(containers=[{"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}])
    await resize(cpu="99")
