"""LimitRanger: defaults, and what is refused in which words."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.api.admission.limit_ranger import claim_faults, pod_faults, set_defaults
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import LIMIT_RANGES, PERSISTENT_VOLUME_CLAIMS, PODS
from minikube_lite.store import Object


def pod(requests: dict[str, str] | None = None, limits: dict[str, str] | None = None, **spec: Any) -> Object:
    resources = {sort: amounts for sort, amounts in (("requests", requests), ("limits", limits)) if amounts}
    container: Object = {"name": "c", "resources": resources}
    return {"metadata": {"name": "p"}, "spec": {"containers": [container], **spec}}


def container_limit(**parts: dict[str, str]) -> list[Object]:
    return [{"type": "Container", **parts}]


def test_defaults_fill_in_what_is_open_and_are_noted() -> None:
    limits = container_limit(default={"cpu": "500m", "memory": "1Gi"}, defaultRequest={"cpu": "100m"})
    new = pod(limits={"cpu": "1"}, initContainers=[{"name": "i"}])
    set_defaults(new, limits)
    assert new["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "1", "memory": "1Gi"},
        "requests": {"cpu": "100m"},
    }
    assert new["metadata"]["annotations"] == {
        "kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu request for container c; memory limit for container c;"
        " cpu request for init container i; cpu, memory limit for init container i"
    }


def test_nothing_to_fill_in_is_no_note() -> None:
    new = pod(limits={"cpu": "1"})
    set_defaults(new, container_limit(default={"cpu": "2"}))
    assert "annotations" not in new["metadata"]


@pytest.mark.parametrize(
    ("limit", "requests", "limits", "text"),
    [
        ({"min": {"cpu": "1"}}, {}, {}, "minimum cpu usage per Container is 1.  No request is specified"),
        ({"min": {"cpu": "1"}}, {"cpu": "0.5"}, {}, "minimum cpu usage per Container is 1, but request is 500m"),
        ({"min": {"cpu": "1"}}, {"cpu": "1"}, {"cpu": "1m"}, "minimum cpu usage per Container is 1, but limit is 1m"),
        ({"min": {"cpu": "1"}}, {"cpu": "1000m"}, {"cpu": "1"}, None),
        ({"max": {"cpu": "1"}}, {"cpu": "1"}, {}, "maximum cpu usage per Container is 1.  No limit is specified"),
        ({"max": {"cpu": "1"}}, {}, {"cpu": "1001m"}, "maximum cpu usage per Container is 1, but limit is 1001m"),
        ({"max": {"cpu": "1"}}, {"cpu": "2"}, {"cpu": "1"}, "maximum cpu usage per Container is 1, but request is 2"),
        ({"max": {"cpu": "1"}}, {}, {"cpu": "1"}, None),
        (
            {"maxLimitRequestRatio": {"memory": "2"}}, {}, {"memory": "1Gi"},
            "memory max limit to request ratio per Container is 2, but no request is specified or request is 0",
        ),
        (
            {"maxLimitRequestRatio": {"memory": "2"}}, {"memory": "1Gi"}, {},
            "memory max limit to request ratio per Container is 2, but no limit is specified or limit is 0",
        ),
        (
            {"maxLimitRequestRatio": {"memory": "2"}}, {"memory": "10Mi"}, {"memory": "30Mi"},
            "memory max limit to request ratio per Container is 2, but provided ratio is 3.000000",
        ),
        ({"maxLimitRequestRatio": {"memory": "2"}}, {"memory": "10Mi"}, {"memory": "20Mi"}, None),
    ],
)  # fmt: skip
def test_what_a_container_may(limit: Object, requests: Any, limits: Any, text: str | None) -> None:
    assert list(pod_faults(pod(requests, limits), container_limit(**limit))) == ([text] if text else [])


def test_a_pod_is_measured_as_a_whole() -> None:
    two = pod(limits={"cpu": "1"})
    two["spec"]["containers"] *= 2
    limits = [{"type": "Pod", "max": {"cpu": "1500m"}}]
    assert list(pod_faults(two, limits)) == ["maximum cpu usage per Pod is 1500m, but limit is 2"]
    assert not list(pod_faults({**two, "spec": {**two["spec"], "resources": {"limits": {"cpu": "1"}}}}, limits))


@pytest.mark.parametrize(
    ("storage", "text"),
    [
        ("1Mi", "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"),
        ("3Gi", "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"),
        ("2Gi", None),
    ],
)
def test_what_a_claim_may(storage: str, text: str | None) -> None:
    limits = [{"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}}]
    claim = {"spec": {"resources": {"requests": {"storage": storage}}}}
    assert list(claim_faults(claim, limits)) == ([text] if text else [])


async def limit(api: Any, *limits: Object) -> None:
    await api.create(LIMIT_RANGES, {"metadata": {"name": "l"}, "spec": {"limits": list(limits)}}, "default")


async def test_several_faults_are_told_together(api: Any) -> None:
    await limit(api, {"type": "Container", "min": {"cpu": "1", "memory": "1Gi"}})
    container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}}}
    assert await api.pod_refusal(containers=[container]) == (
        "[minimum cpu usage per Container is 1, but request is 1m,"
        " minimum memory usage per Container is 1Gi, but request is 1Mi]"
    )


async def test_a_maximum_is_a_default_too(api: Any) -> None:
    await limit(api, {"type": "Container", "max": {"cpu": "2"}})
    container = (await api.create_pod())["spec"]["containers"][0]
    assert container["resources"] == {"limits": {"cpu": "2"}, "requests": {"cpu": "2"}}


async def test_pods_that_are_there_already_stay(api: Any) -> None:
    pod = await api.create_pod()
    await limit(api, {"type": "Container", "max": {"cpu": "2"}})
    changed = await api.client.patch(PODS, "default", pod["metadata"]["name"], {"metadata": {"labels": {"a": "b"}}})
    assert "kubernetes.io/limit-ranger" not in changed["metadata"].get("annotations", {})


async def test_a_claim_is_refused(api: Any) -> None:
    await limit(api, {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}})
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    with pytest.raises(ApiError) as caught:
        await api.create(PERSISTENT_VOLUME_CLAIMS, {"metadata": {"name": "d"}, "spec": spec}, "default")
    assert (caught.value.code, caught.value.message) == (
        403,
        'persistentvolumeclaims "d" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
    )
