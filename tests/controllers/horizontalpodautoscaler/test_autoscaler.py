"""Autoscalers in a cluster: what pods say that they use, and how many of them there are then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import DEPLOYMENTS, EVENTS, HORIZONTAL_POD_AUTOSCALERS, PODS, STATEFUL_SETS

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(nodes=3, clock="stepped", seed=1, serve_dns=False)

LABELS = {"app": "web"}
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}


def deploy(cluster: RunningCluster, replicas: int = 2, **container: Any) -> None:
    resources = {"requests": {"cpu": "100m", "memory": "64Mi"}}
    containers = [{"name": "main", "image": "quiet", "resources": resources, **container}]
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": containers}}
    spec = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template}
    cluster.create(DEPLOYMENTS, "default", {"metadata": {"name": "web"}, "spec": spec})


def autoscale(cluster: RunningCluster, kind: str = "Deployment", **spec: Any) -> None:
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": "web"}
    whole = {"scaleTargetRef": reference, "maxReplicas": 6, "metrics": [CPU], **spec}
    cluster.create(HORIZONTAL_POD_AUTOSCALERS, "default", {"metadata": {"name": "web"}, "spec": whole})


def use(cluster: RunningCluster, amount: str, resource: str = "cpu") -> None:
    """Say what each pod of now uses."""
    for pod in cluster.list(PODS, "default"):
        patch = {"metadata": {"annotations": {f"usage.minikube-lite.io/{resource}": amount}}}
        cluster.patch(PODS, "default", pod["metadata"]["name"], patch)


def replicas(cluster: RunningCluster) -> int:
    return int(cluster.get(DEPLOYMENTS, "default", "web")["spec"]["replicas"])


def status(cluster: RunningCluster) -> Any:
    return cluster.get(HORIZONTAL_POD_AUTOSCALERS, "default", "web")["status"]


def reasons(cluster: RunningCluster) -> dict[str, tuple[str, str]]:
    return {one["type"]: (one["status"], one["reason"]) for one in status(cluster)["conditions"]}


def told(cluster: RunningCluster) -> list[tuple[str, str]]:
    events = [
        one for one in cluster.list(EVENTS, "default") if one["source"]["component"] == "horizontal-pod-autoscaler"
    ]
    return [(one["reason"], one["message"]) for one in events]


def test_up_by_steps_and_down_when_it_is_calm(cluster: RunningCluster) -> None:
    deploy(cluster)
    autoscale(cluster)
    use(cluster, "250m")
    cluster.advance(14)
    assert (replicas(cluster), status(cluster).get("conditions")) == (2, None), "the first look comes after a period"
    cluster.advance(1)
    assert replicas(cluster) == 4, "no more than twice as many, or four"
    assert reasons(cluster) == {
        "AbleToScale": ("True", "SucceededRescale"),
        "ScalingActive": ("True", "ValidMetricFound"),
        "ScalingLimited": ("True", "ScaleUpLimit"),
    }
    assert status(cluster)["currentMetrics"] == [
        {
            "type": "Resource",
            "resource": {"name": "cpu", "current": {"averageUtilization": 250, "averageValue": "250m"}},
        }
    ]
    above = "cpu resource utilization (percentage of request) above target"
    assert told(cluster) == [("SuccessfulRescale", f"New size: 4; reason: {above}")]
    use(cluster, "250m")
    cluster.advance(15)
    assert (replicas(cluster), reasons(cluster)["ScalingLimited"]) == (6, ("True", "TooManyReplicas"))
    use(cluster, "52m")
    cluster.advance(15)
    assert (replicas(cluster), reasons(cluster)["AbleToScale"][1]) == (6, "ScaleDownStabilized")
    use(cluster, "10m")
    cluster.advance(270)
    assert replicas(cluster) == 6
    cluster.advance(45)
    assert replicas(cluster) == 2, "a fifth of what is aimed at, of six pods"
    assert told(cluster)[-1] == ("SuccessfulRescale", "New size: 2; reason: All metrics below target")
    assert cluster.why("hpa/web").startswith("HorizontalPodAutoscaler web: ")


def test_near_its_target_nothing_changes(cluster: RunningCluster) -> None:
    deploy(cluster, 3)
    autoscale(cluster)
    for amount in ("46m", "54m"):
        use(cluster, amount)
        cluster.advance(15)
        assert replicas(cluster) == 3
    assert reasons(cluster)["AbleToScale"] == ("True", "ReadyForNewScale")


def test_its_bounds_come_first(cluster: RunningCluster) -> None:
    deploy(cluster, 1)
    autoscale(cluster, minReplicas=2)
    cluster.advance(15)
    assert replicas(cluster) == 2
    assert told(cluster) == [
        ("SuccessfulRescale", "New size: 2; reason: Current number of replicas below Spec.MinReplicas")
    ]
    cluster.patch(DEPLOYMENTS, "default", "web", {"spec": {"replicas": 9}})
    cluster.advance(15)
    assert replicas(cluster) == 6
    cluster.patch(DEPLOYMENTS, "default", "web", {"spec": {"replicas": 0}})
    cluster.advance(15)
    assert (replicas(cluster), reasons(cluster)["ScalingActive"]) == (0, ("False", "ScalingDisabled"))


def test_a_statefulset_by_the_memory_of_one_container(cluster: RunningCluster) -> None:
    containers = [
        {"name": name, "image": "quiet", "resources": {"requests": {"memory": "64Mi"}}} for name in ("main", "side")
    ]
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": containers}}
    spec = {"serviceName": "web", "replicas": 1, "selector": {"matchLabels": LABELS}, "template": template}
    cluster.create(STATEFUL_SETS, "default", {"metadata": {"name": "web"}, "spec": spec})
    target = {"type": "AverageValue", "averageValue": "32Mi"}
    metric = {
        "type": "ContainerResource",
        "containerResource": {"name": "memory", "container": "side", "target": target},
    }
    autoscale(cluster, "StatefulSet", metrics=[metric])
    use(cluster, "96Mi", "memory")
    cluster.advance(15)
    assert cluster.get(STATEFUL_SETS, "default", "web")["spec"]["replicas"] == 3
    assert told(cluster) == [("SuccessfulRescale", "New size: 3; reason: memory container resource above target")]


@pytest.mark.parametrize(
    ("metrics", "container", "reason", "text"),
    [
        ([CPU], {"resources": {}}, "FailedGetResourceMetric", "missing request for cpu in container main of Pod web-"),
        (
            [
                {
                    "type": "Pods",
                    "pods": {"metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "5"}},
                }
            ],
            {},
            "FailedGetPodsMetric",
            "unable to get metric hits: unable to fetch metrics from custom metrics API: no custom metrics API "
            "(custom.metrics.k8s.io) registered",
        ),
    ],
)
def test_what_cannot_be_told(
    cluster: RunningCluster, metrics: list[Any], container: dict[str, Any], reason: str, text: str
) -> None:
    deploy(cluster, **container)
    autoscale(cluster, metrics=metrics)
    cluster.advance(15)
    condition = find_condition(cluster.get(HORIZONTAL_POD_AUTOSCALERS, "default", "web"), "ScalingActive")
    assert condition is not None
    assert (condition["status"], condition["reason"]) == ("False", reason)
    assert text in condition["message"]
    assert [one[0] for one in told(cluster)] == [reason, "FailedComputeMetricsReplicas"]
    assert replicas(cluster) == 2


def test_a_target_that_is_not_there(cluster: RunningCluster) -> None:
    autoscale(cluster)
    cluster.advance(15)
    assert reasons(cluster) == {"AbleToScale": ("False", "FailedGetScale")}
    assert told(cluster) == [("FailedGetScale", 'deployments.apps "web" not found')]


def test_a_behaviour_of_ones_own(cluster: RunningCluster) -> None:
    deploy(cluster, 4)
    policy = [{"type": "Pods", "value": 1, "periodSeconds": 60}]
    autoscale(cluster, behavior={"scaleDown": {"stabilizationWindowSeconds": 0, "policies": policy}})
    use(cluster, "1m")
    seen = []
    for _ in range(9):
        cluster.advance(15)
        seen.append(replicas(cluster))
    assert seen == [3, 3, 3, 3, 2, 2, 2, 2, 1], "one a minute"
    assert reasons(cluster)["ScalingLimited"][0] == "False"
