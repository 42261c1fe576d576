"""The cluster as a whole, its nodes, and what kubectl does on its own."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube


def test_cluster_info(kubectl: Kube) -> None:
    printed = re.sub(r"\x1b\[[\d;]*m", "", kubectl("cluster-info"))
    assert f"Kubernetes control plane is running at {kubectl.cluster.server}" in printed
    assert "/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy" in printed


def test_cluster_info_dump(kubectl: Kube) -> None:
    kubectl("cluster-info", "dump", f"--namespaces={kubectl.namespace}", "--output-directory=dump")
    nodes = json.loads((kubectl.directory / "dump" / "nodes.json").read_text())
    assert [node["metadata"]["name"] for node in nodes["items"]] == ["node-1", "node-2", "node-3"]


def test_what_there_is(kubectl: Kube) -> None:
    names = kubectl("api-resources", "-o", "name").split()
    assert {"pods", "statefulsets.apps", "persistentvolumeclaims", "endpointslices.discovery.k8s.io"} <= set(names)
    cluster = kubectl("api-resources", "--namespaced=false", "--verbs=delete", "-o", "name").split()
    assert (
        {"nodes", "persistentvolumes"} <= set(cluster) and "pods" not in cluster and "componentstatuses" not in cluster
    )
    wide = kubectl("api-resources", "-o", "wide", "--api-group=apps")
    assert "create,delete,deletecollection,get,list,patch,update,watch" in wide and "sts" in wide
    assert {"v1", "apps/v1", "events.k8s.io/v1"} <= set(kubectl("api-versions").split())
    version = kubectl("version", "-o", "json")
    assert json.loads(version[version.index("{") : version.rindex("}") + 1])["serverVersion"]["gitVersion"] == "v1.36.3"


def test_config_works_with_our_file(kubectl: Kube) -> None:
    assert kubectl("config", "current-context") == "minikube-lite\n"
    assert kubectl("config", "get-contexts", "-o", "name") == "minikube-lite\n"
    assert kubectl("config", "get-clusters").split() == ["NAME", "minikube-lite"]
    assert kubectl.cluster.server in kubectl("config", "view", "--minify")
    assert "modified" in kubectl("config", "set-context", "--current", "--namespace=kube-system")
    assert "kube-dns" in kubectl("get", "services")
    kubectl("config", "rename-context", "minikube-lite", "other")
    assert "Switched to context" in kubectl("config", "use-context", "other")
    kubectl("config", "set-credentials", "jane", "--token=x")
    kubectl("config", "unset", "users.jane")
    kubectl("config", "delete-context", "other")
    assert kubectl("config", "get-contexts", "-o", "name") == ""


def test_proxy(kubectl: Kube) -> None:
    with kubectl.running("proxy", "--port=0") as lines:
        address = next(lines).rpartition(" ")[2]
        with urllib.request.urlopen(f"http://{address}/api/v1/namespaces/{kubectl.namespace}") as answer:
            assert json.load(answer)["status"] == {"phase": "Active"}


# Nodes; every test leaves them as they were.


@pytest.fixture
def node(kubectl: Kube) -> Iterator[Callable[..., str]]:
    """Run a command on node-3."""
    yield lambda verb, *words, **options: kubectl(verb, "node-3", *words, **options)
    kubectl("uncordon", "node-3")


def unschedulable(kubectl: Kube) -> dict[str, Any]:
    spec: dict[str, Any] = kubectl.object("node", "node-3")["spec"]
    return {name: spec[name] for name in ("unschedulable", "taints") if name in spec}


def test_cordon(kubectl: Kube, node: Callable[..., str]) -> None:
    assert node("cordon") == "node/node-3 cordoned\n"
    assert node("cordon") == "node/node-3 already cordoned\n"
    kubectl("wait", "--for=jsonpath={.spec.taints[0].key}=node.kubernetes.io/unschedulable", "node/node-3")
    assert "Ready,SchedulingDisabled" in kubectl("get", "node", "node-3")
    assert node("uncordon") == "node/node-3 uncordoned\n"
    assert node("uncordon") == "node/node-3 already uncordoned\n"
    assert "unschedulable" not in unschedulable(kubectl)


def test_taint(kubectl: Kube) -> None:
    assert kubectl("taint", "node", "node-2", "a=b:NoSchedule") == "node/node-2 tainted\n"
    refused = kubectl("taint", "node", "node-2", "a=c:NoSchedule", code=1)
    assert "node node-2 already has a taint(s) with same effect(s) and --overwrite is false" in refused
    assert kubectl("taint", "node", "node-2", "a=c:NoSchedule", "--overwrite") == "node/node-2 modified\n"
    assert "a=c:NoSchedule" in kubectl("describe", "node", "node-2")
    assert kubectl("taint", "node", "node-2", "a-") == "node/node-2 untainted\n"


def on_node_3(kubectl: Kube, name: str, **spec: Any) -> None:
    pod = {"spec": {"nodeName": "node-3", "terminationGracePeriodSeconds": 1, **spec}}
    kubectl("run", name, "--image=i", "--overrides", json.dumps({"apiVersion": "v1", **pod}))
    kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=30s")


def test_drain(kubectl: Kube, node: Callable[..., str]) -> None:
    on_node_3(kubectl, "one")
    refused = node("drain", "--timeout=20s", code=1)
    assert "cannot delete" in refused and "declare no controller (use --force to override)" in refused
    dry = node("drain", "--force", "--dry-run=server")
    assert "node/node-3 drained (server dry run)" in dry
    kubectl("get", "pod", "one")
    printed = node("drain", "--force", "--timeout=30s", "--ignore-daemonsets")
    assert "evicting pod" in printed and "pod/one evicted" in printed and "node/node-3 drained" in printed
    assert "NotFound" in kubectl("get", "pod", "one", code=1)


def test_drain_without_evictions_and_with_local_data(kubectl: Kube, node: Callable[..., str]) -> None:
    volumes = [{"name": "v", "emptyDir": {}}]
    mounts = [{"name": "v", "mountPath": "/v"}]
    on_node_3(kubectl, "one", volumes=volumes, containers=[{"name": "one", "image": "i", "volumeMounts": mounts}])
    assert "--delete-emptydir-data" in node("drain", "--force", code=1)
    printed = node("drain", "--force", "--delete-emptydir-data", "--disable-eviction", "--timeout=30s")
    assert "pod/one deleted" in printed
