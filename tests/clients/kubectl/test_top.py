"""kubectl top: what pods and nodes say that they use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube


def table(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_pods(kubectl: Kube) -> None:
    kubectl("run", "idle", "--image=quiet", "--labels=app=idle")
    annotations = [f"--annotations=usage.minikube-lite.io/{usage}" for usage in ("cpu=250m", "memory=1Gi")]
    kubectl("run", "busy", "--image=quiet", *annotations)
    kubectl("wait", "pod", "--all", "--for=condition=Ready", "--timeout=60s")
    head = ["NAME", "CPU(cores)", "MEMORY(bytes)"]
    busy, idle = ["busy", "250m", "1024Mi"], ["idle", "1m", "8Mi"]
    assert table(kubectl("top", "pod")) == [head, busy, idle]
    assert table(kubectl("top", "pod", "--sort-by=memory", "--no-headers")) == [busy, idle]
    assert table(kubectl("top", "pod", "-l", "app=idle", "--no-headers")) == [idle]
    assert table(kubectl("top", "pod", "busy", "--containers")) == [["POD", *head], ["busy", *busy]]
    assert table(kubectl("get", "podmetrics")) == [
        ["NAME", "CPU", "MEMORY", "WINDOW"],
        [*busy[:2], "1Gi", "15s"],
        [*idle, "15s"],
    ]
    kubectl("annotate", "pod", "idle", "usage.minikube-lite.io/cpu=2")
    assert table(kubectl("top", "pod", "idle", "--no-headers")) == [["idle", "2000m", "8Mi"]]
    assert 'pods.metrics.k8s.io "nobody" not found' in kubectl("top", "pod", "nobody", code=1)
    kubectl("delete", "pod", "busy", "--now")
    assert table(kubectl("top", "pod", "--no-headers")) == [["idle", "2000m", "8Mi"]]


def test_nodes(kubectl: Kube) -> None:
    [head, *nodes] = table(kubectl("top", "node"))
    assert [word.replace("(%)", "%") for word in head] == ["NAME", "CPU(cores)", "CPU%", "MEMORY(bytes)", "MEMORY%"]
    assert [node[0] for node in nodes] == ["node-1", "node-2", "node-3"]
    annotations = "--annotations=usage.minikube-lite.io/cpu=4"
    kubectl("run", "busy", "--image=quiet", annotations)
    kubectl("wait", "pod", "busy", "--for=condition=Ready", "--timeout=60s")
    node = kubectl.object("pod", "busy")["spec"]["nodeName"]
    [[name, cpu, percent, *_]] = table(kubectl("top", "node", node, "--no-headers"))
    assert (name, int(cpu.removesuffix("m")) >= 4100, int(percent.removesuffix("%")) >= 51) == (node, True, True)
    shared = kubectl.cluster
    shared.cut(node)
    try:
        assert [node, "<unknown>"] in [row[:2] for row in table(kubectl("top", "node"))]
    finally:
        shared.heal(node)
