"""kubectl autoscale: more pods where they say that they use much, and what describe tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube

USAGE = "usage.minikube-lite.io/cpu"


def test_a_deployment_that_is_busy(kubectl: Kube) -> None:
    kubectl("create", "deployment", "web", "--image=quiet")
    kubectl("set", "resources", "deployment", "web", "--requests=cpu=100m")
    kubectl("rollout", "status", "deployment", "web", "--timeout=60s")
    kubectl("autoscale", "deployment", "web", "--cpu-percent=50", "--min=1", "--max=3")
    kubectl("annotate", "pod", "-l", "app=web", f"{USAGE}=95m")
    kubectl.cluster.advance("16s")
    kubectl("wait", "deployment/web", "--for=jsonpath={.spec.replicas}=2", "--timeout=60s")
    kubectl("rollout", "status", "deployment", "web", "--timeout=60s")
    [row] = kubectl("get", "hpa", "--no-headers").splitlines()
    assert row.split()[1:6] in (
        ["Deployment/web", "cpu:", "95%/50%", "1", "3"],
        ["Deployment/web", "95%/50%", "1", "3", "1"],
    )
    described = kubectl("describe", "hpa", "web")
    assert "New size: 2; reason: cpu resource utilization (percentage of request) above target" in described
    for condition in ("AbleToScale", "ScalingActive", "ScalingLimited"):
        assert condition in described
    assert "ValidMetricFound" in described
