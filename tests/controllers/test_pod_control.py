"""Pods from templates, and batches that double."""

from __future__ import annotations

import pytest

from minikube_lite.controllers.pod_control import doubling_batches, in_doubling_batches, pod_from_template
from minikube_lite.machinery.errors import ApiError, internal
from minikube_lite.machinery.resources import REPLICA_SETS

OWNER = {"metadata": {"name": "web", "namespace": "default", "uid": "7"}}


def test_a_pod_has_what_its_template_says_and_an_owner() -> None:
    template = {
        "metadata": {"labels": {"app": "web"}, "annotations": {"a": "1"}, "finalizers": ["x/y"], "name": "not taken"},
        "spec": {"containers": [{"name": "main"}]},
    }
    pod = pod_from_template(OWNER, REPLICA_SETS, "ReplicaSet", template)
    [reference] = pod["metadata"].pop("ownerReferences")
    assert (reference["apiVersion"], reference["kind"], reference["controller"]) == ("apps/v1", "ReplicaSet", True)
    assert pod["metadata"] == {
        "generateName": "web-",
        "labels": {"app": "web"},
        "annotations": {"a": "1"},
        "finalizers": ["x/y"],
    }
    assert pod["spec"] == template["spec"]
    assert pod["spec"]["containers"] is not template["spec"]["containers"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("count", "size_max", "sizes"),
    [(0, None, []), (1, None, [1]), (8, None, [1, 2, 4, 1]), (4, 1, [1, 1, 1, 1]), (9, 3, [1, 2, 3, 3])],
)
def test_batches_double(count: int, size_max: int | None, sizes: list[int]) -> None:
    assert [len(batch) for batch in doubling_batches(range(count), size_max=size_max)] == sizes


async def test_a_batch_that_has_faults_is_the_last() -> None:
    tried: list[int] = []

    async def act(item: int) -> None:
        tried.append(item)
        if item == 1:
            raise internal("no")

    done, faults = await in_doubling_batches(range(100), act)
    assert (done, [type(fault) for fault in faults], tried) == (2, [ApiError], [0, 1, 2])
