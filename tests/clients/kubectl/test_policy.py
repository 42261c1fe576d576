"""The real kubectl where something limits what may be done: budgets, pod security."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: example/web}]
"""


def test_drain_waits_for_a_budget(kubectl: Kube) -> None:
    kubectl("apply", "-f", "-", stdin=POD)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=20s")
    node = kubectl("get", "pod", "web", "-o", "jsonpath={.spec.nodeName}")
    kubectl("create", "poddisruptionbudget", "web", "--selector=app=web", "--min-available=1")
    kubectl("wait", "--for=jsonpath={.status.expectedPods}=1", "pdb/web", "--timeout=20s")
    printed = kubectl("drain", node, "--force", "--ignore-daemonsets", "--timeout=1s", code=1)
    assert "Cannot evict pod as it would violate the pod's disruption budget." in printed
    assert json.loads(kubectl("get", "pod", "web", "-o", "json"))["status"]["phase"] == "Running"

    kubectl("patch", "pdb", "web", "--type=merge", "-p", '{"spec":{"minAvailable":0}}')
    printed = kubectl("drain", node, "--force", "--ignore-daemonsets", "--timeout=30s")
    assert "pod/web evicted" in printed
    assert "drained" in printed
    kubectl("uncordon", node)


def test_who_labels_a_namespace_is_warned_of_its_pods(kubectl: Kube) -> None:
    kubectl("apply", "-f", "-", stdin=POD)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=20s")
    printed = kubectl("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")
    assert (
        f'Warning: existing pods in namespace "{kubectl.namespace}" violate the new PodSecurity enforce level'
        ' "restricted:latest"' in printed
    )
    assert "Warning: web: allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true" in printed
    printed = kubectl("run", "other", "--image=example/web", code=1)
    assert 'pods "other" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation' in printed
    printed = kubectl("create", "deployment", "other", "--image=example/web")
    assert 'Warning: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false' in printed


def test_a_quota_is_told_and_kept_to(kubectl: Kube) -> None:
    kubectl("create", "quota", "q", "--hard=pods=1,requests.cpu=1,count/deployments.apps=1,configmaps=5")
    kubectl("wait", "--for=jsonpath={.status.used.configmaps}=1", "quota/q", "--timeout=20s")
    printed = kubectl("run", "big", "--image=example/web", code=1)
    assert 'pods "big" is forbidden: failed quota: q: must specify requests.cpu for: big' in printed
    asking = '{"spec":{"containers":[{"name":"web","image":"example/web","resources":{"requests":{"cpu":"600m"}}}]}}'
    kubectl("run", "web", "--image=example/web", f"--overrides={asking}")
    printed = kubectl("run", "more", "--image=example/web", f"--overrides={asking}", code=1)
    assert (
        'pods "more" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=600m,'
        " used: pods=1,requests.cpu=600m, limited: pods=1,requests.cpu=1" in printed
    )
    printed = kubectl("describe", "quota", "q")
    told = {tuple(line.split()) for line in printed.splitlines()}
    assert {
        ("pods", "1", "1"),
        ("requests.cpu", "600m", "1"),
        ("count/deployments.apps", "0", "1"),
        ("configmaps", "1", "5"),
    } <= told

    kubectl("delete", "pod", "web", "--grace-period=0", "--force")
    kubectl("wait", "--for=jsonpath={.status.used.pods}=0", "quota/q", "--timeout=20s")


def test_a_replica_set_says_that_the_quota_is_used_up(kubectl: Kube) -> None:
    kubectl("create", "quota", "q", "--hard=pods=1")
    kubectl("wait", "--for=jsonpath={.status.used.pods}=0", "quota/q", "--timeout=20s")
    kubectl("create", "deployment", "web", "--image=example/web", "--replicas=2")
    kubectl("wait", "--for=condition=ReplicaFailure", "deployment/web", "--timeout=20s")
    assert "exceeded quota: q, requested: pods=1" in kubectl("get", "deployment", "web", "-o", "json")
    kubectl("patch", "quota", "q", "--type=merge", "-p", '{"spec":{"hard":{"pods":"2"}}}')
    kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=40s")
